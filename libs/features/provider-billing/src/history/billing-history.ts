import { AccountBinding } from '#libs/accounts';
import { Database } from '#libs/database';
import { EventLog, type NewEvent } from '#libs/events';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { BillingHistoryEntry } from '../entities/billing-history-entry.entity';
import { InvoiceLedger, type DiscoveredInvoice } from '../invoices/invoice-ledger';
import { ProviderInvoices } from '../provider/provider-invoices';
import { InvoiceReader } from '../queries/invoice-reader';
import type { HistoryEntry, InvoiceHeader } from '../provider/invoice-responses';

/** The provider's entry types for a payment that it failed to collect. If payments stay away, it switches off every tenant's machines. */
export const PAYMENT_FAILURES: readonly string[] = ['AttemptFailed', 'ACHFailure'];

/** The provider's types of entries. Source: `billing_history` in the API reference. */
const ENTRY_TYPES: readonly string[] = [
  'ACHFailure',
  'Adjustment',
  'AttemptFailed',
  'Chargeback',
  'Credit',
  'CreditExpiration',
  'Invoice',
  'Payment',
  'Refund',
  'Reversal',
];

/** Filters of the history; an entry must match all that are given. `since` and `until` are RFC 3339. */
export interface HistoryFilters {
  readonly type?: string;
  readonly invoice_uuid?: string;
  readonly since?: string;
  readonly until?: string;
}

export interface HistoryReport {
  readonly entries: number;
  readonly newEntries: number;
  readonly newInvoices: number;
}

/** A charge, payment or credit in the API. `type` is the provider's value; payments and credits are negative. */
export interface HistoryView {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly amount: string;
  readonly currency: 'USD';
  readonly at: string;
  readonly invoice_uuid: string | null;
  readonly invoice_number: string | null;
}

/** Charges, payments and credits of the account. The only writer of `cloud_billing_history`, which only grows. */
@Injectable()
export class BillingHistory {
  /** The types that this release knows. */
  readonly knownTypes = ENTRY_TYPES;
  private readonly log = new Logger('Billing');

  constructor(
    private readonly database: Database,
    private readonly pin: AccountBinding,
    private readonly provider: ProviderInvoices,
    private readonly ledger: InvoiceLedger,
    private readonly invoiceReader: InvoiceReader,
    private readonly events: EventLog,
    @InjectRepository(BillingHistoryEntry) private readonly entries: Repository<BillingHistoryEntry>,
  ) {}

  /** Newest first. Throws `InvalidCursorError`. */
  async list({ type, invoice_uuid, since, until }: HistoryFilters, page: PageRequest): Promise<ListAnswer<HistoryView>> {
    const complete = await this.invoiceReader.completeness();
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.entries.createQueryBuilder('h');
    if (type !== undefined) query.andWhere('h.type = :type', { type });
    if (invoice_uuid !== undefined) query.andWhere('h.invoiceUuid = :invoice_uuid', { invoice_uuid });
    if (since !== undefined) query.andWhere('h.occurredAt >= :since', { since });
    if (until !== undefined) query.andWhere('h.occurredAt < :until', { until });
    if (before !== null) query.andWhere(BEFORE, { before });
    const rows = await query
      .orderBy('h.occurredAt', 'DESC')
      .addOrderBy('h.id', 'DESC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: items.map(historyView), page: { next_cursor }, ...complete };
  }

  /** The types of the stored entries, which another release may have known. */
  async typesInRows(): Promise<string[]> {
    const rows = await this.entries.createQueryBuilder('h').select('distinct h.type', 'type').getRawMany<{ type: string }>();
    return rows.map(({ type }) => type);
  }

  /**
   * Reads the whole history and the headers of all invoices. Duplicates of an entry are stored only when the list was complete, because
   * entries have no id, and a list that shifted between two pages contains an entry twice. A failed payment is reported when it is new and
   * no payment followed it; the first reading of an account reports none, because all of its history is old. Throws the client's errors and
   * `OtherAccountError`.
   */
  async read(): Promise<HistoryReport> {
    const { accountId, fingerprint } = await this.pin.check('billing');
    const isFirst = !(await this.wasRead(accountId));
    const history = await this.provider.history(fingerprint);
    const headers = await this.provider.headers(fingerprint);
    const numbered = numberDuplicates(history.rows).filter(({ nth }) => history.complete || nth === 1);
    const inserted = await this.database.transaction(async (tx) => {
      const rows = await tx.query<InsertedEntry>(INSERT_ENTRIES, [accountId, JSON.stringify(numbered), PAYMENT_FAILURES]);
      if (!isFirst) await this.events.append(tx, rows.filter(({ open_failure }) => open_failure).map(failureEvent));
      return rows;
    });
    const newInvoices = await this.ledger.discover(accountId, invoicesInHistory(history.rows, headers.rows));
    const failures = inserted.filter(({ open_failure }) => open_failure).length;
    if (failures > 0 && !isFirst) this.log.error({ event: 'payment_failed', failures });
    const report = { entries: history.rows.length, newEntries: inserted.length, newInvoices };
    this.log.log({ event: 'billing_history_read', ...report, complete: history.complete && headers.complete });
    await this.pin.recordBillingHistoryRead(accountId);
    return report;
  }

  /** True when the history was last read longer than `ms` ago, or never. */
  async isOlderThan(ms: number): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(
      `select coalesce(max(billing_history_read_at) <= clock_timestamp() - $1 * interval '1 millisecond', true) as due from cloud_accounts`,
      [ms],
    );
    return row?.due !== false;
  }

