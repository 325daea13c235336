import { InvoiceIngest } from '#libs/provider-billing';
import { loadConfig } from '#libs/config';
import { openBilling } from './billing-context';

/** Ingests one invoice again and again until it is killed; its settings are those of a worker. Tells its parent of each end. */
async function main(): Promise<void> {
  const context = await openBilling(loadConfig(process.env));
  const ingest = context.get(InvoiceIngest, { strict: false });
  for (;;) {
    const report = await ingest.run(process.env.INVOICE_ID ?? '').catch((error: unknown) => ({ error: String(error) }));
    process.send?.(report);
  }
}

void main();
