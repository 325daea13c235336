import { ObservedPrices, type BilledMonth } from '#libs/catalog';
import { unitOfProduct } from '#libs/inventory';
import { copyRow, queryableOf, Transaction, type BulkLoad } from '#libs/database';
import { EventLog, type NewEvent } from '#libs/events';
import { Money } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { InvoiceLine } from '../document/invoice-line';
import { KINDS_WITHOUT_RESOURCE } from '../document/line-subject';
import { readDocument } from '../document/read-document';
import { CostLine } from '../entities/cost-line.entity';
import { FinancePush } from '../finance/finance-push';
import { reconcile, type Reconciliation } from '../invoice.states';
import { InvoiceLedger, type ClaimedInvoice, type LockedInvoice } from '../invoices/invoice-ledger';
import * as matching from '../matching/matching.sql';
import { IncompleteDocumentError } from '../provider-billing.errors';
import type { InvoiceSummary } from '../provider/invoice-responses';
import type { ItemsRead } from '../provider/provider-invoices';

/** A document that was downloaded; each reader starts at its beginning. */
interface InvoiceDocument {
  read(): Readable;
}

/** What the provider returned for one invoice. */
export interface FetchedInvoice {
  readonly document: InvoiceDocument;
  /** SHA-256 of the document. */
  readonly hash: string;
  /** Null when the provider has none. */
  readonly items: ItemsRead | null;
  readonly summary: InvoiceSummary | null;
  /** Kinds without a complete list yet: their resources may be unknown. */
  readonly unlisted: readonly string[];
}

export interface IngestReport {
  readonly lines: number;
  readonly matched: number;
  readonly unreadable_cells: number;
  readonly reconciliation: Reconciliation;
  readonly difference: string;
}

interface LineSums {
  readonly lines: number;
  readonly matched: number;
  readonly amount: string;
  readonly tax: string;
  readonly value: string;
  readonly attributed: string;
}

/**
 * `work_mem` of each sort and hash, with which a million lines mostly stay off the disk. JIT is off: compiling would take longer than
 * running.
 */
const SETTINGS = `set local work_mem = '64MB'; set local jit = off`;

/** Replaces the lines of an invoice as a whole. The only writer of `cloud_cost_lines`. [BIL-2] */
@Injectable()
export class InvoiceLineWriter {
  constructor(
    private readonly transaction: Transaction,
    private readonly ledger: InvoiceLedger,
    private readonly finance: FinancePush,
    private readonly events: EventLog,
    private readonly prices: ObservedPrices,
  ) {}

  /**
   * Reads the document, matches its lines to resources and tenants, and replaces the previous lines, the invoice's figures and the
   * announcement for finance, all in one transaction. When the events of the invoice's time are archived, the lines of an unchanged
   * document keep their matches. Undefined when a document requested later was ingested first. Throws `UnreadableDocumentError`
   * and `IncompleteDocumentError`; then nothing has changed. [INV-13]
   */
  replaceLines(invoice: ClaimedInvoice, fetched: FetchedInvoice): Promise<IngestReport | undefined> {
    return this.transaction.bulkLoad(async (em, tx) => {
      const { hasIds, unreadableCells } = await stageLines(tx, fetched);
      await matchLines(tx, invoice, hasIds);
      const before = await this.ledger.lockInvoice(em, invoice);
      if (!before) return undefined;
      const rematches = !(before.historyArchived && before.documentHash === fetched.hash);
      if (rematches) {
        await em.delete(CostLine, { invoiceId: invoice.id });
        await tx.query(matching.INSERT_LINES, [invoice.id, invoice.accountId, invoice.period]);
      }
      const [sums] = await tx.query<LineSums>(matching.SUM_LINES, [invoice.id]);
      if (!sums) throw new Error('the sums of the lines are missing');
      const [linesAmount, taxAmount] = [Money.parse(sums.amount), Money.parse(sums.tax)];
      const { status, difference } = reconcile({ header: before.amount, lines: linesAmount, tax: taxAmount }, fetched.summary);
      if (status === 'mismatch') assertNotCut(sums, before, fetched.items);
      const isSame = before.documentHash === fetched.hash && before.difference?.equals(difference) === true;
      const reconciliation = status === 'mismatch' && before.released && isSame ? 'released' : status;
      await this.ledger.recordIngest(em, invoice, {
        documentHash: fetched.hash,
        lines: sums.lines,
        matchedLines: sums.matched,
        unreadableCells,
        unlistedKinds: fetched.unlisted.length === 0 ? null : [...fetched.unlisted],
        linesAmount,
        taxAmount,
        linesValue: Money.parse(sums.value),
        attributedValue: Money.parse(sums.attributed),
        summary: fetched.summary,
        reconciliation,
        difference,
      });
      await this.finance.announce(em, invoice.id);
      if (reconciliation === 'reconciled') await this.learnPrices(tx, invoice);
      const { lines, matched } = sums;
      const report: IngestReport = { lines, matched, unreadable_cells: unreadableCells, reconciliation, difference: difference.toText() };
      if (!isSame) await this.events.append(queryableOf(em), ingestEvents(invoice, before, report));
      return report;
    });
  }

