import { signGuardianToken } from '#libs/identity';
import { until } from '../../support/until';
import { ONE_BACKEND } from '../../support/queue-world';
import { ORDER } from '../../support/provisioning-world';
import { JWT_SECRET } from '../../support/settings';
import { ACME_HEADER } from '../../support/principals';
import { ProcessWorld, type WorkerName } from '../../support/processes/process-world';
import { clockOffBy } from '../../support/processes/shifted-clock';
import type { SpawnedProcess } from '../../support/processes/spawned-process';

const HOUR_MS = 3_600_000;
const CLOCKS: Record<WorkerName, number> = { one: HOUR_MS, two: -HOUR_MS, three: 0 };
const WORKERS = Object.keys(CLOCKS) as WorkerName[];
const HOLDERS = [
  { holder: 'one', off: 'an hour ahead' },
  { holder: 'two', off: 'an hour behind' },
] as const;
/** Leases are shorter than the blocked requests, which also outlast several of BullMQ's lock renewals and stalled checks. */
const SETTINGS = {
  SWEEP_LEASE_MS: '1000',
  SAGA_LEASE_MS: '1000',
  SAGA_RENEW_MS: '250',
  SAGA_POLL_MS: '500',
  PROVIDER_LAG_MS: '1000',
  STRIKES_TO_DELETE: '2',
  STRIKE_SPACING_MS: '90000',
};
/** Every claim of a tick, with the moment from which the next tick may be claimed. */
const RECORD_CLAIMS = `
create table claims_of_ticks (key text, not_before timestamptz);
create function record_claim() returns trigger language plpgsql security definer as $$
begin insert into claims_of_ticks values (new.key, new.not_before); return new; end $$;
create trigger record_claim after insert or update on bullmq.schedule_tick for each row execute function record_claim()`;
/** The time from the start of a blocked task to the end of its lease. */
const OUTLASTS_LEASE = `interval '4 seconds'`;

