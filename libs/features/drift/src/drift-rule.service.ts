import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { InventoryReader } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { RuleNotFoundError } from './drift.errors';
import { DriftRule } from './entities/drift-rule.entity';

/** An ignore rule matches a drift to which all fields that it names apply. A rule names at least one. */
export interface RuleMatch {
  readonly tenant_id?: string | null;
  readonly kind?: string | null;
  readonly resource_id?: string | null;
  readonly field?: string | null;
}

/** A request to create an ignore rule. */
export interface RuleOrder extends RuleMatch {
  readonly reason: string;
  /** RFC 3339. Without it the rule applies until an operator deletes it. */
  readonly expires_at?: string | null;
}

/** A change of an ignore rule. An absent field stays unchanged. */
export interface RuleChange {
  readonly reason?: string;
  /** RFC 3339, also in the past, which ends the rule. Null: the rule applies until an operator deletes it. */
  readonly expires_at?: string | null;
}

/** Filters of the list of rules; a rule must match all that are given. */
export interface RuleFilters {
  readonly tenant_id?: string;
  readonly kind?: string;
  readonly resource_id?: string;
  readonly field?: string;
  readonly created_by?: string;
  readonly expired?: boolean;
}

const EQUALITIES = [
  ['tenant_id', 'tenantId'],
  ['kind', 'kind'],
  ['resource_id', 'resourceId'],
  ['field', 'field'],
  ['created_by', 'createdBy'],
] as const;

/** An ignore rule as the API returns it. */
export interface RuleView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string | null;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  readonly field: string | null;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  /** The rule has expired and matches no drift any more. */
  readonly expired: boolean;
}

