import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { EventLog, type NewEvent } from '#libs/events';
import { ADMIN_HEADER } from '../../support/principals';
import { JWT_SECRET } from '../../support/settings';
import { until } from '../../support/until';
import { anEvent, NotificationsWorld } from './notifications-world';

const append = (world: NotificationsWorld, event: NewEvent) =>
  world.database.transaction((tx) => world.service(EventLog).append(tx, event)); // the worker does all the rest

it('sends webhooks while the mail server takes a connection and never speaks [WHK-1]', async () => {
  const waiting = new Set<Socket>();
  const mailServer = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(mailServer, 'listening');
  const world = await NotificationsWorld.open({ SMTP_URL: `smtp://127.0.0.1:${(mailServer.address() as AddressInfo).port}` });
  const worker = spawn(process.execPath, [join(__dirname, '../../../dist/apps/worker/src/main.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...world.env,
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      LOG_LEVEL: 'error',
      JWT_SECRET,
      WORKER_PORT: '0',
      WORKER_QUEUES: 'notifications',
    },
  });
  const exited = once(worker, 'exit');
  try {
    await world.webhook('/hook', ['saga.failed']);
    const subscription = { email: 'ops@example.com', types: ['tenant.changed'] };
    await world.http().put('/api/v1/notifications/subscriptions').set(ADMIN_HEADER).send(subscription).expect(200);
    await append(world, anEvent('acme', 'for the mail'));
    const connection = await until(() => waiting.values().next().value, { what: 'a mail on its way' });
    await append(world, anEvent('acme', 'for the webhook', { type: 'saga.failed' }));
    await world.receiver.reached('/hook', 1);
    expect(connection.closed).toBe(false); // the worker still waits for the mail server
  } finally {
    worker.kill('SIGKILL');
    await exited;
    await world.close();
    mailServer.close();
  }
});
