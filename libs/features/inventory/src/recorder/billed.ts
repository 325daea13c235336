import { billedAs, type Billed } from '#libs/catalog';
import type { Change } from './decide-changes';

/** The fields of a resource that decide its price, of a row or of an observation. */
export interface BilledFields {
  readonly status: string;
  readonly sizeSlug: string | null;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** What a resource is billed as. The list of droplets shows whether one has backups, but not their plan. */
export function billedFields(kind: string, { status, sizeSlug, attrs }: BilledFields): Billed | undefined {
  const { size_gigabytes: gib, size_unit: nodes, features } = attrs;
  return billedAs({
    kind,
    sizeSlug,
    gib: typeof gib === 'number' || typeof gib === 'string' ? gib : null,
    nodes: typeof nodes === 'number' ? nodes : null,
    assigned: status === 'assigned',
    backups: Array.isArray(features) && features.includes('backups') ? 'unknown' : null,
  });
}

/** What a change makes a resource billed as; undefined when it stays as it was. */
export function billedChange(kind: string, change: Change): Billed | undefined {
  const now = billedFields(kind, change.seen);
  if (change.what === 'discovered' || now === undefined) return now;
  const { known } = change;
  const before = billedFields(kind, { status: known.status, sizeSlug: known.size_slug, attrs: known.attrs });
  return before && isSame(before, now) ? undefined : now;
}

const isSame = (one: Billed, other: Billed) => one.product === other.product && one.units === other.units && one.plan === other.plan;
