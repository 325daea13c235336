import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { InvoiceHeader } from '../provider/invoice-responses';

/** An invoice that a worker claimed for an ingest. */
export interface ClaimedInvoice {
  readonly id: string;
  readonly account_id: string;
  readonly invoice_uuid: string;
  readonly invoice_number: string | null;
  /** First day of the month. */
  readonly period: string;
  readonly amount: string;
  /** By the database's clock, before the first call to the provider. Of two documents the one requested later counts. */
  readonly asked_at: string;
}

/** The state of an invoice before its lines are replaced. */
export interface LockedInvoice {
  readonly amount: string;
  readonly documentHash: string | null;
  readonly difference: string | null;
  readonly released: boolean;
  /** The number of lines of the previous set, when it added up to the same amount. */
  readonly reconciledLines: number | null;
  /** Events of the invoice's time are archived, so the owners and names of that time are no longer known. [INV-14] */
  readonly historyArchived: boolean;
}

export interface DiscoveredInvoice extends InvoiceHeader {
  /** The day it was issued, `2026-05-01`. */
  readonly issuedOn: string;
}

/** What an ingest records with an invoice, besides its lines. */
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

/** An invoice may still change for some hours after its day of issue, so it is ingested again daily for this time. */
const SETTLES_AFTER = `interval '3 days'`;
const INGEST_AGAIN_AFTER = `interval '20 hours'`;
/** The next attempt after a failure: a minute later at first, then twice as long each time, a day at most. */
const retryAt = (attempt: string) => `clock_timestamp() + least(interval '1 day', interval '1 minute' * 2 ^ least(${attempt}, 11))`;

/** The only writer of `cloud_invoices`, except for the columns about the delivery to finance, which `FinanceOutbox` writes. */
@Injectable()
export class InvoiceLedger {
  constructor(private readonly database: Database) {}

  /** Stores headers and returns how many were new. An invoice with a changed header becomes due again. */
  async discover(accountId: string, headers: readonly DiscoveredInvoice[]): Promise<number> {
    const [counted] = await this.database.query<{ n: number }>(DISCOVER, [accountId, JSON.stringify(headers)]);
    return counted?.n ?? 0;
  }

  /** Ids of the invoices to ingest now, oldest period first. */
  async due(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `select id from cloud_invoices
        where (status <> 'ingested' and next_attempt_at <= clock_timestamp())
           or (status = 'ingested' and requested_at > document_asked_at)
           or (status = 'ingested' and document_asked_at < issued_on + ${SETTLES_AFTER} and document_asked_at < clock_timestamp() - ${INGEST_AGAIN_AFTER})
        order by period, id limit $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Undefined when the invoice does not exist. Several workers may claim the same one, because the document requested last wins. */
  async claimInvoice(invoiceId: string): Promise<ClaimedInvoice | undefined> {
    const [claimed] = await this.database.query<ClaimedInvoice>(
      `update cloud_invoices set status = 'ingesting', attempts = attempts + 1, next_attempt_at = ${retryAt('attempts')}
        where id = $1
        returning id, account_id, invoice_uuid, invoice_number, period::text, amount::text, clock_timestamp()::text as asked_at`,
      [invoiceId],
    );
    return claimed;
  }

  /** Records why the invoice could not be ingested. Its previous lines stay. */
  async recordFailure(invoiceId: string, failure: { code: string; detail: string; line?: number }): Promise<void> {
    await this.database.query(
      `update cloud_invoices set status = 'failed', failure = $2, next_attempt_at = ${retryAt('attempts - 1')} where id = $1 and status = 'ingesting'`,
      [invoiceId, JSON.stringify(failure)],
    );
  }

  /** Locks the invoice until the transaction ends. Undefined when a document requested later has been ingested meanwhile. */
  async lockInvoice(tx: Queryable, invoice: ClaimedInvoice): Promise<LockedInvoice | undefined> {
    const [row] = await tx.query<LockedInvoice>(
      `select i.amount::text, i.document_hash as "documentHash", i.difference::text, i.reconciliation is not distinct from 'released' as released,
              case when i.reconciliation = 'reconciled' and i.lines_amount = i.amount then i.lines end as "reconciledLines",
              exists (select 1 from cloud_event_months m where m.before > i.period) as "historyArchived"
         from cloud_invoices i where i.id = $1 and (i.document_asked_at is null or i.document_asked_at <= $2) for update of i`,
      [invoice.id, invoice.asked_at],
    );
    return row;
  }

  async recordIngest(tx: Queryable, invoice: ClaimedInvoice, outcome: IngestOutcome): Promise<void> {
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

  /** Makes the invoice due at once. False when it does not exist. */
  async requestIngest(tx: Queryable, invoiceId: string): Promise<boolean> {
    const rows = await tx.query(
      `update cloud_invoices set requested_at = clock_timestamp(), next_attempt_at = clock_timestamp() where id = $1 returning id`,
      [invoiceId],
    );
    return rows.length > 0;
  }

  /** Releases a mismatch in spite of its difference, which is returned. Undefined when the invoice is not a mismatch. [BIL-5] */
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
  returning (xmax = 0) as inserted)
select count(*) filter (where inserted)::int as n from written`;
