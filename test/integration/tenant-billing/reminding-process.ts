import { DirectMessages, NotificationsModule } from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import { RequestQueue, TenantBillingModule } from '#libs/tenant-billing';
import { RequestedMessages } from '../../../apps/worker/src/jobs/requested-messages';
import { createTestWorker } from '../../support/test-worker';

/** A worker that delivers all notification requests that are due, until none is left or it is killed. */
async function main(): Promise<void> {
  const context = await createTestWorker([OutboundHttpModule, NotificationsModule, TenantBillingModule], process.env);
  const messages = new RequestedMessages(context.get(RequestQueue, { strict: false }), context.get(DirectMessages, { strict: false }));
  await messages.send();
  await context.close();
}

void main();
