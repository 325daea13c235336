import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { EventLog } from '#libs/events';
import {
  NotificationsModule,
  WebhookDeliveries,
  WebhookEndpoints,
  WebhookSender,
  type WebhookView,
  type WebhookWithSecret,
} from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { change } from '../../support/factories';
import { ACME_HEADER, ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { JWT_SECRET } from '../../support/settings';
import { createTestWorker } from '../../support/test-worker';
import { until } from '../../support/until';
import { anEvent, NotificationsWorld, SECRETS_KEY } from './notifications-world';
import { drop, first, ok, silence, status } from './receiver';

let world: NotificationsWorld;
beforeAll(async () => {
  world = await NotificationsWorld.open();
});
afterAll(() => world.close());
afterEach(() => world.owner.query('delete from webhook_endpoints'));

const BIRCH_HEADER = tenantHeader('birch');
const problem = async (path: string, body: object, who: Record<string, string>, expected: number) => {
  const answer = await world.http().post(`/api/v1/${path}`).set(who).send(body).expect(expected);
  return answer.body as { readonly code: string; readonly detail: string };
};
const names = (path: string) => world.receiver.at(path).map(({ data }) => (data['subject'] as { readonly name: string } | undefined)?.name);

describe('messages', () => {
  it('are signed as Standard Webhooks has it, thin, and in the scope of the endpoint [WHK-1, EVT-2]', async () => {
    const all = await world.webhook('/all');
    const acme = await world.webhook('/acme', ['*'], ACME_HEADER);
    const types = await world.webhook('/types', ['saga.failed']);
    await world.happen(anEvent('acme', 'one', { data: { monthly: '12.00' } }), anEvent('birch', 'two'), anEvent(null, 'three'));
    await world.happen(anEvent('birch', 'four', { type: 'saga.failed' }));
    await world.send();
    expect(new Set(names('/all'))).toEqual(new Set(['four', 'one', 'three', 'two']));
    expect(names('/acme')).toEqual(['one']);
    expect(names('/types')).toEqual(['four']);
    for (const [path, { secret }] of [
      ['/all', all],
      ['/acme', acme],
      ['/types', types],
    ] as const) {
      for (const { body, headers } of world.receiver.at(path)) {
        expect(new Webhook(secret).verify(body, headers)).toMatchObject({ data: { sequence: expect.any(Number) as number } });
        expect(body).not.toContain('12.00');
      }
    }
    expect(world.receiver.at('/acme')[0]?.data).toMatchObject({ tenant_id: 'acme', actor: 'operator' });
    expect(world.receiver.at('/all').find(({ data }) => data['tenant_id'] === 'acme')?.data).toMatchObject({ actor: 'ada' });
    expect(await world.deliveries(all.id)).toHaveLength(4);
  });

  it('are written once for each endpoint and event, by any number of processes, and not for a change that was rolled back [WHK-1]', async () => {
    const { id } = await world.webhook('/once');
    const lost = world.database.transaction(async (tx) => {
      await world.service(EventLog).append(tx, anEvent('acme', 'rolled back'));
      throw new Error('the change fails');
    });
    await expect(lost).rejects.toThrow('the change fails');
    await world.database.transaction((tx) =>
      world.service(EventLog).append(
        tx,
        Array.from({ length: 40 }, (_, nth) => anEvent('acme', `event ${nth}`)),
      ),
    );
    await world.number();
    const deliveries = world.service(WebhookDeliveries);
    await Promise.all(Array.from({ length: 4 }, () => deliveries.fanOut()));
    expect(await deliveries.fanOut()).toBe(0);
    await Promise.all(Array.from({ length: 3 }, () => world.service(WebhookSender).send()));
    expect(names('/once')).not.toContain('rolled back');
    expect(new Set(world.receiver.at('/once').map((received) => received.id)).size).toBe(40);
    expect(world.receiver.at('/once')).toHaveLength(40);
    const ends = (await world.deliveries(id)).map(({ status, attempts }) => `${status} ${attempts}`);
    expect([...new Set(ends)]).toEqual(['delivered 1']);
  });

  it('are not written for a tenant that is closed [TNT-1]', async () => {
    await world.webhook('/closed', ['*'], tenantHeader('carol'));
    await change(world.owner, 'tenants', 'carol', { status: 'closed', closed_at: new Date() });
    await world.happen(anEvent('carol', 'too late'));
    await world.send();
    await change(world.owner, 'tenants', 'carol', { status: 'active', closed_at: null });
    expect(world.receiver.at('/closed')).toEqual([]);
  });

  it('are only those of events after the creation of the endpoint', async () => {
    await world.database.transaction((tx) => world.service(EventLog).append(tx, anEvent('acme', 'before')));
    await world.number();
    await world.webhook('/after');
    await world.happen(anEvent('acme', 'after'));
    await world.send();
    expect(names('/after')).toEqual(['after']);
  });
});

describe('a receiver that fails', () => {
  it.each([
    ['drops the connection', '/drops', drop, { error_code: 'outbound_unreachable', last_status: null }],
    ['never answers', '/silent', silence, { error_code: 'outbound_unreachable', last_status: null }],
    ['answers 500', '/500', status(500), { error_code: 'refused_by_receiver', last_status: 500 }],
    ['redirects', '/302', status(302, { location: 'http://127.0.0.1:1/' }), { error_code: 'refused_by_receiver', last_status: 302 }],
  ])('and %s gets the message again, with the same id, until it succeeds [WHK-1]', async (_what, path, failing, outcome) => {
    world.receiver.behave(path, first(2, failing));
    const { id } = await world.webhook(path);
    await world.happen(anEvent('acme', 'x'));
    await world.send();
    expect((await world.deliveries(id))[0]).toMatchObject({ status: 'pending', attempts: 1, ...outcome });
    expect(world.receiver.at(path)).toHaveLength(1); // not before the pause is over
    for (const attempt of [2, 3]) {
      await world.passPauses();
      await world.send();
      expect(world.receiver.at(path)).toHaveLength(attempt);
    }
    expect(new Set(world.receiver.at(path).map((received) => received.id)).size).toBe(1);
    expect((await world.deliveries(id))[0]).toMatchObject({ status: 'delivered', attempts: 3, error_code: null });
    expect(await world.get<WebhookView>(`webhooks/${id}`)).toMatchObject({ failing_since: null });
  });

  it('holds up no other one, however slow it is [WHK-1]', async () => {
    world.receiver.behave('/slow', silence);
    await world.webhook('/slow');
    await world.webhook('/fast');
    await world.happen(...Array.from({ length: 12 }, (_, nth) => anEvent('acme', `event ${nth}`)));
    const sending = world.send();
    expect(await world.receiver.reached('/fast', 12)).toHaveLength(12);
    await sending;
  });

  it('takes no more than its tenant may have on its way, and holds up no other tenant [WHK-1]', async () => {
    const paths = Array.from({ length: 10 }, (_, nth) => `/never-${nth}`);
    for (const path of paths) {
      world.receiver.behave(path, silence);
      await world.webhook(path, ['*'], ACME_HEADER);
    }
    await world.webhook('/birch', ['*'], BIRCH_HEADER);
    await world.happen(...Array.from({ length: 6 }, (_, nth) => anEvent('acme', `event ${nth}`)));
    await world.happen(anEvent('birch', 'the last one'));
    const ending = new AbortController();
    const sending = world.service(WebhookSender).send(ending.signal);
    await world.receiver.reached('/birch', 1);
    const onTheirWay = paths.map((path) => world.receiver.at(path).length);
    ending.abort();
    await sending;
    expect(onTheirWay.reduce((sum, requests) => sum + requests)).toBeLessThanOrEqual(20);
    expect(Math.max(...onTheirWay)).toBeLessThanOrEqual(2); // the endpoints of a tenant take turns
  });

  it('may put a message off with Retry-After, and is asked no more after ten attempts', async () => {
    world.receiver.behave('/later', status(503, { 'retry-after': '3600' }));
    const { id } = await world.webhook('/later');
    await world.happen(anEvent('acme', 'x'));
    await world.send();
    const [delivery] = await world.deliveries(id);
    expect(Date.parse(delivery?.next_attempt_at ?? '') - Date.parse(delivery?.last_attempt_at ?? '')).toBeGreaterThanOrEqual(3_600_000);
    await world.owner.query('update webhook_deliveries set attempts = 9, next_attempt_at = clock_timestamp()');
    await world.send();
    expect((await world.deliveries(id))[0]).toMatchObject({ status: 'failed', attempts: 10, next_attempt_at: null });
  });

  it.each([
    ['gone', 'answers 410', '/gone', status(410), ''],
    [
      'failing',
      'fails for five days',
      '/five',
      status(500),
      `update webhook_endpoints set failing_since = clock_timestamp() - interval '5 days 1 minute'`,
    ],
  ])('is disabled (%s) when it %s, which is an event for its owner [WHK-1]', async (reason, _what, path, behaviour, past) => {
    world.receiver.behave(path, behaviour);
    const { id } = await world.webhook(path, ['*'], ACME_HEADER);
    await world.webhook('/watch', ['webhook.disabled']);
    if (past !== '') await world.owner.query(past);
    await world.happen(anEvent('acme', 'x'), anEvent('acme', 'y'));
    await world.send();
    expect(await world.get<WebhookView>(`webhooks/${id}`)).toMatchObject({ status: 'disabled', status_reason: reason });
    await world.happen();
    await world.send();
    expect(world.receiver.at('/watch').at(-1)).toMatchObject({ type: 'webhook.disabled', data: { tenant_id: 'acme', subject: { id } } });
    const asked = world.receiver.at(path).length;
    await world.happen(anEvent('acme', 'z'));
    await world.passPauses();
    await world.send();
    expect(world.receiver.at(path)).toHaveLength(asked);
    world.receiver.behave(path, ok);
    await world.post(`webhooks/${id}/resume`, {}, ACME_HEADER);
    const { replayed } = await world.post<{ replayed: number }>(
      `webhooks/${id}/replay`,
      { since: '2020-01-01T00:00:00Z' },
      ACME_HEADER,
      202,
    );
    expect(replayed).toBeGreaterThanOrEqual(3);
    await world.send();
    expect(names(path)).toEqual(expect.arrayContaining(['x', 'y', 'z']));
  });
});

it('sends again what a worker had on its way when it was killed (kill -9) [WHK-1]', async () => {
  world.receiver.behave('/killed', first(1, silence));
  const { id } = await world.webhook('/killed');
  const child = spawn(process.execPath, [join(__dirname, '../../../dist/apps/worker/src/main.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...world.env,
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      LOG_LEVEL: 'error',
      JWT_SECRET,
      WORKER_PORT: '0',
      WORKER_QUEUES: 'notifications',
      OUTBOUND_TIMEOUT_MS: '60000',
    },
  });
  await world.database.transaction((tx) => world.service(EventLog).append(tx, anEvent('acme', 'x'))); // the worker does all the rest
  const exited = once(child, 'exit');
  await world.receiver.reached('/killed', 1).finally(() => child.kill('SIGKILL'));
  await exited;
  await world.send();
  expect(world.receiver.at('/killed')).toHaveLength(1); // the lease of the dead worker lasts
  await world.owner.query(`update webhook_deliveries set lease_until = clock_timestamp() where lease_until is not null`);
  await world.send();
  expect(world.receiver.at('/killed')).toHaveLength(2);
  expect((await world.deliveries(id))[0]).toMatchObject({ status: 'delivered', attempts: 2 });
});

it('counts a secret that it cannot read neither as an attempt nor against the endpoint, and lets it be replaced [WHK-1, WHK-3]', async () => {
  const { id } = await world.webhook('/unreadable');
  await world.owner.query(
    `update webhook_endpoints set failing_since = null, secrets = jsonb_set(secrets, '{0,sealed}', '"00000000.AAAA"')`,
  );
  await world.happen(anEvent('acme', 'x'));
  await world.send();
  const [delivery] = await world.deliveries(id);
  expect(delivery).toMatchObject({ status: 'pending', attempts: 0, error_code: 'secret_unreadable' });
  expect(Date.parse(delivery?.next_attempt_at ?? '')).toBeGreaterThan(Date.parse(delivery?.last_attempt_at ?? '') + 240_000);
  expect(await world.get<WebhookView>(`webhooks/${id}`)).toMatchObject({ status: 'active', failing_since: null });
  await problem(`webhooks/${id}/rotate`, { overlap_hours: 24 }, ADMIN_HEADER, 503);
  await world.post(`webhooks/${id}/rotate`, { overlap_hours: 0 });
  await world.passPauses();
  await world.send();
  expect((await world.deliveries(id))[0]).toMatchObject({ status: 'delivered', attempts: 1 });
});

it.each([
  ['fails', status(500)],
  ['succeeds', ok],
])('records a message that %s only after a change of its endpoint, which may lock the delivery too [WHK-1]', async (what, behaviour) => {
  const path = `/locked-${what}`;
  world.receiver.behave(path, behaviour);
  const { id } = await world.webhook(path);
  await world.happen(anEvent('acme', 'x'));
  await world.owner.query('begin');
  await world.owner.query('select from webhook_endpoints where id = $1 for no key update', [id]);
  const sending = world.send();
  try {
    await until(
      async () => {
        const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return (await world.owner.query(waits)).rowCount;
      },
      { what: 'a record that waits for the endpoint' },
    );
    await world.owner.query(`set local lock_timeout = '500ms'`);
    const { rowCount } = await world.owner.query('update webhook_deliveries set created_at = created_at where endpoint_id = $1', [id]);
    expect(rowCount).toBe(1);
  } finally {
    await world.owner.query('rollback');
    await sending;
  }
  expect((await world.deliveries(id))[0]).toMatchObject({ attempts: 1, status: what === 'fails' ? 'pending' : 'delivered' });
});

it('hands messages back when the worker ends, without counting the attempt', async () => {
  world.receiver.behave('/ending', silence);
  const { id } = await world.webhook('/ending');
  await world.happen(anEvent('acme', 'x'));
  const ending = new AbortController();
  const sending = world.service(WebhookSender).send(ending.signal);
  await world.receiver.reached('/ending', 1);
  ending.abort();
  await sending;
  expect((await world.deliveries(id))[0]).toMatchObject({ status: 'pending', attempts: 0 });
  const { rows } = await world.owner.query('select 1 from webhook_deliveries where lease_until is not null');
  expect(rows).toEqual([]);
});

describe('what people do', () => {
  it('tests, pauses, resumes, counts and replays what was skipped, and sends one message once more', async () => {
    const { id, secret } = await world.webhook('/verbs', ['tenant.changed']);
    await world.post(`webhooks/${id}/test`, {}, ADMIN_HEADER, 202);
    await world.send();
    const [test] = await world.receiver.reached('/verbs', 1);
    expect(new Webhook(secret).verify(test?.body ?? '', test?.headers ?? {})).toMatchObject({ type: 'webhook.test' });
    await world.post(`webhooks/${id}/pause`, { reason: 'deploy' });
    expect((await problem(`webhooks/${id}/test`, {}, ADMIN_HEADER, 409)).code).toBe('webhook_not_active');
    await world.happen(anEvent('acme', 'while paused'), anEvent('acme', 'of no interest', { type: 'saga.failed' }));
    await world.post(`webhooks/${id}/pause`, { reason: 'a longer deploy' });
    await world.send();
    expect(world.receiver.at('/verbs')).toHaveLength(1);
    const resumed = await world.post<WebhookView>(`webhooks/${id}/resume`, {});
    expect(resumed).toMatchObject({ status: 'active', skipped_while_paused: 1, paused_at: expect.any(String) as string });
    expect(await world.deliveries(id)).toHaveLength(1); // the test message: a pause of any length writes no deliveries
    await world.post(`webhooks/${id}/replay`, { since: resumed.paused_at }, ADMIN_HEADER, 202);
    await world.send();
    expect(names('/verbs').at(-1)).toBe('while paused');
    const [delivery] = await world.deliveries(id);
    await world.post(`webhook-deliveries/${delivery?.id}/resend`, {}, ADMIN_HEADER, 202);
    await world.send();
    const [, sent, again] = world.receiver.at('/verbs');
    expect(again?.id).toBe(sent?.id);
  });

  it('keeps the events from before a pause that are read during it, because a replay since its begin has later ones only [WHK-1]', async () => {
    const { id } = await world.webhook('/paused', ['tenant.changed']);
    await world.database.transaction((tx) => world.service(EventLog).append(tx, anEvent('acme', 'before the pause')));
    await world.post(`webhooks/${id}/pause`, { reason: 'deploy' });
    await world.happen(anEvent('acme', 'while paused'));
    await world.send();
    expect(names('/paused')).toEqual([]);
    const resumed = await world.post<WebhookView>(`webhooks/${id}/resume`, {});
    expect(resumed.skipped_while_paused).toBe(1);
    await world.send();
    expect(names('/paused')).toEqual(['before the pause']);
    await world.post(`webhooks/${id}/replay`, { since: resumed.paused_at }, ADMIN_HEADER, 202);
    await world.send();
    expect(names('/paused')).toEqual(['before the pause', 'while paused']);
  });

  it('rotates secrets: old ones sign too until their end, three at most [WHK-3]', async () => {
    const { id, secret } = await world.webhook('/rotate');
    const secrets = [secret];
    for (let nth = 0; nth < 3; nth += 1)
      secrets.unshift((await world.post<WebhookWithSecret>(`webhooks/${id}/rotate`, { overlap_hours: 1 })).secret);
    await world.happen(anEvent('acme', 'x'));
    await world.send();
    const [received] = world.receiver.at('/rotate');
    const isAccepted = (one: string) => {
      try {
        return Boolean(new Webhook(one).verify(received?.body ?? '', received?.headers ?? {}));
      } catch {
        return false;
      }
    };
    expect(secrets.map(isAccepted)).toEqual([true, true, true, false]);
    const { signing_secrets } = await world.post<WebhookWithSecret>(`webhooks/${id}/rotate`, { overlap_hours: 0 });
    expect(signing_secrets).toBe(1);
  });

  it('gives a tenant its own endpoints only, and refuses more than ten [TEN-3]', async () => {
    const { id } = await world.webhook('/own', ['*'], ACME_HEADER);
    await world.webhook('/platform');
    expect(await world.get<WebhookView[]>('webhooks', BIRCH_HEADER)).toEqual([]);
    expect((await world.get<WebhookView[]>('webhooks', ACME_HEADER)).map((row) => row.id)).toEqual([id]);
    await world.http().get(`/api/v1/webhooks/${id}`).set(BIRCH_HEADER).expect(404);
    await world.http().get(`/api/v1/webhooks/${id}/deliveries`).set(BIRCH_HEADER).expect(404);
    for (const verb of ['test', 'pause', 'resume', 'rotate']) await problem(`webhooks/${id}/${verb}`, {}, BIRCH_HEADER, 404);
    await world.http().delete(`/api/v1/webhooks/${id}`).set(BIRCH_HEADER).expect(404);
    for (let nth = 1; nth < 10; nth += 1) await world.webhook(`/own-${nth}`, ['*'], ACME_HEADER);
    const url = world.receiver.url('/own-10');
    expect((await problem('webhooks', { url, types: ['*'] }, ACME_HEADER, 409)).code).toBe('too_many_webhooks');
  });

  it('gives a tenant ten endpoints at most, however many it creates at once (E4)', async () => {
    const create = (nth: number) =>
      world
        .http()
        .post('/api/v1/webhooks')
        .set(BIRCH_HEADER)
        .send({ url: world.receiver.url(`/at-once-${nth}`), types: ['*'] });
    const statuses = (await Promise.all(Array.from({ length: 30 }, (_, nth) => create(nth)))).map(({ status }) => status);
    const withStatus = (wanted: number) => statuses.filter((status) => status === wanted).length;
    expect({ created: withStatus(201), refused: withStatus(409) }).toEqual({ created: 10, refused: 20 });
    expect(await world.get<WebhookView[]>('webhooks', BIRCH_HEADER)).toHaveLength(10);
  });
});

it.each([
  'http://10.0.0.1/',
  'https://0x7f000001/',
  'https://[::ffff:169.254.169.254]/',
  'https://user:x@example.com/',
  'https://example.com:8080/',
])('refuses an endpoint at %s, also as a change [WHK-2]', async (url) => {
  expect((await problem('webhooks', { url, types: ['*'] }, ACME_HEADER, 400)).code).toBe('outbound_address_refused');
  const { id } = await world.webhook('/fine', ['*'], ACME_HEADER);
  await world.http().patch(`/api/v1/webhooks/${id}`).set(ACME_HEADER).send({ url }).expect(400);
});

it('is named in every entry of the audit log: by its description, by its address without one, and after its end too', async () => {
  const { id, url } = await world.webhook('/named');
  const namesInLog = async () => {
    const entries = await world.get<{ target_id: string; target_name: string | null }[]>('audit?target_type=webhook');
    return new Set(entries.filter(({ target_id: target }) => target === id).map(({ target_name: name }) => name));
  };
  expect(await namesInLog()).toEqual(new Set([url]));
  await world.owner.query(`update webhook_endpoints set description = 'deploys of the shop' where id = $1`, [id]);
  expect(await namesInLog()).toEqual(new Set(['deploys of the shop']));
  await world.http().delete(`/api/v1/webhooks/${id}`).set(ADMIN_HEADER).expect(200);
  expect((await namesInLog()).has(url)).toBe(true);
});

it('shows a secret once: it is in no row, no audit entry and no later answer, and a rotation of SECRETS_KEY encrypts it anew [WHK-3]', async () => {
  const { id, secret } = await world.webhook('/secret');
  const rotated = await world.post<WebhookWithSecret>(`webhooks/${id}/rotate`, {});
  const { rows } = await world.owner.query<{ text: string }>(
    `select (select json_agg(e)::text from webhook_endpoints e) || (select json_agg(a)::text from audit_log a) || (select json_agg(f)::text from events f) as text`,
  );
  const later = JSON.stringify([
    await world.get(`webhooks/${id}`),
    await world.get('webhooks'),
    await world.get('audit?target_type=webhook'),
  ]);
  for (const text of [rows[0]?.text ?? '', later]) expect(text).not.toMatch(/whsec_/);
  expect(later).not.toContain('sealed');

  const newKey = randomBytes(32).toString('base64');
  const worker = await createTestWorker([OutboundHttpModule, NotificationsModule], {
    ...world.env,
    SECRETS_KEY: `${newKey},${SECRETS_KEY}`,
  });
  expect(await worker.get(WebhookEndpoints, { strict: false }).encryptAnew(10)).toBe(1);
  expect(await worker.get(WebhookEndpoints, { strict: false }).encryptAnew(10)).toBe(0);
  await world.happen(anEvent('acme', 'x'));
  await worker.get(WebhookSender, { strict: false }).send();
  await worker.close();
  const [received] = await until(() => world.receiver.at('/secret'));
  for (const one of [secret, rotated.secret]) expect(new Webhook(one).verify(received?.body ?? '', received?.headers ?? {})).toBeDefined();
});
