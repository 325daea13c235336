import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { InvoiceHeader } from '../provider/invoice-answers';

/** An invoice that a worker took up. */
export interface ClaimedInvoice {
  readonly id: string;
  readonly account_id: string;
  readonly invoice_uuid: string;
  readonly invoice_number: string | null;
  /** First day of the month. */
  readonly period: string;
  readonly amount: string;
  /** By the database's clock, before anything was asked of the provider: of two documents the one asked for later counts. */
  readonly asked_at: string;
}

/** What stood with an invoice before its lines were replaced. */
export interface HeldInvoice {
  readonly amount: string;
  readonly documentHash: string | null;
  readonly difference: string | null;
  readonly released: boolean;
  /** Lines of the set before, where it added up to the same amount. */
  readonly reconciledLines: number | null;
  /** Events of its time have left (INV-14): who owned and was called what then is no longer known. */
  readonly pastIsGone: boolean;
}

export interface DiscoveredInvoice extends InvoiceHeader {
  /** The day it was issued, `2026-05-01`. */
  readonly issuedOn: string;
}

/** What an ingest puts down about an invoice, beside its lines. */
export interface IngestOutcome {
  readonly documentHash: string;
  readonly lines: number;
  readonly matched: number;
  readonly amount: string;
  readonly tax: string;
  readonly value: string;
  readonly attributed: string;
  readonly summary: unknown;
  readonly reconciliation: 'reconciled' | 'mismatch' | 'released';
  readonly difference: string;
}

/** A day-one invoice may still change for some hours: for so long it is read again daily. */
const SETTLES_AFTER = `interval '3 days'`;
const AGAIN_AFTER = `interval '20 hours'`;
/** After a failure: a minute, then twice as long each time, a day at most. */
const retryAt = (attempt: string) => `clock_timestamp() + least(interval '1 day', interval '1 minute' * 2 ^ least(${attempt}, 11))`;

/** The only writer of `cloud_invoices`, except for what finance answers. */
@Injectable()
export class InvoiceLedger {
  constructor(private readonly database: Database) {}

  /** Writes down headers; one that changed is due again. Answers how many were new. */
  async discover(accountId: string, headers: readonly DiscoveredInvoice[]): Promise<number> {
    const [counted] = await this.database.query<{ n: number }>(DISCOVER, [accountId, JSON.stringify(headers)]);
    return counted?.n ?? 0;
  }

  /** Invoices that somebody should ingest now, oldest period first. */
  async due(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `select id from cloud_invoices
        where (status <> 'ingested' and next_attempt_at <= clock_timestamp())
           or (status = 'ingested' and requested_at > document_asked_at)
           or (status = 'ingested' and document_asked_at < issued_on + ${SETTLES_AFTER} and document_asked_at < clock_timestamp() - ${AGAIN_AFTER})
        order by period, id limit $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Undefined when there is no such invoice. Several workers may hold one: what they write is the same, and the later document wins. */
  async claim(invoiceId: string): Promise<ClaimedInvoice | undefined> {
    const [claimed] = await this.database.query<ClaimedInvoice>(
      `update cloud_invoices set status = 'ingesting', attempts = attempts + 1, next_attempt_at = ${retryAt('attempts')}
        where id = $1
        returning id, account_id, invoice_uuid, invoice_number, period::text, amount::text, clock_timestamp()::text as asked_at`,
      [invoiceId],
    );
    return claimed;
  }

  /** The lines of before stay; `failure` says why they are not newer. */
  async fail(invoiceId: string, failure: { code: string; detail: string; line?: number }): Promise<void> {
    await this.database.query(
      `update cloud_invoices set status = 'failed', failure = $2, next_attempt_at = ${retryAt('attempts - 1')} where id = $1 and status = 'ingesting'`,
      [invoiceId, JSON.stringify(failure)],
    );
  }

  /** Locks the invoice until the transaction ends. Undefined when a document that was asked for later has been taken meanwhile. */
  async hold(tx: Queryable, invoice: ClaimedInvoice): Promise<HeldInvoice | undefined> {
    const [row] = await tx.query<HeldInvoice>(
      `select i.amount::text, i.document_hash as "documentHash", i.difference::text, i.reconciliation is not distinct from 'released' as released,
              case when i.reconciliation = 'reconciled' and i.lines_amount = i.amount then i.lines end as "reconciledLines",
              exists (select 1 from cloud_event_months m where m.before > i.period) as "pastIsGone"
         from cloud_invoices i where i.id = $1 and (i.document_asked_at is null or i.document_asked_at <= $2) for update of i`,
      [invoice.id, invoice.asked_at],
    );
    return row;
  }

  async finish(tx: Queryable, invoice: ClaimedInvoice, outcome: IngestOutcome): Promise<void> {
    await tx.query(
      `update cloud_invoices
          set status = 'ingested', failure = null, attempts = 0, document_asked_at = $2, document_hash = $3, ingested_at = clock_timestamp(),
              lines = $4, matched_lines = $5, lines_amount = $6, tax_amount = $7, lines_value = $8, attributed_value = $9, summary = $10,
              reconciliation = $11, difference = $12
        where id = $1`,
      [
        invoice.id,
        invoice.asked_at,
        outcome.documentHash,
        outcome.lines,
        outcome.matched,
        outcome.amount,
        outcome.tax,
        outcome.value,
        outcome.attributed,
        outcome.summary === null ? null : JSON.stringify(outcome.summary),
        outcome.reconciliation,
        outcome.difference,
      ],
    );
  }

  /** A person asks for it: due at once. False when there is no such invoice. */
  async request(tx: Queryable, invoiceId: string): Promise<boolean> {
    const rows = await tx.query(
      `update cloud_invoices set requested_at = clock_timestamp(), next_attempt_at = clock_timestamp() where id = $1 returning id`,
      [invoiceId],
    );
    return rows.length > 0;
  }

  /** Lets a mismatch count as it is; answers its difference. Undefined when it is none. */
  async release(tx: Queryable, invoiceId: string): Promise<string | undefined> {
    const [released] = await tx.query<{ difference: string }>(
      `update cloud_invoices set reconciliation = 'released', released_at = clock_timestamp()
        where id = $1 and reconciliation = 'mismatch' returning difference::text`,
      [invoiceId],
    );
    return released?.difference;
  }
}

const DISCOVER = `
with headers as (
  select * from json_to_recordset($2::json) as h("invoiceUuid" text, "invoiceNumber" text, amount numeric, period date, "issuedOn" date)),
written as (
  insert into cloud_invoices as i (account_id, invoice_uuid, invoice_number, period, issued_on, amount)
  select distinct on ("invoiceUuid") $1, "invoiceUuid", "invoiceNumber", period, "issuedOn", amount from headers order by "invoiceUuid"
  on conflict (account_id, invoice_uuid) do update
     set invoice_number = coalesce(excluded.invoice_number, i.invoice_number), period = excluded.period, issued_on = excluded.issued_on,
         amount = excluded.amount, requested_at = clock_timestamp(), next_attempt_at = clock_timestamp()
   where (i.invoice_number, i.period, i.issued_on, i.amount)
         is distinct from (coalesce(excluded.invoice_number, i.invoice_number), excluded.period, excluded.issued_on, excluded.amount)
  returning (xmax = 0) as fresh)
select count(*) filter (where fresh)::int as n from written`;
