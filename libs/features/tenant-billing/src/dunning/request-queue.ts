import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { requestMessage, type InvoiceFacts, type RequestMessage } from './request-message';

/** A request that this worker may deliver until its lease ends. */
export interface ClaimedRequest extends RequestMessage {
  readonly id: string;
  readonly lease: string;
  /** Attempts that have failed. */
  readonly attempts: number;
  /** The receivers that have it already. */
  readonly deliveredTo: readonly string[];
}

interface ClaimedRow {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string;
  readonly subject: string;
  readonly lease: string;
  readonly attempts: number;
  readonly delivered_to: readonly string[];
  readonly email: string | null;
  readonly invoice: InvoiceFacts | null;
}

/** The due requests, in the order in which they were written. All statements are fenced by the lease of a request. */
const DUE = `r.status = 'waiting' and r.next_attempt_at <= clock_timestamp() and (r.lease_until is null or r.lease_until <= clock_timestamp())`;

const ARE_DUE = `select exists (select from notification_requests r where ${DUE}) as due`;

/** Leases one request, with the address of its tenant and the present invoice. $1 length of the lease in ms. */
const CLAIM = `
with due as materialized (select r.id from notification_requests r where ${DUE} order by r.next_attempt_at, r.id limit 1 for update skip locked),
claimed as (
  update notification_requests r set lease_until = clock_timestamp() + $1::int * interval '1 millisecond' from due where r.id = due.id
  returning r.id, r.tenant_id, r.kind, r.subject, r.payload, r.attempts, r.delivered_to, r.lease_until)
select c.id, c.tenant_id, c.kind, c.subject, c.lease_until::text as lease, c.attempts, c.delivered_to, p.email,
       case when i.id is not null then json_build_object('number', i.number, 'due', round(i.due, i.decimals)::text, 'currency', i.currency, 'due_on', i.due_on,
         'is_open', i.status = 'issued' and i.payment_status in ('unpaid', 'partly_paid'), 'issuer', i.terms -> 'issuer' ->> 'name',
         'bank_text', i.terms -> 'issuer' ->> 'bank_text') end as invoice
  from claimed c
  left join billing_profiles p on p.tenant_id = c.tenant_id
  left join tenant_invoices i on i.id = (c.payload ->> 'invoice_id')::uuid`;

/** $1 request, $2 lease, $3 receiver. */
const REACHED = `
update notification_requests set delivered_to = delivered_to || $3::text where id = $1 and lease_until = $2::timestamptz and not $3::text = any (delivered_to)`;

/** $1 request, $2 lease, $3 status. */
const ENDED = `
update notification_requests set status = $3, lease_until = null, error_code = null, delivered_at = case when $3 = 'delivered' then clock_timestamp() end
 where id = $1 and lease_until = $2::timestamptz and status = 'waiting'`;

/** $1 request, $2 lease, $3 code, $4 pause in ms; null: given up. $5: failed attempts that are added. */
const POSTPONED = `
update notification_requests
   set status = case when $4::bigint is null then 'failed' else 'waiting' end, lease_until = null, error_code = $3, attempts = attempts + $5::int,
       next_attempt_at = clock_timestamp() + coalesce($4::bigint, 0) * interval '1 millisecond'
 where id = $1 and lease_until = $2::timestamptz and status = 'waiting'`;

/** $1 request, $2 lease. */
const HANDED_BACK = `update notification_requests set lease_until = null where id = $1 and lease_until = $2::timestamptz and status = 'waiting'`;

/** Hands out requests for delivery, each to one worker at a time, until each is delivered, not needed any more or given up. [WHK-4] */
@Injectable()
export class RequestQueue {
  constructor(private readonly database: Database) {}

  async areDue(): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(ARE_DUE);
    return row?.due ?? false;
  }

  /** The oldest due request; undefined when none is due. Requests about invoices that are settled by now end here. */
  async claim(leaseMs: number): Promise<ClaimedRequest | undefined> {
    for (;;) {
      const [row] = await this.database.query<ClaimedRow>(CLAIM, [leaseMs]);
      if (!row) return undefined;
      const { id, lease, attempts, delivered_to: deliveredTo } = row;
      if (row.invoice?.is_open !== false) return { id, lease, attempts, deliveredTo, ...requestMessage(row) };
      await this.database.query(ENDED, [id, lease, 'not_needed']);
    }
  }

  /** Records a receiver that has the message, so that a later attempt does not repeat it there. */
  async reached({ id, lease }: ClaimedRequest, receiver: string): Promise<void> {
    await this.database.query(REACHED, [id, lease, receiver]);
  }

  async delivered({ id, lease }: ClaimedRequest): Promise<void> {
    await this.database.query(ENDED, [id, lease, 'delivered']);
  }

  /** The attempt failed. `afterMs` null: it was the last one. */
  async failed({ id, lease }: ClaimedRequest, code: string, afterMs: number | null): Promise<void> {
    await this.database.query(POSTPONED, [id, lease, code, afterMs, 1]);
  }

  /** The worker ends before the attempt has: another worker makes it at once. */
  async handBack({ id, lease }: ClaimedRequest): Promise<void> {
    await this.database.query(HANDED_BACK, [id, lease]);
  }

  /** There is no receiver yet, or the installation cannot send, which is no failed attempt. */
  async postponed({ id, lease }: ClaimedRequest, code: string, afterMs: number): Promise<void> {
    await this.database.query(POSTPONED, [id, lease, code, afterMs, 0]);
  }
}
