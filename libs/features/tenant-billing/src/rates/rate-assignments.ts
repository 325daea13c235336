import { AuditLog, type AuditContext } from '#libs/audit';
import { lockTransaction, queryableOf, Transaction } from '#libs/database';
import { InventoryReader } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { TenantNotFoundError, TenantRegistry, UnknownTenantError } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { And, LessThan, LessThanOrEqual, MoreThanOrEqual, type EntityManager, type Repository } from 'typeorm';
import { DefaultRateCard, RateCard } from '../entities/rate-card.entity';
import { RateOverride } from '../entities/rate-override.entity';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { TenantRateCard } from '../entities/tenant-rate-card.entity';
import { firstDay, monthOf } from '../months';
import { MonthIssuedError, RateCardNotFoundError, RateOverrideNotFoundError } from '../tenant-billing.errors';
import { readModel, type RateModel } from '../pricing/rate-model';
import { readSelector, type Selector } from '../pricing/selector';
import { CardPrices } from './price-plan-reader';

/** The card of a tenant from a month on; a null card is the default card. */
export interface AssignmentView {
  readonly card_id: string | null;
  readonly valid_from: string;
  readonly changed_by: string;
}

export interface TenantRateCardView {
  readonly tenant_id: string;
  /** By month. */
  readonly assignments: readonly AssignmentView[];
}

/** Months in which a card counts. */
export interface CardMonthsView {
  readonly valid_from: string;
  /** The first month in which another card counts; null while none is set. */
  readonly valid_to: string | null;
}

/** A tenant that has a card for a time. */
export interface CardTenantView extends CardMonthsView {
  readonly tenant_id: string;
}

export interface OverrideInput {
  readonly tenant_id?: string;
  readonly resource_id?: string;
  readonly selector?: unknown;
  readonly model: unknown;
  readonly priority?: number;
  readonly valid_from: string;
  readonly valid_to?: string;
  readonly reason: string;
}

export interface OverrideView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly resource_id: string | null;
  /** Name of the resource, if it has one. */
  readonly resource_name: string | null;
  readonly selector: Selector;
  readonly model: RateModel;
  readonly priority: number;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: string;
}

/** The default card, cards of tenants, and prices of one tenant or resource: the only writer of `default_rate_cards`, `tenant_rate_cards` and `rate_overrides`. */
@Injectable()
export class RateAssignments {
  constructor(
    @InjectRepository(DefaultRateCard) private readonly defaults: Repository<DefaultRateCard>,
    @InjectRepository(TenantRateCard) private readonly assigned: Repository<TenantRateCard>,
    @InjectRepository(RateOverride) private readonly overrides: Repository<RateOverride>,
    private readonly tenants: TenantRegistry,
    private readonly inventory: InventoryReader,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
    private readonly cardPrices: CardPrices,
  ) {}

  /** Throws `TenantNotFoundError`. */
  async cardOf(tenantId: string): Promise<TenantRateCardView> {
    await this.tenants.get(tenantId);
    const rows = await this.assigned.find({ where: { tenantId }, order: { validFrom: 'ASC' } });
    const assignments = rows.map(({ cardId, validFrom, changedBy }) => ({
      card_id: cardId,
      valid_from: monthOf(validFrom),
      changed_by: changedBy,
    }));
    return { tenant_id: tenantId, assignments };
  }

  /** Gives a tenant a card from a month on; null gives it the default card. Throws `TenantNotFoundError` and `RateCardNotFoundError`. */
  async assign(tenantId: string, cardId: string | null, month: string, because: AuditContext): Promise<TenantRateCardView> {
    if (!(await this.tenants.find(tenantId))) throw new TenantNotFoundError();
    await this.transaction.run(async (em) => {
      if (cardId !== null && !(await em.findOneBy(RateCard, { id: cardId }))) throw new RateCardNotFoundError();
      const validFrom = firstDay(month);
      const before = await em.findOne(TenantRateCard, {
        where: { tenantId, validFrom: LessThanOrEqual(validFrom) },
        order: { validFrom: 'DESC' },
      });
      const row = { tenantId, validFrom, cardId, changedBy: because.by.sub, changedAt: () => 'clock_timestamp()' };
      await em.upsert(TenantRateCard, row, ['tenantId', 'validFrom']);
      const details = { tenant_id: tenantId, card_id: cardId, previous_card_id: before?.cardId ?? null, valid_from: monthOf(validFrom) };
      const target = { type: 'tenant', id: tenantId };
      await this.audit.record(queryableOf(em), { ...because, action: 'tenant_rate_card_set', target, details });
    });
    this.cardPrices.forget();
    return this.cardOf(tenantId);
  }

  /** The tenants that have a card, by tenant and month. */
  async tenantsOf(cardId: string): Promise<CardTenantView[]> {
    const rows = await this.assigned.find({ order: { tenantId: 'ASC', validFrom: 'ASC' } });
    return rows.flatMap(({ tenantId, cardId: card, validFrom }, at) => {
      const next = rows[at + 1];
      const valid_to = next?.tenantId === tenantId ? monthOf(next.validFrom) : null;
      return card === cardId ? [{ tenant_id: tenantId, valid_from: monthOf(validFrom), valid_to }] : [];
    });
  }

