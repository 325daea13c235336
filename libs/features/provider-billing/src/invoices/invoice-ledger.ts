import { Database, sql } from '#libs/database';
import { Money } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, Raw, type EntityManager, type Repository } from 'typeorm';
import { Invoice, type InvoiceFailure } from '../entities/invoice.entity';
import {
  RECONCILIATION_TRANSITIONS,
  RECONCILIATIONS,
  RELEASABLE,
  statusesBefore,
  type InvoiceStatus,
  type Reconciliation,
} from '../invoice.states';
import type { InvoiceHeader, InvoiceSummary } from '../provider/invoice-responses';

/** An invoice that a worker claimed for an ingest. */
export interface ClaimedInvoice extends Pick<Invoice, 'id' | 'accountId' | 'invoiceUuid' | 'period'> {
  /** By the database's clock, before the first call to the provider; text, because a `Date` loses microseconds. */
  readonly askedAt: string;
}

/** The state of an invoice before its lines are replaced. */
export interface LockedInvoice extends Pick<Invoice, 'amount' | 'documentHash' | 'difference'> {
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
  readonly matchedLines: number;
  readonly unreadableCells: number;
  readonly unlistedKinds: string[] | null;
  readonly linesAmount: Money;
  readonly taxAmount: Money;
  readonly linesValue: Money;
  readonly attributedValue: Money;
  readonly summary: InvoiceSummary | null;
  readonly reconciliation: Reconciliation;
  readonly difference: Money;
}

/** An invoice may still change for some hours after its day of issue, so it is ingested again daily for this time. */
const SETTLES_AFTER = `interval '3 days'`;
const INGEST_AGAIN_AFTER = `interval '20 hours'`;
/** The next attempt after a failure: a minute later at first, then twice as long each time, a day at most. */
const retryAt = (attempt: string) => `clock_timestamp() + least(interval '1 day', interval '1 minute' * 2 ^ least(${attempt}, 11))`;
const now = () => 'clock_timestamp()';
const countedSince = () => 'coalesce(counted_since, clock_timestamp())';
/** An invoice without lines gets this status; one with lines stays ingested. */
const statusWithoutLines = (status: InvoiceStatus) => `case when ingested_at is null then '${status}' else 'ingested' end`;
/** SQL on an invoice `i`: it was issued recently, and its document was last requested long enough ago. */
const MAY_STILL_CHANGE = `(i.document_asked_at < i.issued_on + ${SETTLES_AFTER} and i.document_asked_at < clock_timestamp() - ${INGEST_AGAIN_AFTER})`;
/** SQL on an invoice `i`: it was matched before the first complete list of a kind, and there is one now. */
const MATCHES_MORE_NOW = `(i.unlisted_kinds is not null
  and exists (select 1 from cloud_sweeps s where s.kind = any (i.unlisted_kinds) and s.status = 'complete'))`;

/** The only writer of `cloud_invoices`, except for the columns about the delivery to finance, which `FinancePush` writes. */
@Injectable()
export class InvoiceLedger {
  constructor(
    private readonly database: Database,
    @InjectRepository(Invoice) private readonly invoices: Repository<Invoice>,
  ) {}

  /** Stores headers and returns how many were new. An invoice with a changed header becomes due again. */
  async discover(accountId: string, headers: readonly DiscoveredInvoice[]): Promise<number> {
    const [counted] = await this.database.query<{ n: number }>(DISCOVER, [accountId, JSON.stringify(headers)]);
    return counted?.n ?? 0;
  }

  /** Ids of the invoices to ingest now, oldest period first. */
  async due(limit: number): Promise<string[]> {
    const rows = await this.invoices
      .createQueryBuilder('i')
      .select('i.id', 'id')
      .where('i.next_attempt_at <= clock_timestamp()')
      .andWhere(
        `(i.status <> 'ingested' or i.failure is not null or i.requested_at > i.document_asked_at or ${MAY_STILL_CHANGE} or ${MATCHES_MORE_NOW})`,
      )
      .orderBy('i.period')
      .addOrderBy('i.id')
      .limit(limit)
      .getRawMany<{ id: string }>();
    return rows.map(({ id }) => id);
  }

