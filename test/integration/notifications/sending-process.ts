import { NotificationsModule, WebhookSender } from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import { createTestWorker } from '../../support/test-worker';

/** A process that sends what is due, as a job of the worker does, until it is killed. */
async function main(): Promise<void> {
  const context = await createTestWorker([OutboundHttpModule, NotificationsModule], process.env);
  await context.get(WebhookSender, { strict: false }).send();
}

void main();
