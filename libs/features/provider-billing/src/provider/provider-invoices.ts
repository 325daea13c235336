import { DigitalOcean, IncompleteListError, NotFoundAtProviderError } from '#libs/digitalocean';
import { errorFields } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import type { Writable } from 'node:stream';
import {
  parseHistoryEntry,
  parseInvoiceHeader,
  parseItem,
  parsePreview,
  parseSummary,
  type HistoryEntry,
  type InvoiceHeader,
  type InvoiceItem,
  type InvoiceSummary,
  type ListedPreview,
} from './invoice-responses';

const purpose = 'billing';
const BASE = '/v2/customers/my';
/** Items of larger invoices are not read: that takes more than a hundred calls (docs/digitalocean-facts.md 9.4). */
const MOST_ITEMS = 20_000;
/** The provider takes long to produce a document of a million lines. */
const DOCUMENT_LIMIT_MS = 600_000;

/** The readable rows of a list, and whether the list was provably complete; a row that cannot be read costs itself only. */
export interface ListRead<T> {
  readonly rows: T[];
  readonly complete: boolean;
}

/** The items of an invoice. `rows` is null when there are too many to read; `total` is known all the same. */
export interface ItemsRead {
  readonly rows: readonly InvoiceItem[] | null;
  readonly total: number;
  readonly complete: boolean;
}

/**
 * Reads billing data of the provider. Rows of these lists have no ids and are identified by their position. Each call names the fingerprint of the
 * token that was checked, and is sent with no other one: the reading would be of another account. [INV-6]
 */
@Injectable()
export class ProviderInvoices {
  private readonly log = new Logger('Billing');

  constructor(private readonly provider: DigitalOcean) {}

  /** Only this list may lack a total; without one it is complete when it has a single page. Throws the client's errors. */
  async history(fingerprint: string): Promise<ListRead<HistoryEntry>> {
    const { rows, incomplete, pages } = await this.readList(fingerprint, `${BASE}/billing_history`, 'billing_history', parseHistoryEntry);
    const complete = incomplete === undefined || (incomplete.reason === 'no_total' && pages === 1);
    if (!complete) this.logIncomplete(incomplete);
    return { rows, complete };
  }

  async headers(fingerprint: string): Promise<ListRead<InvoiceHeader>> {
    const { rows, incomplete } = await this.readList(fingerprint, `${BASE}/invoices`, 'invoices', parseInvoiceHeader);
    if (incomplete) this.logIncomplete(incomplete);
    return { rows, complete: incomplete === undefined };
  }

  /** The invoice of the current month, which the provider computes daily; null when there is none. */
  preview(fingerprint: string): Promise<ListedPreview | null> {
    return this.provider.get({ purpose, fingerprint, path: `${BASE}/invoices`, query: { per_page: '1' }, parse: parsePreview });
  }

  /** Null when the provider has no summary. The document counts, the summary only checks it. */
  async summary(fingerprint: string, invoiceUuid: string): Promise<InvoiceSummary | null> {
    return nullIfMissing(this.provider.get({ purpose, fingerprint, path: `${pathOf(invoiceUuid)}/summary`, parse: parseSummary }));
  }

  /** The items with their ids; null when the provider has none. */
  async items(fingerprint: string, invoiceUuid: string, signal?: AbortSignal): Promise<ItemsRead | null> {
    const read = await nullIfMissing(this.readList(fingerprint, pathOf(invoiceUuid), 'invoice_items', parseItem, MOST_ITEMS, signal));
    if (!read) return null;
    const { rows, incomplete, isTooLong, total } = read;
    if (incomplete) this.log.warn({ event: 'invoice_items_incomplete', invoice_uuid: invoiceUuid, ...errorFields(incomplete) });
    return { rows: isTooLong ? null : rows, total, complete: !isTooLong && incomplete === undefined };
  }

  async downloadDocument(fingerprint: string, invoiceUuid: string, openSink: () => Writable, signal?: AbortSignal): Promise<void> {
    await this.provider.download({
      purpose,
      fingerprint,
      path: `${pathOf(invoiceUuid)}/csv`,
      openSink,
      timeoutMs: DOCUMENT_LIMIT_MS,
      signal,
    });
  }

  private async readList<T>(
    fingerprint: string,
    path: string,
    key: string,
    parse: (raw: unknown) => T,
    mostRows = Infinity,
    signal?: AbortSignal,
  ) {
    const rows: T[] = [];
    const counts = { pages: 0, total: 0 };
    let position = 0;
    try {
      const request = {
        purpose,
        fingerprint,
        path,
        key,
        signal,
        parse: (raw: unknown) => ({ row: parse(raw), id: String(++position) }),
        idOf: positionOf,
      } as const;
      for await (const { items, total, page } of this.provider.list(request)) {
        Object.assign(counts, { pages: page, total });
        if (total > mostRows) return { rows: [], isTooLong: true, incomplete: undefined, ...counts };
        for (const { row } of items) rows.push(row);
      }
      return { rows, isTooLong: false, incomplete: undefined, ...counts };
    } catch (error) {
      if (error instanceof IncompleteListError) return { rows, isTooLong: false, incomplete: error, ...counts };
      throw error;
    }
  }

  private logIncomplete(error: IncompleteListError): void {
    this.log.warn({ event: 'billing_list_incomplete', ...errorFields(error) });
  }
}

const positionOf = ({ id }: { readonly id: string }): string => id;

function pathOf(invoiceUuid: string): string {
  return `${BASE}/invoices/${encodeURIComponent(invoiceUuid)}`;
}

async function nullIfMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFoundAtProviderError) return null;
    throw error;
  }
}
