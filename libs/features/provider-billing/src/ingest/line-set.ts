import { copyRow, Database, type BulkLoad } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { Big } from 'big.js';
import { IncompleteDocumentError } from '../document/document.error';
import { readDocument } from '../document/read-document';
import type { InvoiceLine } from '../document/invoice-line';
import { KINDS_WITHOUT_RESOURCE } from '../document/line-subject';
import { FinanceOutbox } from '../finance/finance-outbox';
import { InvoiceLedger, type ClaimedInvoice, type HeldInvoice } from '../invoices/invoice-ledger';
import { reconcile, type Reconciliation } from '../invoices/reconcile';
import type { DocumentFile } from './document-file';
import { MATCH_BY_ID, NO_IDS } from '../matching/by-id.sql';
import { MATCH_BY_NAME, NAMES, PROJECT_IDS } from '../matching/by-name.sql';
import { INSERT_LINES, OWNERS, TOTALS } from '../matching/lines.sql';
import { ADD_ITEMS, COPY_STAGE, CREATE_ITEMS, CREATE_STAGE, JOIN_ITEMS } from '../matching/staging.sql';
import type { InvoiceSummary } from '../provider/invoice-answers';
import type { ItemsRead } from '../provider/provider-invoices';

/** An invoice as the provider handed it out. */
export interface FetchedInvoice {
  readonly document: DocumentFile;
  /** SHA-256 of it. */
  readonly hash: string;
  /** Null: the provider has none. */
  readonly items: ItemsRead | null;
  readonly summary: InvoiceSummary | null;
}

export interface LineSetReport {
  readonly lines: number;
  readonly matched: number;
  readonly reconciliation: Reconciliation | 'released';
  readonly difference: string;
}

interface Totals {
  readonly lines: number;
  readonly matched: number;
  readonly amount: string;
  readonly tax: string;
  readonly value: string;
  readonly attributed: string;
}

/** Of each sort and each hash: a million lines then stay off the disk for the most part. Compiling such statements takes longer than they do. */
const WORK_MEMORY = '64MB';

/** The only writer of `cloud_cost_lines`: the lines of an invoice are replaced as a whole (BIL-2). */
@Injectable()
export class LineSets {
  constructor(
    private readonly database: Database,
    private readonly ledger: InvoiceLedger,
    private readonly outbox: FinanceOutbox,
  ) {}

  /**
   * Reads the document, matches its lines to resources and tenants, and puts them in the place of the former ones, with the invoice's
   * figures and what finance is to be told, all in one transaction. Lines of a time whose names and owners have left the event log stay matched as they were
   * when it was known (INV-13). Undefined when a younger document was faster. Throws
   * `UnreadableDocumentError`; then nothing has changed.
   */
  replace(invoice: ClaimedInvoice, fetched: FetchedInvoice): Promise<LineSetReport | undefined> {
    return this.database.bulkLoad(async (tx) => {
      const { hasIds } = await stage(tx, fetched);
      await match(tx, invoice, hasIds);
      const before = await this.ledger.hold(tx, invoice);
      if (!before) return undefined;
      const mayRematch = !(before.pastIsGone && before.documentHash === fetched.hash);
      if (mayRematch) {
        await tx.query('delete from cloud_cost_lines where invoice_id = $1', [invoice.id]);
        await tx.query(INSERT_LINES, [invoice.id, invoice.account_id, invoice.period]);
      }
      const [totals] = await tx.query<Totals>(TOTALS, [invoice.id]);
      if (!totals) throw new Error('no totals');
      const { status, difference } = reconcile({ header: before.amount, lines: totals.amount, tax: totals.tax }, fetched.summary);
      if (status === 'mismatch') refuseCutDocument(totals, before, fetched.items);
      const released = status === 'mismatch' && before.released && before.documentHash === fetched.hash && before.difference === difference;
      const reconciliation = released ? 'released' : status;
      const outcome = { ...totals, documentHash: fetched.hash, summary: fetched.summary, reconciliation, difference } as const;
      await this.ledger.finish(tx, invoice, outcome);
      await this.outbox.announce(tx, invoice.id);
      return { lines: totals.lines, matched: totals.matched, reconciliation, difference };
    });
  }
}

/**
 * A document that ends early, between two lines, looks like an invoice that does not add up. It has fewer lines than the invoice has items, and those
 * add up; or, where the items are too many or none, fewer than the set that added up before.
 */
function refuseCutDocument({ lines }: Totals, before: HeldInvoice, items: ItemsRead | null): void {
  const itemsAddUp =
    items?.rows && items.complete && items.rows.reduce((sum, { amount }) => sum.plus(amount), new Big(0)).eq(before.amount);
  const wasMore = before.reconciledLines !== null && lines < before.reconciledLines;
  const expected = itemsAddUp ? items.total : items?.rows ? null : (items?.total ?? (wasMore ? before.reconciledLines : null));
  if (expected !== null && lines < expected) throw new IncompleteDocumentError(lines, expected);
}

/** The planner is told of few lines too: for as many as it would expect unasked, it reads the whole inventory. */
async function stage(tx: BulkLoad, { document, items }: FetchedInvoice): Promise<{ hasIds: boolean }> {
  await tx.query(`set local work_mem = '${WORK_MEMORY}'; set local jit = off`);
  await tx.query(CREATE_STAGE);
  await tx.copy(COPY_STAGE, rowsOf(document));
  await tx.query('analyze invoice_stage (line_no, target, name, project_name)');
  if (!items?.rows?.length) return { hasIds: false };
  await tx.query(CREATE_ITEMS);
  await tx.query(ADD_ITEMS, [JSON.stringify(items.rows)]);
  await tx.query(JOIN_ITEMS);
  return { hasIds: true };
}

async function match(tx: BulkLoad, { account_id: accountId, period }: ClaimedInvoice, hasIds: boolean): Promise<void> {
  if (hasIds) await tx.query(MATCH_BY_ID, [accountId]);
  else await tx.query(NO_IDS);
  await tx.query(NAMES, [accountId]);
  await tx.query(PROJECT_IDS, [accountId]);
  await tx.query('analyze invoice_names; analyze invoice_ids');
  await tx.query(MATCH_BY_NAME, [period]);
  await tx.query(OWNERS);
  await tx.query('analyze invoice_hits; analyze invoice_owners');
}

async function* rowsOf(document: DocumentFile): AsyncGenerator<string, void, void> {
  let lineNo = 0;
  for await (const lines of readDocument(document.read())) {
    const rows = lines.map((line) => stagedRow(++lineNo, line)).join('');
    lines.length = 0; // as text they are in memory once more
    yield rows;
  }
}

/** In the order of the staging table's columns. */
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
