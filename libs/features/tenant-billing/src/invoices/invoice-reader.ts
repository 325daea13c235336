import { TenantTransaction, Transaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, isDay, isUuid, Money, pageOf, UUID_PATTERN, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { In, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { TenantInvoiceLine } from '../entities/tenant-invoice-line.entity';
import { firstDay, monthOf } from '../months';
import { TenantInvoiceNotFoundError } from '../tenant-billing.errors';
import {
  actionsOf,
  type InvoiceProblem,
  type InvoiceStatus,
  type InvoiceVerb,
  type PaymentStatus,
  type TaxStatus,
} from '../pricing/invoice.states';
import { stateOf } from './invoice-verbs';

/** An invoice in the API. Tenants get their own issued ones, without what only admins act on. */
export interface TenantInvoiceView {
  readonly id: string;
  /** Null until it is issued. */
  readonly number: string | null;
  /** Null for tenants. */
  readonly draft_number: string | null;
  readonly tenant_id: string;
  readonly kind: 'standard' | 'one_off';
  readonly period: string | null;
  readonly currency: string;
  readonly status: InvoiceStatus;
  readonly payment_status: PaymentStatus;
  readonly tax_status: TaxStatus;
  readonly overdue: boolean;
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  readonly due: string;
  readonly issued_on: string | null;
  readonly due_on: string | null;
  readonly version: number;
  /** What is possible now; none for tenants. */
  readonly actions: readonly InvoiceVerb[];
  readonly problems: readonly InvoiceProblem[];
  readonly lines: number;
  /** Null for tenants. */
  readonly digest: string | null;
  /** The void invoice that it replaces. */
  readonly replaces: string | null;
  readonly void_reason: string | null;
  /** Null for tenants. */
  readonly auto: string | null;
}

export interface TenantInvoiceLineView {
  readonly line_no: number;
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  readonly quantity: string | null;
  readonly unit: string;
  readonly unit_price: string | null;
  readonly net: string;
  readonly tax_category: string | null;
  readonly tax_rate: string | null;
  readonly correction: boolean;
  /** The month that the line corrects. */
  readonly corrects: string | null;
}

/** Filters of the list; an invoice must match all that are given. */
export interface TenantInvoiceFilters {
  readonly period?: string;
  readonly tenant_id?: string;
  readonly kind?: string;
  readonly status?: readonly string[];
  readonly payment_status?: readonly string[];
  readonly tax_status?: string;
  readonly overdue?: boolean;
  readonly number?: string;
  readonly currency?: string;
  /** The code of a problem. */
  readonly problem?: string;
  /** The severity of a problem. */
  readonly problem_severity?: string;
  readonly sort?: InvoiceSort;
}

/** The orders of the list; a minus reverses one. */
export const INVOICE_SORTS = ['created', '-created', 'period', '-period', 'total', '-total', 'due_on', '-due_on', 'tenant_id', '-tenant_id'] as const; // prettier-ignore
export type InvoiceSort = (typeof INVOICE_SORTS)[number];

/**
 * The key of each order as SQL, as its cursor keeps it, and what its cursor can have. Each has an index with the id behind it (migrations 1200 and 1421).
 * Ids rise with the time of creation.
 */
const SORTS = {
  created: { key: 'i.id', given: ':value::uuid', isKey: isUuid },
  period: { key: `coalesce(i.period, '0001-01-01'::date)`, given: ':value::date', isKey: isDay },
  total: { key: '(i.total)', given: ':value::numeric', isKey: (value: string) => /^-?\d{1,50}(\.\d{1,50})?$/.test(value) },
  due_on: {
    key: `coalesce(i.due_on, 'infinity'::date)`,
    given: ':value::date',
    isKey: (value: string) => value === 'infinity' || isDay(value),
  },
  tenant_id: { key: '(i.tenant_id)', given: ':value', isKey: (value: string) => value !== '' },
} as const;

const CURSOR = new RegExp(`^${UUID_PATTERN}\\0[^\\0]{1,200}$`);
const LINE_CURSOR = /^[1-9]\d{0,8}$/;

/** Reads invoices in the scope of the caller. A tenant's reads run in its own scope, so row security applies too. [TBL-7] */
@Injectable()
export class TenantInvoiceReader {
  constructor(
    private readonly transaction: Transaction,
    private readonly tenantTransaction: TenantTransaction,
  ) {}

  /** Newest first unless sorted otherwise. Throws `InvalidCursorError`. */
  list(scope: Scope, page: PageRequest, filters: TenantInvoiceFilters = {}): Promise<ListAnswer<TenantInvoiceView>> {
    const { sort = '-created' } = filters;
    const isReverse = sort.startsWith('-');
    const { key, given, isKey } = SORTS[sort.replace('-', '') as keyof typeof SORTS];
    const after = decodeCursor(page.cursor, CURSOR, (keyOfRow) => isKey(keyOfRow.split('\0')[1] ?? ''));
    const [id, value] = after?.split('\0') ?? [];
    return this.inScope(scope, async (em) => {
      const query = narrowed(em, scope, filters).addSelect(`(${key})::text`, 'sort_key');
      if (value !== undefined) query.andWhere(`(${key}, i.id) ${isReverse ? '<' : '>'} (${given}, :after::uuid)`, { after: id, value });
      const direction = isReverse ? 'DESC' : 'ASC';
      const { entities, raw } = await query
        .orderBy(key, direction)
        .addOrderBy('i.id', direction)
        .limit(page.limit + 1)
        .getRawAndEntities<{ sort_key: string }>();
      const rows = entities.map((invoice, at) => ({ invoice, key: `${invoice.id}\0${raw[at]?.sort_key}` }));
      const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.key);
      const data = items.map(({ invoice }) => invoiceView(invoice, scope));
      return { data, page: { next_cursor }, as_of: null, completeness: {} };
    });
  }

  /** The ids of all that match, oldest first, `most` at most. */
  async idsOf(filters: TenantInvoiceFilters, most: number): Promise<string[]> {
    return this.transaction.run(async (em) => {
      const rows = await narrowed(em, { kind: 'platform' }, filters).orderBy('i.id').limit(most).getMany();
      return rows.map(({ id }) => id);
    });
  }

  /** How admins call these invoices: by their numbers, or their draft numbers until they are issued. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const where = { id: In([...new Set(ids)]) };
    const rows = await this.transaction.run((em) => em.find(TenantInvoice, { where, select: { id: true, number: true } }));
    return new Map(rows.map(({ id, number }) => [id, number ?? draftNumberOf(id)]));
  }

  /** Throws `TenantInvoiceNotFoundError`, for a tenant also when the invoice is another one's or is not issued. */
  get(scope: Scope, id: string): Promise<TenantInvoiceView> {
    return this.inScope(scope, async (em) => invoiceView(await found(em, scope, id), scope));
  }

  /** In the order of the document. Throws like `get`. */
  lines(scope: Scope, id: string, page: PageRequest): Promise<ListAnswer<TenantInvoiceLineView>> {
    const after = Number(decodeCursor(page.cursor, LINE_CURSOR) ?? '0');
    return this.inScope(scope, async (em) => {
      const { decimals } = await found(em, scope, id);
      const query = em
        .createQueryBuilder(TenantInvoiceLine, 'l')
        .select(LINE_COLUMNS)
        .where('l.invoiceId = :id and l.lineNo > :after', { id, after });
      const rows = await query.orderBy('l.lineNo').limit(page.limit + 1).getMany(); // prettier-ignore
      const { items, next_cursor } = pageOf(rows, page.limit, ({ lineNo }) => String(lineNo));
      return { data: items.map((line) => lineView(line, decimals)), page: { next_cursor }, as_of: null, completeness: {} };
    });
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.tenantTransaction.run(scope.tenantId, work) : this.transaction.run(work);
  }
}

/** No column with a buy amount, and no explanation. */
const LINE_COLUMNS = ['invoiceId', 'lineNo', 'kind', 'description', 'resourceId', 'resourceName', 'quantity', 'unit', 'unitPrice', 'net', 'taxCategory', 'taxRate', 'corrects'].map((name) => `l.${name}`); // prettier-ignore

async function found(em: EntityManager, scope: Scope, id: string): Promise<TenantInvoice> {
  const invoice = await narrowed(em, scope, {}).andWhere('i.id = :id', { id }).getOne();
  if (!invoice) throw new TenantInvoiceNotFoundError();
  return invoice;
}

function narrowed(em: EntityManager, scope: Scope, filters: TenantInvoiceFilters): SelectQueryBuilder<TenantInvoice> {
  const query = em.createQueryBuilder(TenantInvoice, 'i');
  if (scope.kind === 'tenant') query.andWhere(`i.tenantId = :own and i.status in ('issued', 'void')`, { own: scope.tenantId });
  const {
    period,
    tenant_id,
    kind,
    status,
    payment_status,
    tax_status,
    overdue,
    number,
    currency,
    problem,
    problem_severity: severity,
  } = filters;
  if (period !== undefined) query.andWhere('i.period = :period', { period: firstDay(period) });
  if (tenant_id !== undefined) query.andWhere('i.tenantId = :tenant_id', { tenant_id });
  if (kind !== undefined) query.andWhere('i.kind = :kind', { kind });
  if (status !== undefined) query.andWhere('i.status = any (:status)', { status });
  if (payment_status !== undefined) query.andWhere(`i.paymentStatus = any (:payment_status) and i.status = 'issued'`, { payment_status });
  if (tax_status !== undefined) query.andWhere('i.taxStatus = :tax_status', { tax_status });
  if (number !== undefined) query.andWhere('i.number = :number', { number });
  if (currency !== undefined) query.andWhere('i.currency = :currency', { currency });
  if (problem !== undefined) query.andWhere(`i.problems @> jsonb_build_array(jsonb_build_object('code', :problem::text))`, { problem });
  if (severity !== undefined)
    query.andWhere(`i.problems @> jsonb_build_array(jsonb_build_object('severity', :severity::text))`, { severity });
  if (overdue !== undefined) query.andWhere(`${OVERDUE} = :overdue`, { overdue });
  return query;
}

/** SQL on an invoice `i`: issued, not paid, and past its due date, in UTC. */
export const OVERDUE = `coalesce(i.status = 'issued' and i.payment_status in ('unpaid', 'partly_paid') and i.due_on < (clock_timestamp() at time zone 'UTC')::date, false)`;

/** `scope`: of the caller. */
export function invoiceView(invoice: TenantInvoice, scope: Scope): TenantInvoiceView {
  const isAdmin = scope.kind === 'platform';
  const amount = (value: Money): string => value.round(invoice.decimals, 'half_away').toText();
  return {
    id: invoice.id,
    number: invoice.number,
    draft_number: isAdmin ? draftNumberOf(invoice.id) : null,
    tenant_id: invoice.tenantId,
    kind: invoice.kind,
    period: invoice.period === null ? null : monthOf(invoice.period),
    currency: invoice.currency,
    status: invoice.status,
    payment_status: invoice.paymentStatus,
    tax_status: invoice.taxStatus,
    overdue: invoice.overdue,
    net: amount(invoice.net),
    tax: amount(invoice.tax),
    total: amount(invoice.total),
    due: amount(invoice.due),
    issued_on: invoice.issuedOn,
    due_on: invoice.dueOn,
    version: invoice.version,
    actions: isAdmin ? actionsOf(stateOf(invoice)) : [],
    problems: isAdmin ? invoice.problems : [],
    lines: invoice.lineCount,
    digest: isAdmin ? invoice.digest : null,
    replaces: invoice.replacesId,
    void_reason: invoice.voidReason,
    auto: isAdmin ? invoice.auto : null,
  };
}

/** What a draft is called: it tells nothing about other drafts. */
export const draftNumberOf = (id: string): string => `DRAFT-${id.slice(-8).toUpperCase()}`;

const lineView = (line: TenantInvoiceLine, decimals: number): TenantInvoiceLineView => ({
  line_no: line.lineNo,
  kind: line.kind,
  description: line.description,
  resource_id: line.resourceId,
  resource_name: line.resourceName,
  quantity: line.quantity,
  unit: line.unit,
  unit_price: line.unitPrice,
  net: line.net.round(decimals, 'half_away').toText(),
  tax_category: line.taxCategory,
  tax_rate: line.taxRate,
  correction: line.corrects !== null,
  corrects: line.corrects === null ? null : monthOf(line.corrects),
});
