import { type FieldError, ValidationFailedError } from '#libs/kernel';
import type { Queryable } from '#libs/database';
import type { AttributionRule } from '../entities/attribution-rule.entity';
import type { OwnershipRecorder, Reattributed } from '../recorder/ownership-recorder';

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

/** A resource that gets another tenant, or would get one after an admin has confirmed it. */
export interface RuleMove {
  readonly resource_id: string;
  readonly kind: string;
  readonly name: string | null;
  readonly from_tenant_id: string | null;
  readonly to_tenant_id: string | null;
  /** The move is from one tenant to another, and waits for an admin. */
  readonly needs_confirmation: boolean;
}

/** The moves between the same two tenants. */
export interface RuleMoveGroup extends Pick<RuleMove, 'from_tenant_id' | 'to_tenant_id' | 'needs_confirmation'> {
  readonly resources: number;
}

/** What a change of the rules moves. */
export interface RuleEffect {
  /** Resources that get another tenant at once, or lose theirs. */
  readonly moves: number;
  /** Further resources, of which the move from one tenant to another waits for an admin. */
  readonly needs_confirmation: number;
  /** Both, by their tenants. */
  readonly groups: readonly RuleMoveGroup[];
  /** The first of both, those that wait before the others. */
  readonly first: readonly RuleMove[];
}

/** The most moves that are named. The groups count all of them. */
const MOST_NAMED = 50;

/** Attributes all resources of all accounts again. Returns those that got another tenant. */
export async function reattributeAccounts(tx: Queryable, recorder: OwnershipRecorder, entryId: string): Promise<Reattributed[]> {
  const accounts = await tx.query<{ id: string }>('select id from cloud_accounts order by id');
  const moved: Reattributed[] = [];
  for (const { id } of accounts) moved.push(...(await recorder.reattribute(tx, id, 'admin', null, { writerId: entryId })).values());
  return moved;
}

/** Set-based: the moves that wait since this transaction. */
const FOUND_NOW = `
select resource_id as id, from_tenant_id, to_tenant_id from attribution_findings where found_at >= transaction_timestamp() order by resource_id`;

/** Set-based: what the named resources are called. $1 ids. */
const NAMES = 'select id, kind, name from cloud_resources where id = any ($1::uuid[])';

/** Counts the moves of this transaction, and names the first. */
export async function readEffect(tx: Queryable, moved: readonly Reattributed[]): Promise<RuleEffect> {
  const found = await tx.query<{ id: string; from_tenant_id: string; to_tenant_id: string }>(FOUND_NOW);
  const waiting = found.map((finding) => ({ ...finding, needs_confirmation: true }));
  const done = moved
    .map(({ id, old_tenant, tenant_id }) => ({ id, from_tenant_id: old_tenant, to_tenant_id: tenant_id, needs_confirmation: false }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const groups = new Map<string, RuleMoveGroup>();
  for (const { id: _id, ...move } of [...waiting, ...done]) {
    const key = JSON.stringify(move);
    groups.set(key, { ...move, resources: (groups.get(key)?.resources ?? 0) + 1 });
  }
  const named = [...waiting, ...done].slice(0, MOST_NAMED);
  const rows = await tx.query<{ id: string; kind: string; name: string | null }>(NAMES, [named.map(({ id }) => id)]);
  const resources = new Map(rows.map((row) => [row.id, row]));
  return {
    moves: done.length,
    needs_confirmation: waiting.length,
    groups: [...groups.values()].sort((one, other) => other.resources - one.resources),
    first: named.map(({ id, ...move }) => ({
      resource_id: id,
      kind: resources.get(id)?.kind ?? '',
      name: resources.get(id)?.name ?? null,
      ...move,
    })),
  };
}