  /**
   * Undefined when the invoice does not exist. Several workers may claim the same one, because the document requested last wins. An invoice
   * with lines keeps its status.
   */
  async claimInvoice(invoiceId: string): Promise<ClaimedInvoice | undefined> {
    const { raw } = await this.invoices
      .createQueryBuilder()
      .update()
      .set({ status: () => statusWithoutLines('ingesting'), attempts: () => 'attempts + 1', nextAttemptAt: () => retryAt('attempts') })
      .where([
        { id: invoiceId, status: In(statusesBefore('ingesting')) },
        { id: invoiceId, status: 'ingested' },
      ])
      .returning(`id, account_id as "accountId", invoice_uuid as "invoiceUuid", period::text, clock_timestamp()::text as "askedAt"`)
      .execute();
    return (raw as ClaimedInvoice[])[0];
  }

  /**
   * Records why the invoice could not be ingested. Its previous lines stay, and with them its status. Changes nothing when another worker
   * has ingested a document that was requested later.
   */
  async recordFailure({ id, askedAt }: Pick<ClaimedInvoice, 'id' | 'askedAt'>, failure: InvoiceFailure): Promise<void> {
    const notLater = Raw((at) => `(${at} is null or ${at} <= :askedAt::timestamptz)`, { askedAt });
    await this.invoices.update(
      { id, status: In([...statusesBefore('failed'), 'ingested']), documentAskedAt: notLater },
      { status: () => statusWithoutLines('failed'), failure, nextAttemptAt: () => retryAt('attempts - 1') },
    );
  }

  /** Locks the invoice until the transaction ends. Undefined when a document requested later has been ingested meanwhile. */
  async lockInvoice(em: EntityManager, invoice: ClaimedInvoice): Promise<LockedInvoice | undefined> {
    type Row = Omit<LockedInvoice, 'amount' | 'difference'> & { readonly amount: string; readonly difference: string | null };
    const [row] = await sql<Row>(em, LOCK, [invoice.id, invoice.askedAt]);
    return row && { ...row, amount: Money.parse(row.amount), difference: row.difference === null ? null : Money.parse(row.difference) };
  }

  /** Call it after `lockInvoice` in the same transaction. */
  async recordIngest(em: EntityManager, invoice: ClaimedInvoice, outcome: IngestOutcome): Promise<void> {
    const found = RECONCILIATIONS.filter((from) => RECONCILIATION_TRANSITIONS[from].includes(outcome.reconciliation));
    const from = { id: invoice.id, status: In(statusesBefore('ingested')) };
    const first = RECONCILIATION_TRANSITIONS.none.includes(outcome.reconciliation) ? [{ ...from, reconciliation: IsNull() }] : [];
    const { affected } = await em
      .createQueryBuilder()
      .update(Invoice)
      .set({
        ...outcome,
        status: 'ingested',
        failure: null,
        attempts: 0,
        documentAskedAt: () => ':askedAt::timestamptz',
        ingestedAt: now,
        countedSince: outcome.reconciliation === 'mismatch' ? null : countedSince,
      })
      .where([{ ...from, reconciliation: In(found) }, ...first])
      .setParameters({ askedAt: invoice.askedAt })
      .execute();
    if (affected !== 1) throw new Error(`invoice ${invoice.id} cannot become ingested and ${outcome.reconciliation}`);
  }

  /** Makes the invoice due at once. False when it does not exist. */
  async requestIngest(em: EntityManager, invoiceId: string): Promise<boolean> {
    const { affected } = await em.update(Invoice, { id: invoiceId }, { requestedAt: now, nextAttemptAt: now });
    return affected === 1;
  }

  /** Releases a mismatch in spite of its difference, which is returned. Undefined when the invoice is not a mismatch. [BIL-5] */
  async release(em: EntityManager, invoiceId: string): Promise<string | undefined> {
    const { raw } = await em
      .createQueryBuilder()
      .update(Invoice)
      .set({ reconciliation: 'released', releasedAt: now, countedSince })
      .where({ id: invoiceId, reconciliation: In(RELEASABLE) })
      .returning('difference::text')
      .execute();
    return (raw as { difference: string }[])[0]?.difference;
  }
}

/** Fenced: the row lock makes concurrent ingests of one invoice follow each other. */
const LOCK = `
select i.amount::text, i.document_hash as "documentHash", i.difference::text, i.reconciliation is not distinct from 'released' as released,
       case when i.reconciliation = 'reconciled' and i.lines_amount = i.amount then i.lines end as "reconciledLines",
       exists (select 1 from cloud_event_months m where m.before > i.period) as "historyArchived"
  from cloud_invoices i where i.id = $1 and (i.document_asked_at is null or i.document_asked_at <= $2) for update of i`;

/** Set-based: all headers of the account at once. */
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
