import { ValidationFailedError, type FieldError } from '#libs/kernel';
import type { AttributionRule } from '../entities/attribution-rule.entity';

/** Tags that only this service and admins set, so that no tenant chooses its owner or its price. */
const RESERVED_TAG = /^(rate:|tenant:|arcadia-|managed-by-)/i;

export const isReservedTag = (tag: string): boolean => RESERVED_TAG.test(tag);

/** The conditions of a rule, all of which must apply. A rule has at least one. */
export interface RuleConditions {
  readonly kind?: string;
  /** A glob of reserved tags. */
  readonly tag?: string;
  readonly name_glob?: string;
  readonly project_id?: string;
  readonly region?: string;
}

/** A glob as SQL's `like` reads it, in lower case: `*` is any text, `?` one character, and everything else means itself. */
export function likePattern(glob: string): string {
  return glob
    .toLowerCase()
    .replaceAll(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}

type Columns = Pick<AttributionRule, 'kind' | 'tag' | 'tagPattern' | 'nameGlob' | 'namePattern' | 'projectId' | 'region'>;

/** Throws `ValidationFailedError` for a rule without a condition, and for a tag that tenants can set. */
export function columnsOf({ kind, tag, name_glob, project_id, region }: RuleConditions): Columns {
  const problems: FieldError[] = [];
  if ([kind, tag, name_glob, project_id, region].every((condition) => condition === undefined))
    problems.push({ field: 'when', message: 'when must have kind, tag, name_glob, project_id or region' });
  if (tag !== undefined && !isReservedTag(tag))
    problems.push({
      field: 'when.tag',
      message: 'tag must begin with rate:, tenant:, arcadia- or managed-by-: tenants cannot set these tags',
    });
  if (problems.length > 0) throw new ValidationFailedError(problems);
  return {
    kind: kind ?? null,
    tag: tag ?? null,
    tagPattern: tag === undefined ? null : likePattern(tag),
    nameGlob: name_glob ?? null,
    namePattern: name_glob === undefined ? null : likePattern(name_glob),
    projectId: project_id ?? null,
    region: region ?? null,
  };
}

export function conditionsOf({ kind, tag, nameGlob, projectId, region }: Columns): RuleConditions {
  return {
    ...(kind !== null && { kind }),
    ...(tag !== null && { tag }),
    ...(nameGlob !== null && { name_glob: nameGlob }),
    ...(projectId !== null && { project_id: projectId }),
    ...(region !== null && { region }),
  };
}
