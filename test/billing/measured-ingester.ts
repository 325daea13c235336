import { BillingHistory, InvoiceIngest } from '#libs/provider-billing';
import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';
import { openBilling } from './billing-context';

const LOOK_EVERY_MS = 200;

/** What an ingest came to, and the most that was in use meanwhile, garbage taken away before each look (`--expose-gc`). */
export interface Measured {
  readonly lines: number | undefined;
  readonly looks: number;
  readonly mostMb: number;
}

/** Ingests the invoice whose number its parent says, in a process of its own, whose memory nobody else uses. */
async function main(): Promise<void> {
  const context = await openBilling(loadConfig(process.env));
  await context.get(BillingHistory, { strict: false }).read();
  process.on('message', (number) => void measured(String(number)).then((report) => process.send?.(report)));
  process.send?.('ready');

  async function measured(number: string): Promise<Measured> {
    const database = context.get(Database, { strict: false });
    const [invoice] = await database.query<{ id: string }>('select id from cloud_invoices where invoice_number = $1', [number]);
    const used = [usedMb()];
    const look = setInterval(() => used.push(usedMb()), LOOK_EVERY_MS);
    const report = await context.get(InvoiceIngest, { strict: false }).run(invoice?.id ?? '');
    clearInterval(look);
    return { lines: report?.lines, looks: used.length, mostMb: Math.max(...used) };
  }
}

function usedMb(): number {
  if (!global.gc) throw new Error('it needs --expose-gc');
  global.gc();
  global.gc(); // buffers that the first one found are given back, and counted as such, by the next
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_048_576;
}

void main();
