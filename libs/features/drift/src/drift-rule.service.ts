import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { InventoryReader } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
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

/** An ignore rule as the API returns it. */
export interface RuleView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string | null;
  readonly resource_id: string | null;
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
  async list(page: PageRequest): Promise<ListAnswer<RuleView>> {
    const asOf = new Date().toISOString();
    const before = decodeCursor(page.cursor, UUID_KEY);
    const where = before === null ? {} : { id: LessThan(before) };
    const rules = await this.rules.find({ where, order: { id: 'DESC' }, take: page.limit + 1 });
    const { items, next_cursor } = pageOf(rules, page.limit, ({ id }) => id);
    return { data: items.map(ruleView), page: { next_cursor }, as_of: asOf, completeness: {} };
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
    return this.transaction.run(async (em) => {
      const { identifiers } = await em.insert(DriftRule, {
        ...match,
        reason,
        createdBy: because.by.sub,
        expiresAt: expires_at === null ? null : new Date(expires_at),
      });
      const rule = await em.findOneByOrFail(DriftRule, { id: String(identifiers[0]?.id) });
      if (rule.expired) throw new ValidationFailedError([{ field: 'expires_at', message: 'expires_at must be in the future' }]);
      const details = { tenant_id, kind, resource_id, field, expires_at };
      const target = { type: 'drift_rule', id: rule.id };
      await this.audit.record(queryableOf(em), { ...because, action: 'drift_rule_added', target, details });
      return ruleView(rule);
    });
  }

  /** Returns the deleted rule. Throws `RuleNotFoundError`. */
  async delete(id: string, because: AuditContext): Promise<RuleView> {
    return this.transaction.run(async (em) => {
      const rule = await em.findOneBy(DriftRule, { id });
      const { affected } = await em.delete(DriftRule, { id });
      if (!rule || affected !== 1) throw new RuleNotFoundError();
      const { tenant_id, kind, resource_id, field, reason, expires_at } = ruleView(rule);
      const details = { tenant_id, kind, resource_id, field, reason, expires_at };
      await this.audit.record(queryableOf(em), { ...because, action: 'drift_rule_removed', target: { type: 'drift_rule', id }, details });
      return ruleView(rule);
    });
  }
}

function ruleView({ tenantId, resourceId, createdBy, createdAt, expiresAt, ...rule }: DriftRule): RuleView {
  return {
    id: rule.id,
    tenant_id: tenantId,
    kind: rule.kind,
    resource_id: resourceId,
    field: rule.field,
    reason: rule.reason,
    created_by: createdBy,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    expired: rule.expired,
  };
}