  private async wasRead(accountId: string): Promise<boolean> {
    const read = await this.database.query(`select 1 from cloud_accounts where id = $1 and billing_history_read_at is not null`, [
      accountId,
    ]);
    return read.length > 0;
  }
}

interface InsertedEntry {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly amount: string;
  readonly occurred_at: Date;
  readonly open_failure: boolean;
}

/** Only platform admins read it: the payment is ours to the provider. */
const failureEvent = ({ id, type, description, amount, occurred_at }: InsertedEntry): NewEvent => ({
  type: 'provider.payment_failed',
  tenantId: null,
  actor: null,
  source: 'billing',
  subject: { type: 'billing_history_entry', id, name: description },
  data: { type, amount, currency: 'USD', at: occurred_at.toISOString() },
});

function historyView({ id, type, description, amount, occurredAt, invoiceUuid, invoiceNumber }: BillingHistoryEntry): HistoryView {
  return {
    id,
    type,
    description,
    amount: amount.toAmountText(),
    invoice_uuid: invoiceUuid || null,
    invoice_number: invoiceNumber,
    currency: 'USD',
    at: occurredAt.toISOString(),
  };
}

const BEFORE = `(h.occurred_at, h.id) < (select b.occurred_at, b.id from cloud_billing_history b where b.id = :before)`;

/**
 * Set-based: all entries of the account at once. `open_failure`: a new entry is one of the types $3 of failed payments, and neither the
 * stored nor the listed history has a payment after it.
 */
const INSERT_ENTRIES = `
with listed as (
  select * from json_to_recordset($2::json) as e(type text, description text, amount numeric, "occurredAt" timestamptz, "invoiceUuid" text, "invoiceNumber" text, nth int)),
last_payment as (
  select max(at) as at from (
    select "occurredAt" as at from listed where type = 'Payment'
    union all select occurred_at from cloud_billing_history where account_id = $1 and type = 'Payment') p),
inserted as (
  insert into cloud_billing_history (account_id, type, description, amount, occurred_at, invoice_uuid, invoice_number, nth)
  select $1, type, description, amount, "occurredAt", "invoiceUuid", "invoiceNumber", nth from listed
  on conflict do nothing
  returning id, type, description, amount::text as amount, occurred_at)
select inserted.*, type = any ($3::text[]) and occurred_at > coalesce(at, '-infinity') as open_failure from inserted cross join last_payment`;

/** The provider's id of the next invoice, which is not issued yet. */
const PREVIEW = 'preview';
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/**
 * The invoices in history and headers, without the preview. The period comes from the header. For an invoice that only the history has, it
 * comes from the description ("Invoice for April 2026"), else it is the month before the entry, which is dated the 1st of the next month.
 * [BIL-9]
 */
export function invoicesInHistory(history: readonly HistoryEntry[], headers: readonly InvoiceHeader[]): DiscoveredInvoice[] {
  const entries = new Map(history.filter(isInvoice).map((entry) => [entry.invoiceUuid, entry]));
  const listed = headers
    .filter(({ invoiceUuid }) => invoiceUuid !== PREVIEW)
    .map((header): DiscoveredInvoice => {
      const entry = entries.get(header.invoiceUuid);
      entries.delete(header.invoiceUuid);
      const issuedOn = entry ? entry.occurredAt.slice(0, 10) : monthAfter(header.period);
      return { ...header, invoiceNumber: header.invoiceNumber ?? entry?.invoiceNumber ?? null, issuedOn };
    });
  const others = [...entries.values()].map(({ invoiceUuid, invoiceNumber, amount, description, occurredAt }): DiscoveredInvoice => ({
    invoiceUuid,
    invoiceNumber,
    amount,
    period: periodOf(description, occurredAt),
    issuedOn: occurredAt.slice(0, 10),
  }));
  return [...listed, ...others];
}

function isInvoice({ type, invoiceUuid }: HistoryEntry): boolean {
  return type === 'Invoice' && invoiceUuid !== '' && invoiceUuid !== PREVIEW;
}

function periodOf(description: string, occurredAt: string): string {
  const [, name = '', year] = /\b([a-z]+)\s+(\d{4})\b/i.exec(description) ?? [];
  const month = MONTHS.indexOf(name.toLowerCase());
  if (month >= 0) return firstDay(Number(year), month);
  const at = new Date(occurredAt);
  return firstDay(at.getUTCFullYear(), at.getUTCMonth() - (at.getUTCDate() === 1 ? 1 : 0));
}

function monthAfter(period: string): string {
  const at = new Date(`${period}T00:00:00Z`);
  return firstDay(at.getUTCFullYear(), at.getUTCMonth() + 1);
}

function firstDay(year: number, month: number): string {
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}

/**
 * Numbers equal entries in the order of the list. Entries have no ids, and two payments of the same amount on the same day are two entries,
 * so the number is a part of an entry's key.
 */
export function numberDuplicates(entries: readonly HistoryEntry[]): (HistoryEntry & { nth: number })[] {
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    const { type, description, amount, occurredAt, invoiceUuid } = entry;
    const key = JSON.stringify([type, description, amount, occurredAt, invoiceUuid]);
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return { ...entry, nth };
  });
}