  /**
   * Makes a card the default from a month on, in the transaction of the caller, until the month from which another one is. Throws `MonthIssuedError` for
   * a month with issued invoices.
   */
  async makeDefault(em: EntityManager, cardId: string, month: string): Promise<void> {
    await lockTransaction(queryableOf(em), 'defaultRateCard');
    const validFrom = firstDay(month);
    const rows = await em.find(DefaultRateCard, { order: { validFrom: 'ASC' } });
    if (rows.findLast((row) => row.validFrom <= validFrom)?.cardId === cardId) return;
    const next = rows.find((row) => row.validFrom > validFrom);
    const ofMonths = {
      period: next ? And(MoreThanOrEqual(validFrom), LessThan(next.validFrom)) : MoreThanOrEqual(validFrom),
      status: 'issued',
      kind: 'standard',
    } as const;
    const issued = await em.findOne(TenantInvoice, { where: ofMonths, order: { period: 'ASC' }, select: { id: true, period: true } });
    if (issued?.period) throw new MonthIssuedError(monthOf(issued.period));
    await em.upsert(DefaultRateCard, { validFrom, cardId, changedAt: () => 'clock_timestamp()' }, ['validFrom']);
  }

  /** The months in which a card is the default, in their order. */
  async defaultMonthsOf(cardId: string): Promise<CardMonthsView[]> {
    const rows = await this.defaults.find({ order: { validFrom: 'ASC' } });
    return rows.flatMap(({ cardId: card, validFrom }, at) => {
      const next = rows[at + 1];
      return card === cardId ? [{ valid_from: monthOf(validFrom), valid_to: next ? monthOf(next.validFrom) : null }] : [];
    });
  }

  /** Newest first. */
  async listOverrides(page: PageRequest, filters: { tenant_id?: string; resource_id?: string } = {}): Promise<ListAnswer<OverrideView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.overrides.createQueryBuilder('o').orderBy('o.id', 'DESC');
    if (filters.tenant_id !== undefined) query.andWhere('o.tenantId = :tenant', { tenant: filters.tenant_id });
    if (filters.resource_id !== undefined) query.andWhere('o.resourceId = :resource', { resource: filters.resource_id });
    if (before !== null) query.andWhere('o.id < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
    const names = await this.namesOf(items);
    return {
      data: items.map((row) => overrideView(row, names.get(row.resourceId ?? '') ?? null)),
      page: { next_cursor },
      as_of: null,
      completeness: {},
    };
  }

  /** Throws `ValidationFailedError`, `UnknownTenantError`, and `ResourceNotFoundError` for an unknown resource. */
  async createOverride(input: OverrideInput, because: AuditContext): Promise<OverrideView> {
    const { tenant_id: tenantId = null, resource_id: resourceId = null, valid_from, valid_to, reason } = input;
    if ((tenantId === null) === (resourceId === null))
      throw new ValidationFailedError([{ field: '', message: 'either tenant_id or resource_id must be given' }]);
    if (valid_to !== undefined && firstDay(valid_to) <= firstDay(valid_from))
      throw new ValidationFailedError([{ field: 'valid_to', message: 'valid_to must be a later month than valid_from' }]);
    const selector = readSelector(input.selector, 'selector');
    const model = readModel(input.model, 'model');
    if (tenantId !== null && !(await this.tenants.find(tenantId)))
      throw new UnknownTenantError(tenantId, await this.tenants.nearest(tenantId));
    const named = resourceId === null ? null : await this.inventory.get({ kind: 'platform' }, resourceId);
    const created = await this.transaction.run(async (em) => {
      const validTo = valid_to === undefined ? null : firstDay(valid_to);
      const { priority = 0 } = input;
      const values = { tenantId, resourceId, selector, model, priority, validFrom: firstDay(valid_from), validTo, reason };
      const { identifiers } = await em.insert(RateOverride, { ...values, createdBy: because.by.sub });
      const row = await em.findOneByOrFail(RateOverride, { id: String(identifiers[0]?.id) });
      const concerned = named?.tenant_id ? { tenant_ids: [named.tenant_id] } : {};
      const details = {
        tenant_id: tenantId,
        resource_id: resourceId,
        selector,
        model,
        valid_from,
        valid_to: valid_to ?? null,
        ...concerned,
      };
      const target = { type: 'rate_override', id: row.id };
      await this.audit.record(queryableOf(em), { ...because, reason, action: 'rate_override_created', target, details });
      return overrideView(row, named?.name ?? null);
    });
    this.cardPrices.forget();
    return created;
  }

  /** Months that were rated keep their lines until they are rated again. Throws `RateOverrideNotFoundError`. */
  async deleteOverride(id: string, because: AuditContext): Promise<OverrideView> {
    const deleted = await this.transaction.run(async (em) => {
      const row = await em.findOneBy(RateOverride, { id });
      const { affected } = await em.delete(RateOverride, { id });
      if (!row || affected !== 1) throw new RateOverrideNotFoundError();
      const { tenantId: tenant_id, resourceId: resource_id, model } = row;
      const target = { type: 'rate_override', id };
      const [named] = resource_id === null ? [] : await this.inventory.getMany([resource_id]);
      const details = { tenant_id, resource_id, model, ...(named?.tenant_id && { tenant_ids: [named.tenant_id] }) };
      await this.audit.record(queryableOf(em), { ...because, action: 'rate_override_deleted', target, details });
      return overrideView(row, (await this.namesOf([row])).get(row.resourceId ?? '') ?? null);
    });
    this.cardPrices.forget();
    return deleted;
  }

  private namesOf(rows: readonly RateOverride[]): Promise<Map<string, string>> {
    return this.inventory.namesOf(
      { kind: 'platform' },
      rows.flatMap(({ resourceId }) => resourceId ?? []),
    );
  }
}

const overrideView = (row: RateOverride, resourceName: string | null): OverrideView => ({
  id: row.id,
  tenant_id: row.tenantId,
  resource_id: row.resourceId,
  resource_name: resourceName,
  selector: row.selector,
  model: row.model,
  priority: row.priority,
  valid_from: monthOf(row.validFrom),
  valid_to: row.validTo === null ? null : monthOf(row.validTo),
  reason: row.reason,
  created_by: row.createdBy,
  created_at: row.createdAt.toISOString(),
});
