import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** An announcement that a worker claimed. */
export interface Announcement {
  readonly invoice_id: string;
  readonly version: number;
  readonly attempts: number;
  /** The end of the worker's lease, which identifies it. */
  readonly lease: string;
}

/**
 * The lease covers the reading of the invoice and, once renewed, the call. A request that a dead worker sent can take effect until the time
 * limit of the call. With a shorter lease another worker could send a newer version before the older one takes effect.
 */
const LEASE = `interval '45 seconds'`;
/** The pause after a failure: seconds at first, then twice as long each time, an hour at most. */
const LONGEST_PAUSE_MS = 3_600_000;
const FIRST_PAUSE_MS = 5_000;

/**
 * The announcements for finance, written in the transaction of the change and delivered later, so an outage of finance never delays an
 * ingest. Each invoice has one row: a change before the delivery updates it. The only writer of `cloud_finance_outbox`, and of the two
 * columns of `cloud_invoices` that record a delivery. [BIL-8]
 */
@Injectable()
export class FinanceOutbox {
  constructor(private readonly database: Database) {}

  /** Announces a reconciled or released invoice, when its content differs from the last announcement. [BIL-5] */
  async announce(tx: Queryable, invoiceId: string): Promise<void> {
    await tx.query(ANNOUNCE, [invoiceId]);
  }

  /** Leases the announcement that has waited longest to this worker. Undefined when none is due. */
  async claimNext(): Promise<Announcement | undefined> {
    const [row] = await this.database.query<Announcement>(CLAIM);
    return row;
  }

  /** Renews the lease just before the call, which takes up to most of it. Undefined when the lease expired and another worker has it. */
  async renewLease(announcement: Announcement): Promise<Announcement | undefined> {
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
   * Records a delivery. A newer version that was announced meanwhile becomes due again, because finance may have imported the older one
   * last. When the lease has expired, the worker that has it now delivers once more, which changes nothing at finance.
   */
  async markDelivered({ invoice_id, version, lease }: Announcement, financeInvoiceId: string): Promise<void> {
    await this.database.query(MARK_DELIVERED, [invoice_id, version, financeInvoiceId, lease]);
  }

  /** Records a failure and the time of the next attempt, which is now when a newer version was announced meanwhile. */
  async markFailed({ invoice_id, version, attempts, lease }: Announcement, code: string): Promise<void> {
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

/**
 * The lines add up to the invoice's amount, or the difference was released. After the amount changed it waits for the new lines. [BIL-5]
 */
export const DELIVERABLE = `i.reconciliation in ('reconciled', 'released') and i.amount - i.lines_amount = i.difference`;

/** A hash of everything that finance receives. The document's hash represents its lines. */
const CONTENT = `md5(concat_ws('|', document_hash, invoice_number, period, issued_on, amount, tax_amount))`;

/** Leaves the lease of a running push unchanged: two versions sent at the same time could arrive in the wrong order. */
const ANNOUNCE = `
insert into cloud_finance_outbox as o (invoice_id, content_hash)
select id, ${CONTENT} from cloud_invoices i where id = $1 and ${DELIVERABLE}
on conflict (invoice_id) do update
   set version = o.version + 1, content_hash = excluded.content_hash, created_at = clock_timestamp(), attempts = 0,
       next_attempt_at = clock_timestamp(), error_code = null, delivered_at = null
 where o.content_hash <> excluded.content_hash`;

const DUE = `
  from cloud_finance_outbox o join cloud_invoices i on i.id = o.invoice_id
 where o.delivered_at is null and o.next_attempt_at <= clock_timestamp() and (o.lease_until is null or o.lease_until < clock_timestamp())
   and ${DELIVERABLE}`;

const CLAIM = `
update cloud_finance_outbox set lease_until = clock_timestamp() + ${LEASE}, attempts = attempts + 1
 where invoice_id = (select o.invoice_id ${DUE} order by o.next_attempt_at limit 1 for update of o skip locked)
returning invoice_id, version, attempts, lease_until::text as lease`;

const MARK_DELIVERED = `
with delivered as (
  update cloud_finance_outbox
     set delivered_at = case when version = $2 then clock_timestamp() end, lease_until = null, error_code = null,
         next_attempt_at = case when version = $2 then next_attempt_at else clock_timestamp() end
   where invoice_id = $1 and lease_until = $4)
update cloud_invoices set pushed_to_finance_at = clock_timestamp(), finance_invoice_id = $3 where id = $1`;
