import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** An announcement that a worker took up. */
export interface Announcement {
  readonly invoice_id: string;
  readonly version: number;
  readonly attempts: number;
  /** The lease that the worker has, by its end. */
  readonly lease: string;
}

/**
 * How long a worker may read what it is going to tell, and, renewed then, for how long nobody else tells it. What a dead worker has sent may take
 * effect for as long as a call may last: with a lease that is shorter than that, the older of two versions could come last.
 */
const LEASE = `interval '45 seconds'`;
/** Seconds, then twice as long each time, an hour at most. */
const LONGEST_PAUSE_MS = 3_600_000;
const FIRST_PAUSE_MS = 5_000;

/**
 * What finance is to be told, written in the transaction that makes it true, delivered later: a finance outage never delays an ingest (BIL-8).
 * One row an invoice: what was not told yet is told with what has come since. The only writer of `cloud_finance_outbox`.
 */
@Injectable()
export class FinanceOutbox {
  constructor(private readonly database: Database) {}

  /** Finance is told only of what is reconciled or released (BIL-5), and only when it differs from what it was told last. */
  async announce(tx: Queryable, invoiceId: string): Promise<void> {
    await tx.query(ANNOUNCE, [invoiceId]);
  }

  /** The announcement that has waited longest, for this worker alone; undefined when none is due. */
  async claim(): Promise<Announcement | undefined> {
    const [row] = await this.database.query<Announcement>(CLAIM);
    return row;
  }

  /** The lease begins anew, just before finance is called: a call takes most of it. Undefined when it lapsed and another worker tells. */
  async renew(announcement: Announcement): Promise<Announcement | undefined> {
    const [renewed] = await this.database.query<{ lease: string }>(
      `update cloud_finance_outbox set lease_until = clock_timestamp() + ${LEASE} where invoice_id = $1 and lease_until = $2
        returning lease_until::text as lease`,
      [announcement.invoice_id, announcement.lease],
    );
    return renewed && { ...announcement, ...renewed };
  }

  async isDue(): Promise<boolean> {
    const rows = await this.database.query(`select 1 ${DUE} limit 1`);
    return rows.length > 0;
  }

  /**
   * What was announced anew meanwhile is due again: what finance took last may be the older one. Where the lease has lapsed the worker that has
   * it now tells once more, and finds that finance knows.
   */
  async delivered({ invoice_id, version, lease }: Announcement, financeInvoiceId: string): Promise<void> {
    await this.database.query(DELIVERED, [invoice_id, version, financeInvoiceId, lease]);
  }

  async failed({ invoice_id, version, attempts, lease }: Announcement, code: string): Promise<void> {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20)) * (0.5 + Math.random() / 2);
    await this.database.query(
      `update cloud_finance_outbox
          set lease_until = null, error_code = $3,
              next_attempt_at = clock_timestamp() + case when version = $2 then $4 else 0 end * interval '1 millisecond'
        where invoice_id = $1 and lease_until = $5`,
      [invoice_id, version, code, Math.round(pauseMs), lease],
    );
  }
}

/** Its lines belong to its amount, and add up or were released. A header that changed since waits for the lines that go with it (BIL-5). */
export const TELLABLE = `i.reconciliation in ('reconciled', 'released') and i.amount - i.lines_amount = i.difference`;

/** Of everything that finance gets: the document stands for its lines. */
const CONTENT = `md5(concat_ws('|', document_hash, invoice_number, period, issued_on, amount, tax_amount))`;

/** While a push is under way its lease stands: two versions told at once could arrive in the wrong order. */
const ANNOUNCE = `
insert into cloud_finance_outbox as o (invoice_id, content_hash)
select id, ${CONTENT} from cloud_invoices i where id = $1 and ${TELLABLE}
on conflict (invoice_id) do update
   set version = o.version + 1, content_hash = excluded.content_hash, created_at = clock_timestamp(), attempts = 0,
       next_attempt_at = clock_timestamp(), error_code = null, delivered_at = null
 where o.content_hash <> excluded.content_hash`;

const DUE = `
  from cloud_finance_outbox o join cloud_invoices i on i.id = o.invoice_id
 where o.delivered_at is null and o.next_attempt_at <= clock_timestamp() and (o.lease_until is null or o.lease_until < clock_timestamp())
   and ${TELLABLE}`;

const CLAIM = `
update cloud_finance_outbox set lease_until = clock_timestamp() + ${LEASE}, attempts = attempts + 1
 where invoice_id = (select o.invoice_id ${DUE} order by o.next_attempt_at limit 1 for update of o skip locked)
returning invoice_id, version, attempts, lease_until::text as lease`;

const DELIVERED = `
with told as (
  update cloud_finance_outbox
     set delivered_at = case when version = $2 then clock_timestamp() end, lease_until = null, error_code = null,
         next_attempt_at = case when version = $2 then next_attempt_at else clock_timestamp() end
   where invoice_id = $1 and lease_until = $4)
update cloud_invoices set pushed_to_finance_at = clock_timestamp(), finance_invoice_id = $3 where id = $1`;
