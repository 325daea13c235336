import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, sql, Transaction } from '#libs/database';
import { canonicalJson, decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { TenantRegistry, UnknownTenantError } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { TaxIdEvidence } from '../entities/billing-profile.entity';
import { TaxRule } from '../entities/tax-rule.entity';
import { BillingProfiles } from '../profiles/billing-profiles';
import { TaxRuleNotFoundError, VersionMovedError } from '../tenant-billing.errors';
import type { CountingRule, TaxResult } from './decide-tax';
import { shippedRules, type ShippedRule, type TaxSet } from './tax-sets';

export interface TaxRuleView extends CountingRule {
  readonly issuer_id: string;
  readonly active: boolean;
  readonly origin: string | null;
  readonly changed_by: string;
  readonly changed_at: string;
}

/** What an admin writes of a rule: a whole set. */
export type TaxRuleInput = TaxResult & Pick<CountingRule, 'tenant_id' | 'priority' | 'when'> & { readonly evidence: TaxIdEvidence | null };

export interface TaxRuleChange extends Partial<Omit<TaxRuleInput, 'tenant_id'>> {
  readonly active?: boolean;
}

export interface TaxRuleFilters {
  readonly issuer_id?: string;
  readonly tenant_id?: string;
  readonly category?: string;
  readonly active?: boolean;
}

/** Which tax invoices get: the only writer of `tax_rules`. A decision is frozen with its invoice, so a change counts for later ones only. */
@Injectable()
export class TaxRules {
  constructor(
    @InjectRepository(TaxRule) private readonly rules: Repository<TaxRule>,
    private readonly profiles: BillingProfiles,
    private readonly tenants: TenantRegistry,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** The rules of this moment, in the caller's transaction. */
  async counting(em: EntityManager, issuerId: string): Promise<CountingRule[]> {
    return (await em.findBy(TaxRule, { issuerId, active: true })).map(ruleView);
  }

  /** Newest first. */
  async list(page: PageRequest, filters: TaxRuleFilters = {}): Promise<ListAnswer<TaxRuleView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.rules.createQueryBuilder('r').orderBy('r.id', 'DESC');
    const { issuer_id, tenant_id, category, active } = filters;
    if (issuer_id !== undefined) query.andWhere('r.issuerId = :issuer_id', { issuer_id });
    if (tenant_id !== undefined) query.andWhere('r.tenantId = :tenant_id', { tenant_id });
    if (category !== undefined) query.andWhere('r.category = :category', { category });
    if (active !== undefined) query.andWhere('r.active = :active', { active });
    if (before !== null) query.andWhere('r.id < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
    return { data: items.map(ruleView), page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** Throws `ValidationFailedError`, `IssuerNotFoundError` and `UnknownTenantError`. */
  async create(issuerId: string, input: TaxRuleInput, because: AuditContext): Promise<TaxRuleView> {
    requireConsistent(input);
    await this.profiles.issuer(issuerId);
    const { tenant_id: tenantId } = input;
    if (tenantId !== null && !(await this.tenants.find(tenantId)))
      throw new UnknownTenantError(tenantId, await this.tenants.nearest(tenantId));
    return this.transaction.run(async (em) => {
      const row = await this.insert(em, issuerId, input, null, because);
      await this.record(em, 'tax_rule_created', row, because);
      return ruleView(row);
    });
  }

  /**
   * Adds the rules of a shipped set and returns all rules of the set. One that the issuer has already is left unchanged, also when it was changed or switched
   * off, so that adding a set again changes nothing. Throws `IssuerNotFoundError`, and `ValidationFailedError` for a set of another country.
   */
  async addSet(issuerId: string, set: TaxSet, because: AuditContext): Promise<ListAnswer<TaxRuleView>> {
    const { country } = await this.profiles.issuer(issuerId);
    const data = await this.transaction.run(async (em) => {
      await sql(em, 'select 1 from billing_issuers where id = $1 for update', [issuerId]); // Fenced: one set at a time
      const present = (await em.findBy(TaxRule, { issuerId, origin: set })).map(ruleView);
      const rules: TaxRuleView[] = [];
      for (const rule of shippedRules(set, country)) {
        const same = present.find(({ when }) => canonicalJson({ ...when }) === canonicalJson({ ...rule.when }));
        rules.push(same ?? (await this.addShipped(em, issuerId, rule, set, because)));
      }
      return rules;
    });
    return { data, page: { next_cursor: null }, as_of: null, completeness: {} };
  }

  /** Throws `TaxRuleNotFoundError`, `ValidationFailedError`, and `VersionMovedError` when it changed since the caller read it. */
  async update(id: string, change: TaxRuleChange, expectedVersion: number, because: AuditContext): Promise<TaxRuleView> {
    return this.transaction.run(async (em) => {
      const before = await em.findOne(TaxRule, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!before) throw new TaxRuleNotFoundError();
      if (before.version !== expectedVersion) throw new VersionMovedError(before.version);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const { active, ...input }: TaxRuleInput & { active: boolean } = { ...ruleView(before), ...given };
      requireConsistent(input);
      const set = { ...columnsOf(input), active, version: before.version + 1, changedBy: because.by.sub };
      await em.update(TaxRule, { id }, { ...set, changedAt: () => 'clock_timestamp()' });
      const row = await em.findOneByOrFail(TaxRule, { id });
      await this.record(em, 'tax_rule_changed', row, because);
      return ruleView(row);
    });
  }

  private async addShipped(em: EntityManager, issuerId: string, rule: ShippedRule, set: TaxSet, because: AuditContext) {
    const row = await this.insert(em, issuerId, { ...rule, tenant_id: null, evidence: null }, set, because);
    await this.record(em, 'tax_rule_created', row, because);
    return ruleView(row);
  }

  private async insert(em: EntityManager, issuerId: string, input: TaxRuleInput, origin: string | null, { by }: AuditContext) {
    const { identifiers } = await em.insert(TaxRule, {
      ...columnsOf(input),
      issuerId,
      tenantId: input.tenant_id,
      origin,
      changedBy: by.sub,
    });
    return em.findOneByOrFail(TaxRule, { id: String(identifiers[0]?.id) });
  }

  private async record(em: EntityManager, action: string, row: TaxRule, because: AuditContext): Promise<void> {
    const { issuer_id, tenant_id, priority, when, category, rate, label, active } = ruleView(row);
    const details = { issuer_id, tenant_id, priority, when, category, rate, label, active };
    await this.audit.record(queryableOf(em), { ...because, action, target: { type: 'tax_rule', id: row.id }, details });
  }
}

/** Throws `ValidationFailedError` for a rule that contradicts itself. */
function requireConsistent({ category, rate, tenant_id, evidence }: TaxRuleInput): void {
  const isZero = /^0+(\.0+)?$/.test(rate);
  if (category === 'S' && isZero) throw new ValidationFailedError([{ field: 'rate', message: 'must be above 0 for the category S' }]);
  if (category !== 'S' && !isZero)
    throw new ValidationFailedError([{ field: 'rate', message: `must be 0 for the category ${category}; only S has a rate` }]);
  if (tenant_id !== null && evidence === null)
    throw new ValidationFailedError([{ field: 'evidence', message: 'is missing: an exception for a tenant needs what it is based on' }]);
}

const columnsOf = (input: TaxRuleInput) => ({
  priority: input.priority,
  when: { ...input.when },
  category: input.category,
  rate: input.rate,
  label: input.label,
  text: input.text,
  title: input.title,
  issuerTaxId: input.issuer_tax_id,
  customerTaxId: input.customer_tax_id,
  evidence: input.evidence && { ...input.evidence },
});

const ruleView = (row: TaxRule): TaxRuleView => ({
  id: row.id,
  issuer_id: row.issuerId,
  tenant_id: row.tenantId,
  priority: row.priority,
  when: row.when,
  category: row.category,
  rate: row.rate,
  label: row.label,
  text: row.text,
  title: row.title,
  issuer_tax_id: row.issuerTaxId,
  customer_tax_id: row.customerTaxId,
  evidence: row.evidence,
  active: row.active,
  origin: row.origin,
  version: row.version,
  changed_by: row.changedBy,
  changed_at: row.changedAt.toISOString(),
});
