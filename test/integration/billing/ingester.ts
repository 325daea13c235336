import { InvoiceIngest } from '#libs/provider-billing';
import { openBilling } from './billing-context';

/** Ingests one invoice repeatedly until it is killed, with the settings of a worker. It reports each result to its parent process. */
async function main(): Promise<void> {
  const context = await openBilling(process.env);
  const ingest = context.get(InvoiceIngest, { strict: false });
  for (;;) {
    const report = await ingest.run(process.env.INVOICE_ID ?? '').catch((error: unknown) => ({ error: String(error) }));
    process.send?.(report);
  }
}

void main();
