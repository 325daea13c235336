import { DigitalOcean, IncompleteListError, NotFoundAtProviderError } from '#libs/digitalocean';
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
  type InvoicePreview,
  type InvoiceSummary,
} from './invoice-answers';

const purpose = 'billing';
const BASE = '/v2/customers/my';
/** Of more lines the ids are not asked for: it would take more than a hundred calls (docs/digitalocean-facts.md 9.4). */
const MOST_ITEMS = 20_000;
/** A document of a million lines takes the provider a while. */
const DOCUMENT_LIMIT_MS = 600_000;

/** Rows of a list and whether they are provably all of it. */
export interface Read<T> {
  readonly rows: T[];
  readonly complete: boolean;
}

/** The items of an invoice. `rows` is null when there are too many to ask for; how many there are is known all the same. */
export interface ItemsRead {
  readonly rows: readonly InvoiceItem[] | null;
  readonly total: number;
  readonly complete: boolean;
}

/** What the provider tells about money. Rows of these lists have no ids: they are told apart by their place. */
@Injectable()
export class ProviderInvoices {
  private readonly log = new Logger('Billing');

  constructor(private readonly provider: DigitalOcean) {}

  /** This list alone need not have a total; without one it is complete when it is one page. Throws the client's errors. */
  async history(): Promise<Read<HistoryEntry>> {
    const { rows, reason, pages } = await this.readAll(`${BASE}/billing_history`, 'billing_history', parseHistoryEntry);
    return { rows, complete: reason === undefined || (reason === 'no_total' && pages === 1) };
  }

  async headers(): Promise<Read<InvoiceHeader>> {
    const { rows, reason } = await this.readAll(`${BASE}/invoices`, 'invoices', parseInvoiceHeader);
    return { rows, complete: reason === undefined };
  }

  /** The month to date as the provider makes it up daily, or null when there is none. */
  preview(): Promise<InvoicePreview | null> {
    return this.provider.get({ purpose, path: `${BASE}/invoices`, query: { per_page: '1' }, parse: parsePreview });
  }

  /** Null when the provider has no summary of it: the document counts, the summary only checks it. */
  async summary(invoiceUuid: string): Promise<InvoiceSummary | null> {
    return unlessMissing(this.provider.get({ purpose, path: `${pathOf(invoiceUuid)}/summary`, parse: parseSummary }));
  }

  /** The items with their ids; null when there are none to be had. */
  async items(invoiceUuid: string, signal?: AbortSignal): Promise<ItemsRead | null> {
    const read = await unlessMissing(this.readAll(pathOf(invoiceUuid), 'invoice_items', parseItem, MOST_ITEMS, signal));
    if (!read) return null;
    const { rows, reason, total } = read;
    if (reason && reason !== 'too_many') this.log.warn({ event: 'invoice_items_incomplete', invoice_uuid: invoiceUuid, reason });
    return { rows: reason === 'too_many' ? null : rows, total, complete: reason === undefined };
  }

  async document(invoiceUuid: string, openSink: () => Writable, signal?: AbortSignal): Promise<void> {
    await this.provider.download({ purpose, path: `${pathOf(invoiceUuid)}/csv`, openSink, timeoutMs: DOCUMENT_LIMIT_MS, signal });
  }

  private async readAll<T>(path: string, key: string, parse: (raw: unknown) => T, most = Infinity, signal?: AbortSignal) {
    const rows: T[] = [];
    const seen = { pages: 0, total: 0 };
    let place = 0;
    try {
      const request = {
        purpose,
        path,
        key,
        signal,
        parse: (raw: unknown) => ({ row: parse(raw), id: String(++place) }),
        idOf: placeOf,
      } as const;
      for await (const { items, total, page } of this.provider.list(request)) {
        Object.assign(seen, { pages: page, total });
        if (total > most) return { rows: [], reason: 'too_many' as const, ...seen };
        for (const { row } of items) rows.push(row);
      }
      return { rows, reason: undefined, ...seen };
    } catch (error) {
      if (error instanceof IncompleteListError) return { rows, reason: error.reason, ...seen };
      throw error;
    }
  }
}

const placeOf = ({ id }: { readonly id: string }): string => id;

function pathOf(invoiceUuid: string): string {
  return `${BASE}/invoices/${encodeURIComponent(invoiceUuid)}`;
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFoundAtProviderError) return null;
    throw error;
  }
}
