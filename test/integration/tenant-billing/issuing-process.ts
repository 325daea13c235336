import { InvoiceIssue, TenantBillingModule, TenantInvoiceReader } from '#libs/tenant-billing';
import { DomainError } from '#libs/kernel';
import { createTestWorker } from '../../support/test-worker';
import { BECAUSE } from './rating-world';

/** A process that issues every approved invoice that it finds, until none is left or it is killed. */
async function main(): Promise<void> {
  const context = await createTestWorker([TenantBillingModule], process.env);
  const issuing = context.get(InvoiceIssue, { strict: false });
  const reader = context.get(TenantInvoiceReader, { strict: false });
  process.stdout.write('ready\n');
  for (;;) {
    const ids = await reader.idsOf({ status: ['ready'] }, 1_000);
    if (ids.length === 0) break;
    for (const id of ids.sort(() => Math.random() - 0.5)) {
      try {
        await issuing.issue(id, null, BECAUSE);
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'verb_not_possible') throw error;
      }
    }
  }
  process.stdout.write('done\n');
  await context.close();
}

void main();
