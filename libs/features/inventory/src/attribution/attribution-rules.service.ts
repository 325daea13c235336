import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction, type Queryable } from '#libs/database';
import { decodeCursor, pageOf, UUID_PATTERN, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { TenantRegistry } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import type { EntityManager, Repository } from 'typeorm';
import { AttributionRule } from '../entities/attribution-rule.entity';
import { AttributionRuleNotFoundError } from '../inventory.errors';
import { OwnershipRecorder, tenantsMoved } from '../recorder/ownership-recorder';
import { columnsOf, conditionsOf, readEffect, reattributeAccounts, type RuleConditions, type RuleEffect } from './rule-conditions';

/** A request to create a rule. */
export interface NewAttributionRule {
  /** After all others unless given. */
  readonly position?: number;
  readonly when: RuleConditions;
  readonly tenant_id: string;
  /** RFC 3339; now unless given. */
  readonly valid_from?: string;
  /** RFC 3339. Without it the rule applies until an admin deletes it. */
  readonly valid_to?: string | null;
  readonly reason: string;
}

/** A change of a rule. An absent field stays unchanged; `when` replaces all conditions. */
export type AttributionRuleChange = Partial<NewAttributionRule>;

export interface AttributionRuleFilters {
  readonly tenant_id?: string;
  readonly kind?: string;
  readonly active?: boolean;
}

/** A rule as the API returns it. */
export interface AttributionRuleView {
  readonly id: string;
  readonly position: number;
  readonly when: RuleConditions;
  readonly tenant_id: string;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly reason: string;
  /** The rule applies at this time. */
  readonly active: boolean;
  /** Living resources that the rule has given to its tenant. */
  readonly resources: number;
  readonly created_by: string;
  readonly created_at: string;
}

/** What to do with the rules: `id` of the rule to change or delete, `rule` for what it becomes. */
export type RuleEdit =
  | { readonly action: 'create'; readonly rule: NewAttributionRule }
  | { readonly action: 'update'; readonly id: string; readonly rule: AttributionRuleChange }
  | { readonly action: 'delete'; readonly id: string };

const AUDIT_ACTION = {
  create: 'attribution_rule_added',
  update: 'attribution_rule_changed',
  delete: 'attribution_rule_removed',
} as const;

/** The steps between the positions of rules that are created without one. */
const POSITION_STEP = 10;
const CURSOR = new RegExp(`^[1-9][0-9]{0,6}\\.${UUID_PATTERN}$`);

/** Set-based: how many living resources each of these rules decides. $1 rule ids. */
const COUNT_DECIDED = `
select attributed_ref as id, count(*)::int as count from cloud_resources
 where attributed_by = 'rule' and attributed_ref = any ($1::text[]) and deleted_at is null group by 1`;

/** Ends the transaction of a dry run, and carries its result out of it. */
class DryRun extends Error {
  constructor(readonly effect: RuleEffect) {
    super('a dry run is rolled back');
  }
}

/** Attribution rules: the only writer of `attribution_rules`. A change, its moves and its audit entry are one transaction. [TNT-7] [OPS-9] */
@Injectable()
export class AttributionRulesService {
  constructor(
    @InjectRepository(AttributionRule) private readonly rules: Repository<AttributionRule>,
    private readonly transaction: Transaction,
    private readonly tenants: TenantRegistry,
    private readonly recorder: OwnershipRecorder,
    private readonly audit: AuditLog,
  ) {}

  /** In the order in which the rules are asked. */
  async list(page: PageRequest, { tenant_id, kind, active }: AttributionRuleFilters = {}): Promise<ListAnswer<AttributionRuleView>> {
    const asOf = new Date().toISOString();
    const after = decodeCursor(page.cursor, CURSOR);
    const query = this.rules.createQueryBuilder('a');
    if (tenant_id !== undefined) query.andWhere('a.tenantId = :tenant_id', { tenant_id });
    if (kind !== undefined) query.andWhere('a.kind = :kind', { kind });
    if (active !== undefined)
      query.andWhere('(a.validFrom <= clock_timestamp() and coalesce(clock_timestamp() < a.validTo, true)) = :active', { active });
    if (after !== null) {
      const [position, id] = after.split('.');
      query.andWhere('(a.position, a.id) > (:position::int, :id::uuid)', { position, id });
    }
    const found = await query
      .orderBy('a.position', 'ASC')
      .addOrderBy('a.id', 'ASC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(found, page.limit, ({ position, id }) => `${position}.${id}`);
    return { data: await this.viewsOf(items), page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /** Throws `AttributionRuleNotFoundError`. */
  async get(id: string): Promise<AttributionRuleView> {
    const rule = await this.rules.findOneBy({ id });
    if (!rule) throw new AttributionRuleNotFoundError();
    return this.viewOf(rule);
  }

  /**
   * Writes the rule and attributes all resources again, with one statement over the inventory and one for each level of children. Returns
   * the rule; a deleted one as it was. Throws `AttributionRuleNotFoundError`, `ValidationFailedError` and the errors of `requireOwner`.
   */
  async apply(edit: RuleEdit, because: AuditContext): Promise<AttributionRuleView> {
    const entryId = randomUUID();
    const rule = await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      const { before, after, effect } = await this.write(em, edit, because.by.sub, entryId);
      const rule = (after ?? before) as AttributionRule;
      await this.audit.record(tx, {
        ...because,
        id: entryId,
        action: AUDIT_ACTION[edit.action],
        target: { type: 'attribution_rule', id: rule.id },
        details: {
          ...(after ? detailsOf(after) : before && detailsOf(before)),
          ...(before && after && { previous: detailsOf(before) }),
          moves: effect.moves,
          needs_confirmation: effect.needs_confirmation,
          ...tenantsMoved(
            effect.groups.map(({ from_tenant_id, to_tenant_id }) => ({ old_tenant: from_tenant_id, tenant_id: to_tenant_id })),
            before ? [before.tenantId] : [],
          ),
        },
      });
      return rule;
    });
    return this.viewOf(rule);
  }

  /**
   * Returns what `apply` would move now. It does the same in a transaction that is rolled back, so that nothing can differ: it holds the
   * lock on owners meanwhile, which sweeps wait for. Throws like `apply`.
   */
  async preview(edit: RuleEdit, by: string): Promise<RuleEffect> {
    try {
      return await this.transaction.run(async (em): Promise<never> => {
        throw new DryRun((await this.write(em, edit, by, randomUUID())).effect);
      });
    } catch (error) {
      if (error instanceof DryRun) return error.effect;
      throw error;
    }
  }

  private async write(
    em: EntityManager,
    edit: RuleEdit,
    by: string,
    entryId: string,
  ): Promise<{ before?: AttributionRule; after?: AttributionRule; effect: RuleEffect }> {
    const tx = queryableOf(em);
    await this.recorder.lockAttribution(tx); // it serialises the changes of rules too
    const before = edit.action === 'create' ? undefined : await em.findOneBy(AttributionRule, { id: edit.id });
    if (before === null) throw new AttributionRuleNotFoundError();
    const id = edit.action === 'delete' ? edit.id : await this.put(em, edit.rule, before, by);
    if (edit.action === 'delete') await em.delete(AttributionRule, { id });
    const after = edit.action === 'delete' ? undefined : await em.findOneByOrFail(AttributionRule, { id });
    const moved = await reattributeAccounts(tx, this.recorder, entryId);
    return { ...(before && { before }), ...(after && { after }), effect: await readEffect(tx, moved) };
  }

  /** Returns the id of the rule. The database makes that of a new one, so that it is later than those of older rules at the same position. */
  private async put(
    em: EntityManager,
    { position, when, tenant_id, valid_from, valid_to, reason }: AttributionRuleChange,
    before: AttributionRule | undefined,
    by: string,
  ): Promise<string> {
    if (tenant_id !== undefined && tenant_id !== before?.tenantId) await this.tenants.requireOwner(em, tenant_id);
    if (when?.project_id !== undefined) await assertProject(queryableOf(em), when.project_id);
    const values = {
      ...(when && columnsOf(when)),
      ...(position !== undefined && { position }),
      ...(tenant_id !== undefined && { tenantId: tenant_id }),
      ...(valid_from !== undefined && { validFrom: new Date(valid_from) }),
      ...(valid_to !== undefined && { validTo: valid_to === null ? null : new Date(valid_to) }),
      ...(reason !== undefined && { reason }),
    };
    const from = values.validFrom ?? before?.validFrom ?? new Date();
    const to = values.validTo === undefined ? (before?.validTo ?? null) : values.validTo;
    if (to !== null && to <= from)
      throw new ValidationFailedError([{ field: 'valid_to', message: 'valid_to must be later than valid_from' }]);
    if (before) {
      await em.update(AttributionRule, { id: before.id }, values);
      return before.id;
    }
    const { identifiers } = await em.insert(AttributionRule, { position: await nextPosition(em), ...values, createdBy: by });
    return (identifiers[0] as { id: string }).id;
  }

  private async viewOf(rule: AttributionRule): Promise<AttributionRuleView> {
    const [view] = await this.viewsOf([rule]);
    return view as AttributionRuleView;
  }

  private async viewsOf(rules: readonly AttributionRule[]): Promise<AttributionRuleView[]> {
    const rows = await this.rules.query<{ id: string; count: number }[]>(COUNT_DECIDED, [rules.map(({ id }) => id)]);
    const counts = new Map(rows.map(({ id, count }) => [id, count]));
    return rules.map((rule) => ({
      id: rule.id,
      ...detailsOf(rule),
      active: rule.active,
      resources: counts.get(rule.id) ?? 0,
      created_by: rule.createdBy,
      created_at: rule.createdAt.toISOString(),
    }));
  }
}

function detailsOf(rule: AttributionRule) {
  return {
    position: rule.position,
    when: conditionsOf(rule),
    tenant_id: rule.tenantId,
    valid_from: rule.validFrom.toISOString(),
    valid_to: rule.validTo?.toISOString() ?? null,
    reason: rule.reason,
  };
}

async function nextPosition(em: EntityManager): Promise<number> {
  const last = await em.maximum(AttributionRule, 'position');
  return Math.min((last ?? 0) + POSITION_STEP, 1_000_000);
}

async function assertProject(tx: Queryable, id: string): Promise<void> {
  const found = await tx.query('select from cloud_projects where id = $1 and deleted_at is null', [id]);
  if (found.length === 0)
    throw new ValidationFailedError([
      { field: 'when.project_id', message: 'project_id is the id of no project: see GET /api/v1/projects' },
    ]);
}