/** Drift ignore rules: the only writer of `cloud_drift_rules`. */
@Injectable()
export class DriftRuleService {
  constructor(
    @InjectRepository(DriftRule) private readonly rules: Repository<DriftRule>,
    private readonly transaction: Transaction,
    private readonly inventory: InventoryReader,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first, with the expired ones. */
  async list(page: PageRequest, filters: RuleFilters = {}): Promise<ListAnswer<RuleView>> {
    const asOf = new Date().toISOString();
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.rules.createQueryBuilder('g');
    for (const [field, column] of EQUALITIES) {
      if (filters[field] !== undefined) query.andWhere(`g.${column} = :${field}`, { [field]: filters[field] });
    }
    if (filters.expired !== undefined)
      query.andWhere(`coalesce(g.expiresAt <= clock_timestamp(), false) = :expired`, { expired: filters.expired });
    if (before !== null) query.andWhere('g.id < :before', { before });
    const rules = await query
      .orderBy('g.id', 'DESC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(rules, page.limit, ({ id }) => id);
    return { data: await this.withNames(items), page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /** Throws `RuleNotFoundError`. */
  async get(id: string): Promise<RuleView> {
    const rule = await this.rules.findOneBy({ id });
    if (!rule) throw new RuleNotFoundError();
    return this.viewOf(rule);
  }

  /** Changes the reason or the end of a rule. Throws `RuleNotFoundError`. */
  async update(id: string, { reason, expires_at }: RuleChange, because: AuditContext): Promise<RuleView> {
    const values = {
      ...(reason !== undefined && { reason }),
      ...(expires_at !== undefined && { expiresAt: expires_at === null ? null : new Date(expires_at) }),
    };
    const changed = await this.transaction.run(async (em) => {
      const before = await em.findOne(DriftRule, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!before) throw new RuleNotFoundError();
      await em.update(DriftRule, { id }, values);
      const rule = await em.findOneByOrFail(DriftRule, { id });
      const details = {
        reason: rule.reason,
        expires_at: timeOf(rule),
        previous_reason: before.reason,
        previous_expires_at: timeOf(before),
        ...(await this.concerns(rule)),
      };
      await this.audit.record(queryableOf(em), { ...because, action: 'drift_rule_changed', target: { type: 'drift_rule', id }, details });
      return rule;
    });
    return this.viewOf(changed);
  }

  /**
   * Throws `ValidationFailedError` for a rule that names no field or has expired already, and `ResourceNotFoundError` for one about an
   * unknown resource.
   */
  async create(order: RuleOrder, because: AuditContext): Promise<RuleView> {
    const { tenant_id = null, kind = null, resource_id = null, field = null, reason, expires_at = null } = order;
    if ([tenant_id, kind, resource_id, field].every((named) => named === null))
      throw new ValidationFailedError([{ field: '', message: 'tenant_id, kind, resource_id or field must be given' }]);
    if (resource_id !== null) await this.inventory.get({ kind: 'platform' }, resource_id);
    const match = { tenantId: tenant_id, kind, resourceId: resource_id, field };
    const created = await this.transaction.run(async (em) => {
      const { identifiers } = await em.insert(DriftRule, {
        ...match,
        reason,
        createdBy: because.by.sub,
        expiresAt: expires_at === null ? null : new Date(expires_at),
      });
      const rule = await em.findOneByOrFail(DriftRule, { id: String(identifiers[0]?.id) });
      if (rule.expired) throw new ValidationFailedError([{ field: 'expires_at', message: 'expires_at must be in the future' }]);
      const details = { ...(await this.concerns(rule)), kind, resource_id, field, expires_at };
      const target = { type: 'drift_rule', id: rule.id };
      await this.audit.record(queryableOf(em), { ...because, action: 'drift_rule_added', target, details });
      return rule;
    });
    return this.viewOf(created);
  }

  /** Returns the deleted rule. Throws `RuleNotFoundError`. */
  async delete(id: string, because: AuditContext): Promise<RuleView> {
    const deleted = await this.transaction.run(async (em) => {
      const rule = await em.findOneBy(DriftRule, { id });
      const { affected } = await em.delete(DriftRule, { id });
      if (!rule || affected !== 1) throw new RuleNotFoundError();
      const { kind, resourceId: resource_id, field, reason } = rule;
      const details = { ...(await this.concerns(rule)), kind, resource_id, field, reason, expires_at: timeOf(rule) };
      await this.audit.record(queryableOf(em), { ...because, action: 'drift_rule_removed', target: { type: 'drift_rule', id }, details });
      return rule;
    });
    return this.viewOf(deleted);
  }

  /** The tenant that the rule names, and the owner of the resource that it names. */
  private async concerns({ tenantId, resourceId }: DriftRule): Promise<{ tenant_id: string | null; tenant_ids?: string[] }> {
    const [resource] = resourceId === null ? [] : await this.inventory.getMany([resourceId]);
    return { tenant_id: tenantId, ...(resource?.tenant_id && { tenant_ids: [resource.tenant_id] }) };
  }

  private async viewOf(rule: DriftRule): Promise<RuleView> {
    const names = await this.inventory.namesOf({ kind: 'platform' }, rule.resourceId === null ? [] : [rule.resourceId]);
    return ruleView(rule, names);
  }

  private async withNames(rules: readonly DriftRule[]): Promise<RuleView[]> {
    const names = await this.inventory.namesOf(
      { kind: 'platform' },
      rules.flatMap(({ resourceId }) => resourceId ?? []),
    );
    return rules.map((rule) => ruleView(rule, names));
  }
}

const timeOf = ({ expiresAt }: DriftRule): string | null => expiresAt?.toISOString() ?? null;

function ruleView(
  { tenantId, resourceId, createdBy, createdAt, expiresAt, ...rule }: DriftRule,
  names: ReadonlyMap<string, string>,
): RuleView {
  return {
    id: rule.id,
    tenant_id: tenantId,
    kind: rule.kind,
    resource_id: resourceId,
    resource_name: names.get(resourceId ?? '') ?? null,
    field: rule.field,
    reason: rule.reason,
    created_by: createdBy,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    expired: rule.expired,
  };
}
