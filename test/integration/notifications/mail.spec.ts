import { MessageSender, Subscriptions, WebhookDeliveries, type OwnedSubscription, type SubscriptionView } from '#libs/notifications';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src/start-simulator';
import { simulatorEnvironment } from '../../../libs/platform/local-stack/src/start-plan';
import { ACME_HEADER, ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { until } from '../../support/until';
import { anEvent, NotificationsWorld } from './notifications-world';
import { first, silence, status } from './receiver';

interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly raw: string;
}

let simulator: RunningSimulator;
let world: NotificationsWorld;
beforeAll(async () => {
  simulator = await startSimulator({ empty: true });
  const { SMTP_URL } = simulatorEnvironment(simulator.url, simulator.token);
  world = await NotificationsWorld.open({ SMTP_URL: SMTP_URL ?? '', OUTBOUND_TIMEOUT_MS: '15000' });
});
afterAll(async () => {
  await world.close();
  await simulator.close();
});
afterEach(() => world.owner.query('delete from notification_subscriptions'));

const subscribe = async (body: object, who: Record<string, string> = ADMIN_HEADER, expected = 200) => {
  const { body: answer } = await world.http().put('/api/v1/notifications/subscriptions').set(who).send(body).expect(expected);
  return answer as { readonly data: SubscriptionView; readonly code: string };
};
const mails = async (): Promise<Mail[]> => {
  const found = (await (await fetch(`${simulator.url}/_simulator/mails`)).json()) as Mail[];
  return found.map((mail) => ({ ...mail, raw: mail.raw.replaceAll('=\r\n', '') })); // long lines are folded
};
const mailsTo = async (to: string) => (await mails()).filter((mail) => mail.to.includes(to));
const send = () => world.service(MessageSender).send();

it('tells an admin of all events and a tenant of its own, each of the chosen types, in one mail for what is due together [WHK-1]', async () => {
  await subscribe({ email: 'ops@example.com', types: ['saga.failed', 'tenant.changed'] });
  await subscribe({ email: 'acme@example.com', types: ['*'] }, ACME_HEADER);
  await world.happen(
    anEvent('acme', 'one'),
    anEvent('birch', 'two\r\nBcc: evil@example.com'),
    anEvent('acme', 'three', { type: 'tenant.created' }),
  );
  await send();
  await send();
  const [ops, ...moreOps] = await mailsTo('ops@example.com');
  const [acme, ...moreAcme] = await mailsTo('acme@example.com');
  expect([...moreOps, ...moreAcme]).toEqual([]);
  expect(ops?.subject).toBe('arcadia-cloud: 2 events (2 tenant.changed)');
  expect(ops?.raw).toContain('tenant.changed one');
  expect(ops?.raw).not.toMatch(/^Bcc:/m);
  expect(acme?.raw).toContain('three');
  expect(acme?.raw).not.toContain('two');
  expect(acme?.raw).toContain('by operator');
  expect((await mailsTo('evil@example.com')).length).toBe(0);
});

it('tells of a disabled webhook, whatever the types are', async () => {
  await subscribe({ email: 'owner@example.com', types: [] }, ACME_HEADER);
  await world.happen(anEvent('acme', 'one'), anEvent('acme', 'example.com', { type: 'webhook.disabled' }));
  await send();
  expect((await mailsTo('owner@example.com')).map(({ subject }) => subject)).toEqual(['arcadia-cloud: webhook.disabled example.com']);
});

it('keeps a daily digest until seven in the morning, and sends it as one mail', async () => {
  await subscribe({ email: 'daily@example.com', types: ['*'], digest: 'daily' });
  await world.happen(anEvent('acme', 'one'));
  await world.happen(anEvent('acme', 'two'));
  await send();
  expect(await mailsTo('daily@example.com')).toEqual([]);
  const { rows } = await world.owner.query<{ at: string }>(
    `select distinct to_char(next_attempt_at at time zone 'utc', 'HH24:MI') as at from notification_messages`,
  );
  expect(rows).toEqual([{ at: '07:00' }]);
  await world.owner.query('update notification_messages set next_attempt_at = clock_timestamp()');
  await send();
  expect((await mailsTo('daily@example.com')).map(({ subject }) => subject)).toEqual(['arcadia-cloud: 2 events (2 tenant.changed)']);
});

it('writes to a chat through the guarded way out, tries again after a failure, and shows only its host [WHK-2, WHK-3]', async () => {
  world.receiver.behave('/chat/secret-part', first(1, status(500)));
  const { data } = await subscribe({ chat_url: world.receiver.url('/chat/secret-part'), types: ['*'] }, tenantHeader('birch'));
  expect(data).toMatchObject({ email: null, chat_host: expect.stringMatching(/^127\.0\.0\.1:/) as string });
  await subscribe({ types: ['*'] }, tenantHeader('birch')); // the address stays
  await world.happen(anEvent('birch', 'one <script> @here'));
  await send();
  expect(world.receiver.at('/chat/secret-part')).toHaveLength(1);
  await world.owner.query('update notification_messages set next_attempt_at = clock_timestamp()');
  await send();
  const [, received] = world.receiver.at('/chat/secret-part');
  const { text } = JSON.parse(received?.body ?? '{}') as { text: string };
  expect(text).toContain('tenant.changed one  script   here');
  const { rows } = await world.owner.query<{ text: string }>(
    `select (select json_agg(s)::text from notification_subscriptions s) || (select json_agg(a)::text from audit_log a) as text`,
  );
  const read = await world.get('notifications/subscriptions', tenantHeader('birch'));
  expect((rows[0]?.text ?? 'secret-part') + JSON.stringify(read)).not.toContain('secret-part');
  for (const chat_url of ['https://169.254.169.254/', 'http://10.0.0.1/x', 'https://[::1]/']) {
    expect((await subscribe({ chat_url, types: ['*'] }, ADMIN_HEADER, 400)).code).toBe('outbound_address_refused');
  }
  await subscribe({ chat_url: null, types: ['*'] }, tenantHeader('birch'));
  await world.happen(anEvent('birch', 'after the end'));
  await send();
  expect(world.receiver.at('/chat/secret-part')).toHaveLength(2);
});

