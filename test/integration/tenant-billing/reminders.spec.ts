import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ChainSealer } from '#libs/audit';
import { EventReader, EventSequencer } from '#libs/events';
import { DirectMessages, NotificationsModule } from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import { Dunning, NotificationRequests, RequestQueue, TenantBillingModule, type NotificationRequestView } from '#libs/tenant-billing';
import type { INestApplicationContext } from '@nestjs/common';
import { RequestedMessages } from '../../../apps/worker/src/jobs/requested-messages';
import { createTestWorker } from '../../support/test-worker';
import { until } from '../../support/until';
import { newMoneyWorld, payment, type MoneyWorld } from './money-world';

interface Mail {
  readonly to: string;
  readonly text: string;
}

/** A mail server that takes mails. While `holds`, it answers no mail, as when the answer is lost. */
class MailReceiver {
  readonly mails: Mail[] = [];
  holds = false;
  refuses = '';
  private constructor(private readonly server: Server) {}

  static async open(): Promise<MailReceiver> {
    const server = createServer();
    const receiver = new MailReceiver(server);
    server.on('connection', (socket) => {
      let to = '';
      let text: string | undefined;
      socket.on('error', () => undefined);
      socket.write('220 test\r\n');
      socket.on('data', (chunk) => {
        if (text !== undefined) {
          text += chunk.toString();
          if (!text.endsWith('\r\n.\r\n')) return;
          receiver.mails.push({ to, text: text.replaceAll('=\r\n', '').replaceAll('\r\n', '\n') });
          text = undefined;
          if (!receiver.holds) socket.write('250 taken\r\n');
          return;
        }
        const line = chunk.toString();
        if (line.startsWith('RCPT')) to = /<([^>]*)>/.exec(line)?.[1] ?? '';
        if (line.startsWith('DATA')) text = '';
        const isRefused = line.startsWith('RCPT') && receiver.refuses !== '' && to === receiver.refuses;
        socket.write(line.startsWith('DATA') ? '354 go\r\n' : isRefused ? '451 later\r\n' : '250 ok\r\n');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}?ignoreTLS=true`;
  }

  to(address: string): Mail[] {
    return this.mails.filter((mail) => mail.to === address);
  }

  close(): void {
    this.server.close();
  }
}

let world: MoneyWorld;
let mail: MailReceiver;
let worker: INestApplicationContext;
beforeAll(async () => {
  mail = await MailReceiver.open();
  world = await newMoneyWorld(['acme', 'birch', 'cedar']);
  worker = await createTestWorker([OutboundHttpModule, NotificationsModule, TenantBillingModule], {
    DATABASE_URL: world.appUrl,
    SMTP_URL: mail.url,
  });
  await world.owner.query(
    `insert into billing_profiles (tenant_id, email, changed_by) values ('acme', 'billing@acme.example', 'a test'), ('cedar', 'pay@cedar.example', 'a test')`,
  );
  await world.owner.query(
    `insert into notification_subscriptions (owner, tenant_id, email, types, digest, changed_by) values
       ('admin ops', null, 'ops@example.com', '{*}', 'daily', 'a test'), ('admin ada', null, 'ada@example.com', '{tenant_invoice.overdue}', 'at_once', 'a test'),
       ('admin eve', null, 'eve@example.com', '{saga.failed}', 'at_once', 'a test'), ('tenant acme', 'acme', 'all@acme.example', '{*}', 'at_once', 'a test')`,
  );
});
afterAll(async () => {
  await worker.close();
  await world.close();
  mail.close();
});

const startWorker = () => {
  const runner = join(__dirname, '../../support/run-typescript.cjs');
  return spawn(process.execPath, ['-r', runner, join(__dirname, 'reminding-process.ts')], {
    env: { ...process.env, DATABASE_URL: world.appUrl, SMTP_URL: mail.url },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
};
const deliver = () =>
  new RequestedMessages(worker.get(RequestQueue, { strict: false }), worker.get(DirectMessages, { strict: false })).send();
const requests = async (tenant_id: string): Promise<NotificationRequestView[]> =>
  (await world.service(NotificationRequests).list({ limit: 50 }, { tenant_id })).data.toReversed();
const letPausesPass = () =>
  world.owner.query('update notification_requests set next_attempt_at = clock_timestamp(), lease_until = null where status = $1', [
    'waiting',
  ]);

it('mails reminders to the address of the billing profile and to admins, until the invoice is settled, also when a worker is killed [WHK-4]', async () => {
  const id = await world.issued({ tenant: 'acme', nets: [10_000], overdue: 25 });
  await world.issued({ tenant: 'birch', nets: [5_000], overdue: 4 });
  const settled = await world.issued({ tenant: 'cedar', nets: [7_000], overdue: 4 });
  await world.service(Dunning).run();
  await world.pay(settled, payment(7_700));

  mail.holds = true;
  const killed = startWorker();
  await until(() => mail.mails.length > 0, { what: 'a mail whose answer is lost' });
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect((await requests('acme')).every(({ status, delivered_at }) => status === 'waiting' && delivered_at === null)).toBe(true);
  mail.holds = false;
  mail.refuses = 'ada@example.com';
  await letPausesPass(); // the lease of the killed worker, too
  await deliver();

  const reminders = mail.to('billing@acme.example').filter(({ text }) => text.includes('is overdue'));
  expect(reminders).toHaveLength(2); // the one whose answer was lost, and its repetition with the same id
  expect(new Set(reminders.map(({ text }) => /Message-ID: (.*)/i.exec(text)?.[1])).size).toBe(1);
  const { number } = await world.invoice(id);
  expect(reminders[1]?.text).toContain(`Invoice: ${number}`);
  expect(reminders[1]?.text).toContain('Open amount: 110.00 USD');
  expect(mail.to('billing@acme.example').at(-1)?.text).toContain('You cannot order new resources until the invoice is paid.');
  expect(await requests('acme')).toMatchObject([
    {
      kind: 'dunning_remind',
      status: 'delivered',
      delivered_to: ['mail billing@acme.example'],
      delivered_at: expect.any(String) as string,
    },
    { kind: 'dunning_notify_admin', status: 'waiting', attempts: 1, error_code: 'mail_refused', delivered_to: ['mail ops@example.com'] },
    { kind: 'dunning_block_orders', status: 'delivered', error_code: null },
  ]);
  expect(await requests('birch')).toMatchObject([{ status: 'waiting', attempts: 0, error_code: 'no_receiver', delivered_to: [] }]);
  expect(await requests('cedar')).toMatchObject([{ status: 'not_needed', delivered_at: null, next_attempt_at: null }]);
  expect(mail.to('pay@cedar.example')).toEqual([]);

  mail.refuses = '';
  await world.owner.query(`insert into billing_profiles (tenant_id, email, changed_by) values ('birch', 'late@birch.example', 'a test')`);
  await letPausesPass();
  await deliver();
  expect((await requests('acme'))[1]).toMatchObject({
    status: 'delivered',
    delivered_to: ['mail ops@example.com', 'mail ada@example.com'],
  });
  expect(mail.to('ops@example.com')).toHaveLength(1);
  expect(mail.to('late@birch.example')).toHaveLength(1);
  expect([...mail.to('eve@example.com'), ...mail.to('all@acme.example')]).toEqual([]);
});

it('writes one event of an invoice that becomes overdue, and one when nothing is due any more', async () => {
  const id = await world.issued({ tenant: 'birch', nets: [1_000], overdue: 1 });
  await Promise.all([world.service(Dunning).run(), world.service(Dunning).run()]);
  await world.service(Dunning).run();
  await world.pay(id, payment(600));
  await world.pay(id, payment(500));
  await world.service(ChainSealer).seal();
  await world.service(EventSequencer).number();
  const { data } = await world.service(EventReader).list({ kind: 'tenant', tenantId: 'birch' }, {}, { limit: 200 });
  const types = data.filter(({ subject }) => subject.id === id).map(({ type }) => type);
  expect(types).toEqual(['tenant_invoice.overdue', 'payment.recorded', 'payment.recorded', 'tenant_invoice.paid']);
  expect(data.find(({ type, subject }) => type === 'tenant_invoice.overdue' && subject.id === id)?.data).toMatchObject({
    due: '11.00',
    currency: 'USD',
    due_on: (await world.invoice(id)).due_on,
  });
});