  /** What the invoice charged for whole months of what we know the size of. The catalog decides what follows for prices. */
  private async learnPrices(tx: BulkLoad, { id, period }: ClaimedInvoice): Promise<void> {
    const months = await tx.query<Omit<BilledMonth, 'unit'>>(matching.WHOLE_MONTHS, [id, period]);
    const billed = months.map((month) => ({ ...month, unit: unitOfProduct(month.product) }));
    await this.prices.learn(tx, `${period}T00:00:00Z`, `invoice of ${period.slice(0, 7)}`, billed);
  }
}

/** An ingest that finds what was found before is no event. Only platform admins read these: the amounts are those of the provider. */
function ingestEvents({ id, period }: ClaimedInvoice, { amount }: LockedInvoice, report: IngestReport): NewEvent[] {
  const { lines, reconciliation, difference } = report;
  const ingested: NewEvent = {
    type: 'invoice.ingested',
    tenantId: null,
    actor: null,
    source: 'billing',
    subject: { type: 'invoice', id, name: period.slice(0, 7) },
    data: { period: period.slice(0, 7), amount: amount.toAmountText(), currency: 'USD', lines, reconciliation, difference },
  };
  return reconciliation === 'mismatch' ? [ingested, { ...ingested, type: 'invoice.mismatch' }] : [ingested];
}

/**
 * Throws `IncompleteDocumentError` for a document that was cut between two lines, which otherwise only seems not to add up. Such a
 * document has fewer lines than the invoice has items, if those add up or are too many to be read. Without items it has fewer lines than
 * the previous set that added up.
 */
function assertNotCut({ lines }: LineSums, before: LockedInvoice, items: ItemsRead | null): void {
  const itemsAddUp = items?.rows && items.complete && Money.sum(items.rows.map(({ amount }) => Money.parse(amount))).equals(before.amount);
  const wasMore = before.reconciledLines !== null && lines < before.reconciledLines;
  const expected = itemsAddUp ? items.total : items?.rows ? null : (items?.total ?? (wasMore ? before.reconciledLines : null));
  if (expected !== null && lines < expected) throw new IncompleteDocumentError(lines, expected);
}

/** The table is analysed even when it has few lines: by default the planner expects so many that it would read the whole inventory. */
async function stageLines(tx: BulkLoad, { document, items }: FetchedInvoice): Promise<{ hasIds: boolean; unreadableCells: number }> {
  const counts = { unreadableCells: 0 };
  await tx.query(`${SETTINGS}; ${matching.CREATE_STAGE}`);
  await tx.copy(matching.COPY_STAGE, rowsOf(document, counts));
  await tx.query('analyze invoice_stage (line_no, target, name, project_name)');
  if (!items?.rows?.length) return { hasIds: false, ...counts };
  await tx.query(matching.CREATE_ITEMS);
  await tx.query(matching.INSERT_ITEMS, [JSON.stringify(items.rows)]);
  await tx.query(matching.JOIN_ITEMS);
  return { hasIds: true, ...counts };
}

async function matchLines(tx: BulkLoad, { accountId, period }: ClaimedInvoice, hasIds: boolean): Promise<void> {
  if (hasIds) await tx.query(matching.MATCH_BY_ID, [accountId]);
  else await tx.query(matching.CREATE_EMPTY_IDS);
  await tx.query(matching.COLLECT_NAMES, [accountId]);
  await tx.query(matching.COLLECT_PROJECTS, [accountId]);
  await tx.query('analyze invoice_names; analyze invoice_ids');
  await tx.query(matching.MATCH_BY_NAME, [period]);
  await tx.query(matching.COLLECT_OWNERS);
}

async function* rowsOf(document: InvoiceDocument, counts: { unreadableCells: number }): AsyncGenerator<string, void, void> {
  let lineNo = 0;
  for await (const lines of readDocument(document.read())) {
    const rows = lines.map((line) => stagedRow(++lineNo, line)).join('');
    for (const { unreadableCells } of lines) counts.unreadableCells += unreadableCells;
    lines.length = 0; // the rows contain them as text now: release the batch
    yield rows;
  }
}

/** The values in the order of the staging table's columns. */
function stagedRow(lineNo: number, line: InvoiceLine): string {
  const { kind, name, region } = line.subject;
  return copyRow([
    lineNo,
    line.product,
    kind,
    KINDS_WITHOUT_RESOURCE.has(kind) ? null : kind === 'droplet_backup' ? 'droplet' : kind,
    name,
    region,
    line.group,
    line.description,
    line.category,
    line.project,
    line.hours,
    line.start,
    line.end,
    line.amount,
    kind === 'tax',
    line.extra === null ? null : JSON.stringify(line.extra),
  ]);
}