it('gives up only the events that have used up their attempts, not those that are due with them', async () => {
  world.receiver.behave('/chat/fails', status(500));
  await subscribe({ chat_url: world.receiver.url('/chat/fails'), types: ['*'] });
  await world.happen(anEvent('acme', 'old'));
  await world.owner.query('update notification_messages set attempts = 9');
  await world.happen(anEvent('acme', 'new'));
  await send();
  const { rows } = await world.owner.query<{ status: string; attempts: number; pause_s: number }>(
    `select status, attempts, extract(epoch from next_attempt_at - clock_timestamp())::int as pause_s from notification_messages order by sequence`,
  );
  expect(rows).toMatchObject([
    { status: 'failed', attempts: 10 },
    { status: 'pending', attempts: 1 },
  ]);
  expect(rows[1]?.pause_s).toBeLessThan(10);
  expect(world.receiver.at('/chat/fails')).toHaveLength(1); // one message of both
});

it('lists the subscriptions of all for an admin, who ends that of an admin who has left, with what waits for it [WHK-3]', async () => {
  await subscribe({ email: 'ops@example.com', types: ['*'], digest: 'daily' });
  await subscribe({ chat_url: world.receiver.url('/chat/of-birch'), types: ['saga.failed'] }, tenantHeader('birch'));
  await world.happen(anEvent('acme', 'one'));
  const list = (query = '') => world.get<OwnedSubscription[]>(`notification-subscriptions${query}`);
  const owners = async (query: string) => (await list(query)).map(({ owner }) => owner);
  expect(await owners('')).toEqual(['admin ops', 'tenant birch']);
  expect(await owners('?role=platform_admin')).toEqual(['admin ops']);
  expect(await owners('?tenant_id=birch')).toEqual(['tenant birch']);
  expect(await owners('?q=OPS@example')).toEqual(['admin ops']);
  expect(JSON.stringify(await list())).not.toContain('of-birch');
  const end = (owner: string, who: Record<string, string>, expected: number) =>
    world
      .http()
      .delete(`/api/v1/notification-subscriptions/${encodeURIComponent(owner)}`)
      .set(who)
      .expect(expected);
  await end('admin ops', ACME_HEADER, 403);
  await world.http().get('/api/v1/notification-subscriptions').set(ACME_HEADER).expect(403);
  await end('ops\0', ADMIN_HEADER, 400);
  const { body } = await end('admin ops', ADMIN_HEADER, 200);
  expect(body).toMatchObject({ data: { owner: 'admin ops', tenant_id: null, email: 'ops@example.com', digest: 'daily' } });
  expect(((await end('admin ops', ADMIN_HEADER, 404)).body as { code: string }).code).toBe('notification_subscription_not_found');
  expect(await owners('')).toEqual(['tenant birch']);
  const { rows } = await world.owner.query(`
    select a.target_id, a.details ->> 'email' as email, (select count(*)::int from notification_messages where owner = 'admin ops') as waiting
      from audit_log a where a.action = 'notifications_ended'`);
  expect(rows).toEqual([{ target_id: 'admin ops', email: 'ops@example.com', waiting: 0 }]);
});

it('sends to others while a chat does not answer, and hands back what is on its way when it ends [WHK-1]', async () => {
  world.receiver.behave('/chat/silent', silence);
  await subscribe({ chat_url: world.receiver.url('/chat/silent'), types: ['*'] });
  await subscribe({ email: 'quick@example.com', types: ['*'] }, ACME_HEADER);
  await world.happen(anEvent('acme', 'one'));
  await world.owner.query(
    `update notification_messages set next_attempt_at = next_attempt_at - interval '1 minute' where channel = 'chat'`,
  );
  const ending = new AbortController();
  const sending = world.service(MessageSender).send(ending.signal);
  await world.receiver.reached('/chat/silent', 1);
  await until(async () => (await mailsTo('quick@example.com')).length === 1, { what: 'the mail beside the silent chat' });
  ending.abort();
  await sending;
  const { rows } = await world.owner.query(
    `select status, attempts, lease_until, error_code from notification_messages where channel = 'chat'`,
  );
  expect(rows).toEqual([{ status: 'pending', attempts: 0, lease_until: null, error_code: null }]);
});

it('writes each message once, and none for a subscriber without a channel, however many processes write', async () => {
  await subscribe({ email: 'once@example.com', types: ['*'] });
  await subscribe({ types: ['*'] }, ACME_HEADER);
  await world.happen(anEvent('acme', 'one'));
  await Promise.all([1, 2, 3].map(() => world.service(WebhookDeliveries).fanOut()));
  await Promise.all([1, 2, 3].map(send));
  expect(await mailsTo('once@example.com')).toHaveLength(1);
  const { rows } = await world.owner.query('select owner from notification_messages');
  expect(rows).toEqual([{ owner: 'admin ops' }]);
  expect(await world.service(Subscriptions).get({ sub: 'other', role: 'platform_admin' })).toMatchObject({ email: null, types: [] });
});
