import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { until } from '../../support/until';
import { ADMIN_HEADER } from '../../support/principals';
import { ProcessWorld } from '../../support/processes/process-world';

const SHUTDOWN_MS = 10_000;
const CALLERS = ['/api/health/ready', '/api/v1/inventory', '/api/v1/inventory', '/api/v1/sweeps'];

let world: ProcessWorld;
let lock: Client;
let answered = 0;
beforeAll(async () => {
  world = await ProcessWorld.create('postgres');
  await world.migrate();
  lock = new Client({ connectionString: world.ownerUrl });
  await lock.connect();
});
afterAll(async () => {
  await lock.end();
  await world.end();
});

/** Sends requests on one kept connection, as a proxy does, until the api refuses connections. */
async function keepAsking(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    try {
      const [answer] = (await once(request(url, { agent, headers: ADMIN_HEADER }).end(), 'response')) as [IncomingMessage];
      JSON.parse(await text(answer));
      answered += 1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return;
    }
    await new Promise(setImmediate); // This yields to the rest of the test.
  }
}

it('exits well before the shutdown limit while callers keep their connections busy [OPS-6]', async () => {
  const api = await world.start('api', { SHUTDOWN_MS: String(SHUTDOWN_MS) });
  await api.ready();
  const callers = CALLERS.map((path) => keepAsking(`${api.url}${path}`));
  await until(() => answered > 200, { what: 'busy callers' });
  const from = performance.now();
  api.child.kill('SIGTERM');
  expect(await api.exit()).toBe(0);
  await Promise.all(callers);
  expect(performance.now() - from).toBeLessThan(SHUTDOWN_MS / 2);
  expect(api.events).not.toContain('request_failed');
});

it('logs no failure for a request with a caller that has disconnected when the api ends [OPS-6]', async () => {
  const api = await world.start('api');
  await api.ready();
  await lock.query('begin; lock table cloud_sweeps in access exclusive mode');
  const left = request(`${api.url}/api/v1/inventory`, { agent: false, headers: ADMIN_HEADER }).on('error', () => undefined);
  left.end();
  const connections = async (condition: string) => {
    const { rows } = await world.owner.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where application_name like 'api-%' and ${condition}`,
    );
    return rows[0]?.n;
  };
  await until(async () => (await connections(`wait_event_type = 'Lock'`)) === 1, { what: 'the request to wait for the table' });
  left.destroy();
  api.child.kill('SIGTERM');
  await until(async () => (await connections('true')) === 1, { what: 'the end of all other connections' });
  await lock.query('rollback');
  expect(await api.exit()).toBe(0);
  expect(api.events.filter((event) => /failed/.test(event))).toEqual([]);
});
