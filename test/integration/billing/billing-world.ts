import {
  FinancePush,
  BillingHistory,
  CostLineReader,
  InvoiceIngest,
  InvoiceLedger,
  InvoiceReader,
  InvoiceService,
} from '#libs/provider-billing';
import type { CostLineView, InvoiceView } from '#libs/provider-billing';
import { Database } from '#libs/database';
import { SweepService } from '#libs/inventory';
import type { RunningSimulator } from '../../../apps/simulator/src';
import { JWT_SECRET, UNLIMITED_CALLS } from '../../support/settings';
import type { SimulatorClient } from '../../support/simulator-client';
import { startTestProvider } from '../../support/test-provider';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { openBilling } from './billing-context';

/** Inventory and billing of this process against a simulated provider that also plays the finance service. */
export interface BillingWorld {
  readonly simulator: SimulatorClient;
  readonly provider: RunningSimulator;
  readonly stored: TestDatabase;
  readonly database: Database;
  get<T>(type: abstract new (...args: never[]) => T): T;
  /** Reads the billing history and the invoice headers, then ingests all due invoices one after another. */
  ingestAll(): Promise<void>;
  invoices(): Promise<InvoiceView[]>;
  lines(invoiceId?: string): Promise<CostLineView[]>;
  /** Returns the invoices that the finance service has stored. */
  books(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function newBillingWorld(
  env: Record<string, string> = {},
  seed: { empty?: boolean; seed?: number } = { empty: true },
): Promise<BillingWorld> {
  const [{ provider, simulator, settings }, stored] = await Promise.all([startTestProvider(seed), createTestDatabase()]);
  await simulator.change({ settings: { finance_secret: JWT_SECRET } });
  const context = await openBilling({
    ...UNLIMITED_CALLS,
    DATABASE_URL: stored.appUrl,
    ...settings,
    SKYAI_FINANCE_URL: `${provider.url}/finance`,
    ...env,
  });
  const get = <T>(type: abstract new (...args: never[]) => T): T => context.get(type as never, { strict: false });
  const everyPage = async <T>(read: (cursor?: string) => Promise<{ data: T[]; page: { next_cursor: string | null } }>): Promise<T[]> => {
    const all: T[] = [];
    for (let cursor: string | undefined; ;) {
      const { data, page } = await read(cursor);
      all.push(...data);
      if (page.next_cursor === null) return all;
      cursor = page.next_cursor;
    }
  };
  return {
    simulator,
    provider,
    stored,
    database: get(Database),
    get,
    ingestAll: async () => {
      await get(BillingHistory).read();
      for (const id of await get(InvoiceLedger).due(1_000)) await get(InvoiceIngest).run(id);
    },
    invoices: () => everyPage((cursor) => get(InvoiceReader).list({}, { limit: 200, cursor })),
    lines: (invoice_id) => everyPage((cursor) => get(CostLineReader).list({ invoice_id }, { limit: 200, cursor })),
    books: async () => ((await simulator.account()) as unknown as { finance_invoices: Record<string, unknown>[] }).finance_invoices,
    close: async () => {
      await context.close();
      await provider.close();
      await stored.drop();
    },
  };
}

export { FinancePush, InvoiceIngest, InvoiceLedger, InvoiceService, SweepService };
