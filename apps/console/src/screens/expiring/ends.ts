import type { Resource } from '../../client/client';

/** When a certificate, or the support of a database's version, ends; null where the provider names no end. */
export function endOf({ kind, attrs }: Pick<Resource, 'kind' | 'attrs'>): string | null {
  const end = kind === 'certificate' ? attrs.not_after : kind === 'managed_db' ? attrs.supported_until : null;
  return typeof end === 'string' ? end : null;
}