describe.each(ONE_BACKEND)('workers with clocks an hour ahead, an hour behind and right, queues on %s', (backend) => {
  let world: ProcessWorld;
  const allWorkers: SpawnedProcess[] = [];

  const start = async (name: WorkerName) => {
    const finance = { SKYAI_FINANCE_URL: `${world.account.url}/finance` };
    allWorkers.push(await world.start(name, { ...SETTINGS, ...finance, ...clockOffBy(CLOCKS[name]) }));
  };
  const rows = async <R>(text: string, values: unknown[] = []): Promise<R[]> => (await world.owner.query(text, values)).rows as R[];
  const count = async (where: string, values: unknown[] = []): Promise<number> =>
    (await rows<{ n: number }>(`select count(*)::int as n from ${where}`, values))[0]?.n ?? 0;

  /** Lets one worker run alone. The others are frozen while they have no lease, so they lose none. */
  async function alone<T>(name: WorkerName, work: () => Promise<T>): Promise<T> {
    const idle = `select 1 from cloud_sweeps where status = 'running' union all select 1 from saga_runs where lease_until > clock_timestamp()`;
    await until(async () => (await rows(idle)).length === 0, { what: 'a quiet moment' });
    const others = WORKERS.filter((other) => other !== name).map((other) => world.process(other));
    for (const other of others) other.freeze();
    try {
      return await work();
    } finally {
      for (const other of others) other.thaw();
    }
  }

  async function ordered(kind: string, input: object): Promise<string> {
    const { status, body } = await world.ask('/api/v1/sagas', { as: ACME_HEADER, body: { kind, input } });
    expect({ status, body }).toMatchObject({ status: 202 });
    return (body as { data: { id: string } }).data.id;
  }

  const saga = async (id: string) =>
    (await rows<{ status: string; epoch: string }>('select status, epoch from saga_runs where id = $1', [id]))[0];
  const completed = (id: string) => until(async () => (await saga(id))?.status === 'completed', { what: 'the end of the saga' });

  beforeAll(async () => {
    world = await ProcessWorld.create(backend);
    await world.migrate();
    await rows(RECORD_CLAIMS);
    await world.account.control.change({ settings: { finance_secret: JWT_SECRET } });
    await Promise.all([world.start('api'), ...WORKERS.map(start)]);
    await world.up('api', ...WORKERS);
  });
  afterAll(() => world.end());

  it.each(HOLDERS)('logs the clock skew of a worker $off', async ({ holder }) => {
    const [logged] = world.process(holder).output.match(/"clock_skew_detected","ahead_ms":-?\d+/) ?? [];
    expect(Number(logged?.split(':')[1]) / CLOCKS[holder]).toBeCloseTo(1, 2);
    expect(world.process('three').events).not.toContain('clock_skew_detected');
  });

  describe.each(HOLDERS)('a worker with a clock $off', ({ holder }) => {
    it('keeps its tick, its sweep and its saga until kill -9, after which others continue at once and the provider has one droplet [OPS-7, SAG-3]', async () => {
      const [project] = await rows<{ id: string }>(`select id from cloud_projects where tenant_id = 'acme' and deleted_at is null limit 1`);
      const name = `ordered-by-${holder}`;
      await world.account.control.faults([
        { id: 'list', match: { method: 'GET', path: '/v2/volumes' }, times: 1, effect: { type: 'hold', after: true } },
        { id: 'order', match: { method: 'POST', path: '/v2/droplets' }, times: 1, effect: { type: 'hold', after: true } },
      ]);
      const id = await alone(holder, async () => {
        await world.queues.tickNow('sweep.volume');
        const ordering = await ordered('provision_droplet', { ...ORDER, name, project_id: project?.id });
        await Promise.all([world.account.control.untilHeld('list'), world.account.control.untilHeld('order')]);
        return ordering;
      });
      const [sweep] = await rows<{ id: string; kind: string }>(
        `select id, kind from cloud_sweeps where kind = 'volume' and status = 'running'`,
      );
      const before = await saga(id);
      const logged = allWorkers.map(({ output }) => output.length);
      await until(async () => (await count(`cloud_sweeps s, saga_runs r where s.id = $1 and r.id = $2 and s.lease_until > s.started_at + ${OUTLASTS_LEASE} and r.lease_until > r.created_at + ${OUTLASTS_LEASE}`, [sweep?.id, id])) === 1, { what: 'leases renewed several times' }); // prettier-ignore
      expect(await count(`cloud_sweeps where kind = 'volume' and started_at > (select started_at from cloud_sweeps where id = $1)`, [sweep?.id])).toBe(0); // prettier-ignore
      expect(await saga(id)).toEqual(before);
      expect(allWorkers.map(({ output }, nth) => output.slice(logged[nth])).join('\n')).not.toContain('sweep_still_running');

      await world.process(holder).kill();
      await world.account.control.faults([]);
      const from = performance.now();
      await until(async () => (await count(`cloud_sweeps where kind = 'volume' and status = 'complete' and started_at > (select started_at from cloud_sweeps where id = $1)`, [sweep?.id])) === 1, { what: 'the sweep, again' }); // prettier-ignore
      await completed(id);
      expect(performance.now() - from).toBeLessThan(15_000);
      expect(Number((await saga(id))?.epoch)).toBeGreaterThan(Number(before?.epoch));
      expect((await world.account.control.account()).droplets.filter((droplet) => droplet.name === name)).toHaveLength(1);
      await start(holder);
      await world.process(holder).ready();
    });

    it('delivers invoices to finance with accepted signatures [BIL-8, TEN-9]', async () => {
      await until(async () => (await count('cloud_finance_outbox where delivered_at is null')) === 0, {
        what: 'all invoices delivered',
        withinMs: 90_000,
      });
      const { finance_invoices: books } = await world.account.control.account();
      expect(books.length).toBeGreaterThan(20);
      await alone(holder, async () => {
        await rows(`update cloud_finance_outbox set delivered_at = null, version = version + 1, next_attempt_at = clock_timestamp()`);
        await until(async () => (await count('cloud_finance_outbox where delivered_at is null')) === 0, { what: 'all delivered again' });
      });
      expect(world.process(holder).events).toContain('invoice_pushed');
      expect((await world.account.control.account()).finance_invoices).toHaveLength(books.length);
      expect(allWorkers.flatMap(({ events }) => events)).not.toContain('invoice_push_failed');
    });

    it('ends the waits of its sagas on time [OPS-7]', async () => {
      const ids = await alone(holder, async () => {
        const begun = await Promise.all([1, 2, 3].map(() => ordered('demo', { steps: ['echo', 'wait', 'echo'], wait_ms: 1_500 })));
        await until(async () => (await count(`saga_steps where status = 'waiting' and saga_id = any ($1)`, [begun])) === 3, {
          what: 'all waiting',
        });
        return begun;
      });
      await Promise.all(ids.map(completed));
      const lasted = await rows<{ ms: number }>(
        `select extract(epoch from finished_at - started_at)::float8 * 1000 as ms from saga_steps where name = 'wait' and saga_id = any ($1)`,
        [ids],
      );
      expect(Math.min(...lasted.map(({ ms }) => ms))).toBeGreaterThan(1_450);
      expect(Math.max(...lasted.map(({ ms }) => ms))).toBeLessThan(4_000);
    });
  });

  it('reads again within a minute what a killed worker with a clock an hour ahead could not read [OPS-4]', async () => {
    const balance = '/v2/customers/my/balance';
    const failed = () => world.process('one').output.includes('"queue":"billing"');
    await world.account.control.faults([{ id: 'balance', match: { path: balance }, effect: { type: 'status', status: 503 } }]);
    await alone('one', async () => {
      await world.queues.tickNow('billing.balance');
      await until(failed, { what: 'its failure' });
    });
    const snapshots = await count('cloud_balance_snapshots');
    const from = performance.now();
    await world.process('one').kill();
    await world.account.control.faults([]);
    await until(async () => (await count('cloud_balance_snapshots')) > snapshots, { withinMs: 60_000, what: 'the balance' });
    expect(performance.now() - from).toBeLessThan(60_000);
    await start('one');
    await world.process('one').ready();
  });

  it('never counts a strike early because of the clock of a worker [OPS-7, INV-3]', async () => {
    const [deleted, ...others] = (await world.account.control.account()).droplets;
    if (!deleted) throw new Error('the demo account has no droplets');
    await world.account.control.change({ members: [], droplets: others });
    const row = async () =>
      (await rows<{ stale_strike_count: number; deleted_at: Date | null }>(`select stale_strike_count, deleted_at from cloud_resources where kind = 'droplet' and provider_id = $1`, [String(deleted.id)]))[0]; // prettier-ignore
    const swept = async (name: WorkerName) => {
      const { id } = await alone(name, async () => {
        const sweep = await world.requestSweep('droplet');
        await world.sweep('it', 'droplet', `id = $1 and status = 'complete'`, [sweep.id]);
        return sweep;
      });
      return id;
    };
    for (const name of [...WORKERS, ...WORKERS]) await swept(name);
    expect(await row()).toEqual({ stale_strike_count: 1, deleted_at: null });
    await rows(`update cloud_resources set last_strike_at = last_strike_at - interval '91 seconds' where stale_strike_count = 1`);
    await swept('two');
    expect(await row()).toEqual({ stale_strike_count: 2, deleted_at: expect.any(Date) as Date });
  });

  it('runs no tick twice and schedules none at a wrong time [OPS-7]', async () => {
    expect(await count(`claims_of_ticks where key = 'sweep.droplet'`)).toBeGreaterThan(1);
    // Of the kinds whose ticks this file does not bring forward.
    expect(
      await rows(
        `select key, not_before from claims_of_ticks where key in ('sweep.droplet', 'sweep.action') group by 1, 2 having count(*) > 1`,
      ),
    ).toEqual([]);
    expect(await world.queues.next('sweep.droplet')).toBeLessThan(Date.now() + 61_000);
    const failures = allWorkers.flatMap(({ output }) => output.split('\n').filter((line) => line.includes('"schedule_update_failed"')));
    expect(failures.filter((line) => !/"code":"(queue|database)_unavailable"/.test(line))).toEqual([]); // a busy machine passes a time limit
  });

  it('records every time by the clock of the database [OPS-7, INV-14]', async () => {
    for (const [table, column] of RECORDED) {
      const [found] = await rows<{ n: number; off: number }>(
        `select count(${column})::int as n, count(*) filter (where abs(extract(epoch from clock_timestamp() - ${column})) > 600)::int as off from ${table}`,
      );
      expect({ table, column, some: Number(found?.n) > 0, off: found?.off }).toEqual({ table, column, some: true, off: 0 });
    }
  });

  it('checks the validity period of a token by the clock of the api [TEN-1]', async () => {
    const authorization = `Bearer ${signGuardianToken(JWT_SECRET, { sub: 'ops', roles: ['platform_admin'], ttlS: 1_800 })}`;
    const answered = async (off: number) => {
      await world.process('api').kill();
      const api = await world.start('api', clockOffBy(off));
      await api.ready();
      return (await fetch(`${api.url}/api/v1/sweeps`, { headers: { authorization } })).status;
    };
    expect({ ahead: await answered(HOUR_MS), behind: await answered(-HOUR_MS), right: await answered(0) }).toEqual({
      ahead: 401, // over half an hour ago
      behind: 401, // not before in an hour
      right: 200,
    });
  });
});

const RECORDED = [
  ['cloud_resource_events', 'at'],
  ['audit_log', 'at'],
  ['cloud_sweeps', 'started_at'],
  ['cloud_sweeps', 'finished_at'],
  ['saga_runs', 'created_at'],
  ['saga_runs', 'finished_at'],
  ['saga_steps', 'started_at'],
  ['saga_steps', 'finished_at'],
  ['cloud_resources', 'recorded_at'],
  ['cloud_invoices', 'ingested_at'],
  ['cloud_invoices', 'pushed_to_finance_at'],
  ['cloud_balance_snapshots', 'taken_at'],
] as const;
