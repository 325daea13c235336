import { BillingHistory, InvoiceIngest } from '#libs/provider-billing';
import { Database } from '#libs/database';
import { openBilling } from './billing-context';

const SAMPLE_EVERY_MS = 200;

/** The result of an ingest and its peak memory, measured after a garbage collection at each sample (`--expose-gc`). */
export interface Measured {
  readonly lines: number | undefined;
  readonly samples: number;
  readonly mostMb: number;
}

/** Ingests the invoice with the number that the parent sends, in a separate process with nothing else in its memory. */
async function main(): Promise<void> {
  const context = await openBilling(process.env);
  await context.get(BillingHistory, { strict: false }).read();
  process.on('message', (number) => void measured(String(number)).then((report) => process.send?.(report)));
  process.send?.('ready');

  async function measured(number: string): Promise<Measured> {
    const database = context.get(Database, { strict: false });
    const [invoice] = await database.query<{ id: string }>('select id from cloud_invoices where invoice_number = $1', [number]);
    const used = [usedMb()];
    const sampling = setInterval(() => used.push(usedMb()), SAMPLE_EVERY_MS);
    const report = await context.get(InvoiceIngest, { strict: false }).run(invoice?.id ?? '');
    clearInterval(sampling);
    return { lines: report?.lines, samples: used.length, mostMb: Math.max(...used) };
  }
}

function usedMb(): number {
  if (!global.gc) throw new Error('it needs --expose-gc');
  global.gc();
  global.gc(); // The second collection frees buffers that the first one found and that still count as external memory.
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_048_576;
}

void main();
