import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AuditView } from '#libs/audit';
import type { ListAnswer } from '#libs/kernel';
import { Client } from 'pg';
import { until } from '../../support/until';
import { ADMIN_HEADER } from '../../support/principals';
import { ProcessWorld } from '../../support/processes/process-world';

const WAITING_REQUESTS = 6;

let world: ProcessWorld;
let lock: Client;
beforeAll(async () => {
  world = await ProcessWorld.create('postgres');
  await world.migrate();
  lock = new Client({ connectionString: world.ownerUrl });
  await lock.connect();
  const api = await world.start('api');
  await api.ready();
});
afterAll(async () => {
  await lock.end();
  await world.end();
});

/** Sends the request on a connection of its own. */
async function ask(path: string): Promise<{ status: number | undefined; body: string }> {
  const asked = request(`${world.process('api').url}${path}`, { agent: false, headers: ADMIN_HEADER }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

/** Counts the requests of the api that wait for the table lock. */
async function waiting(): Promise<number | undefined> {
  const { rows } = await world.owner.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where application_name like 'api-%' and wait_event_type = 'Lock'`,
  );
  return rows[0]?.n;
}

it('refuses new connections after SIGTERM, completes the accepted requests, and exits with 0 [OPS-6]', async () => {
  const api = world.process('api');
  await lock.query('begin; lock table audit_log in access exclusive mode');
  const answers = Promise.all(Array.from({ length: WAITING_REQUESTS }, () => ask('/api/v1/audit')));
  await until(async () => (await waiting()) === WAITING_REQUESTS, { what: 'all to wait for the table' });
  api.child.kill('SIGTERM');
  await until(async () => (await api.get('/api/health')) === undefined, { what: 'refusal of new connections' });
  expect(api.child.exitCode).toBeNull();
  await lock.query('rollback');
  for (const { status, body } of await answers) {
    expect(status).toBe(200);
    expect((JSON.parse(body) as ListAnswer<AuditView>).data).toEqual([]);
  }
  expect(await api.exit()).toBe(0);
});

it('exits at once on a second signal, whatever requests are in progress [OPS-6]', async () => {
  const api = await world.start('api');
  await api.ready();
  await lock.query('begin; lock table audit_log in access exclusive mode');
  const cut = ask('/api/v1/audit').catch((error: NodeJS.ErrnoException) => error.code);
  await until(async () => (await waiting()) === 1, { what: 'the request to wait for the table' });
  api.child.kill('SIGTERM');
  await until(
    () => {
      api.child.kill('SIGTERM');
      return api.child.exitCode !== null;
    },
    { what: 'the end' },
  );
  expect(await api.exit()).toBe(143);
  expect(await cut).toBe('ECONNRESET');
  await lock.query('rollback');
});
