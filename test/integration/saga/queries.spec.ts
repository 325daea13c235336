import type { Scope } from '#libs/identity';
import { done, wait, type SagaFilters, type SagaView } from '#libs/saga';
import { until } from '../../support/until';
import { ADMIN, PLATFORM } from '../../support/principals';
import { run, SagaWorld, settled, type SagaProcess } from '../../support/saga-world';
import { Script } from './scripted-saga';
import { aSaga, change } from '../../support/factories';

let world: SagaWorld;
let api: SagaProcess; // Its engine does not run.
beforeEach(async () => {
  world = await SagaWorld.create();
  api = await world.process();
});
afterEach(() => world.end());

const tenant = (tenantId: string) => ({ kind: 'tenant', tenantId }) as const;
const start = (tenantId: string | null, steps = ['echo']) => api.starts.start({ kind: 'demo', input: { steps }, tenantId, because: ADMIN });
const idsOf = ({ items }: { readonly items: readonly SagaView[] }) => items.map(({ id }) => id);

async function working(...scripts: Script[]): Promise<SagaProcess> {
  const process = await world.process(scripts.map(({ definition }) => definition));
  process.engine.start();
  return process;
}

it('lists sagas newest first, by status and kind, in pages in both directions', async () => {
  const ids = [await start(null), await start('acme'), await start(null), await start('acme')].reverse();
  const [newest, second, third, oldest] = ids as [string, string, string, string];
  await change(world.owner, 'saga_runs', third, { status: 'running' });
  expect(idsOf(await api.reader.list({ scope: PLATFORM }, {}, { limit: 10 }))).toEqual(ids);
  for (const sort of ['-created_at', 'created_at', '-updated_at', 'updated_at'] as const) {
    const first = await api.reader.list({ scope: PLATFORM }, {}, { limit: 3, sort });
    const rest = await api.reader.list({ scope: PLATFORM }, {}, { limit: 3, sort, cursor: first.next_cursor ?? '' });
    expect([...idsOf(first), ...idsOf(rest)]).toEqual(sort.startsWith('-') ? ids : ids.toReversed());
  }
  expect(idsOf(await api.reader.list({ scope: PLATFORM }, { status: 'pending' }, { limit: 10 }))).toEqual([newest, second, oldest]);
  expect(idsOf(await api.reader.list({ scope: PLATFORM }, { status: 'running', kind: 'demo' }, { limit: 10 }))).toEqual([third]);
  expect(await api.reader.list({ scope: PLATFORM }, { kind: 'another' }, { limit: 10 })).toMatchObject({ items: [], next_cursor: null });
});

it('finds sagas by a part of a name, by pause and by need of a person; a tenant finds no name or reason of an operator', async () => {
  const by = { kind: 'demo', input: {}, steps: ['echo'] };
  const named = await aSaga(world.owner, { ...by, tenant_id: 'acme', input: { name: 'acme-web-07' }, created_by: 'mia' });
  const operators = await aSaga(world.owner, { ...by, tenant_id: 'acme', by_platform: true, created_by: 'olga', reason: 'contract 50%' });
  const paused = await aSaga(world.owner, { ...by, paused_at: new Date(), paused_by: 'ada', wake_at: '9999-12-31T00:00:00Z' });
  const failed = await aSaga(world.owner, { ...by, status: 'failed', wake_at: null });
  await aSaga(world.owner, { ...by, status: 'failed', wake_at: null, released_holds: ['droplet:1'] });
  const find = async (filters: SagaFilters, scope: Scope = PLATFORM) => idsOf(await api.reader.list({ scope }, filters, { limit: 50 }));
  expect(await find({ q: 'web-07' })).toEqual([named]);
  expect(await find({ q: 'MIA' }, tenant('acme'))).toEqual([named]);
  expect(await find({ q: '50%' })).toEqual([operators]);
  expect(await find({ q: '5_%' })).toEqual([]);
  expect([await find({ q: 'olga' }, tenant('acme')), await find({ q: 'contract' }, tenant('acme'))]).toEqual([[], []]);
  expect(await find({ paused: true })).toEqual([paused]);
  expect(await find({ paused: false })).not.toContain(paused);
  expect(await find({ needs_attention: true })).toEqual([failed]);
  await world.owner.query('delete from saga_runs where id = any ($1::uuid[])', [[paused]]);
});

it('returns sagas of other tenants to no tenant, by list, by id or for a change [TEN-4]', async () => {
  const [own, foreign, platform] = [await start('acme'), await start('other'), await start(null)];
  expect(idsOf(await api.reader.list({ scope: tenant('acme') }, {}, { limit: 1 }))).toEqual([own]);
  expect(await api.reader.get(tenant('acme'), own)).toMatchObject({ id: own, tenant_id: 'acme', created_by: 'ada' });
  for (const id of [foreign, platform]) {
    await expect(api.reader.get(tenant('acme'), id)).rejects.toMatchObject({ code: 'saga_not_found' });
    await expect(api.controls.cancel(tenant('acme'), id, ADMIN)).rejects.toMatchObject({ code: 'saga_not_found' });
  }
});

it('returns a saga with its ledger, the planned steps and the step that a worker executes', async () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const script = new Script('viewed', [
    { name: 'first', execute: async () => done({ made: 1 }) },
    {
      name: 'slow',
      execute: async () => {
        await released;
        return done();
      },
    },
    { name: 'last' },
  ]);
  const process = await working(script);
  const id = await process.starts.start({ kind: 'viewed', input: { a: 1 }, tenantId: null, because: ADMIN });
  process.engine.wake();
  await until(() => script.calls.includes('do slow'));
  const forward = { compensation_attempts: 0, compensating_since: null };
  const planned = { ...forward, attempts: 0, started_at: null, finished_at: null, output: null, reason: null, error: null };
  expect(await process.reader.get(PLATFORM, id)).toEqual({
    id,
    kind: 'viewed',
    status: 'running',
    input: { a: 1 },
    context: { first: { made: 1 } },
    error: null,
    leftovers: [],
    cancel_requested: false,
    current_step_idx: 1,
    tenant_id: null,
    resource_id: null,
    created_by: 'ada',
    reason: null,
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
    finished_at: null,
    wake_at: expect.stringMatching(/^\d{4}-.*Z$/),
    duration_ms: null,
    approval: null,
    cost: expect.objectContaining({ delta_monthly: '0.00' }),
    version: 0,
    paused_at: null,
    paused_by: null,
    pause_reason: null,
    policy: null,
    redriven_from: null,
    actions: ['cancel', 'pause', 'resume', 'set-policy'],
    steps: [
      {
        step_idx: 0,
        name: 'first',
        status: 'completed',
        attempts: 1,
        ...forward,
        started_at: expect.stringMatching(/^\d{4}-.*Z$/),
        finished_at: expect.stringMatching(/^\d{4}-.*Z$/),
        output: { made: 1 },
        reason: null,
        error: null,
      },
      { step_idx: 1, name: 'slow', status: 'running', ...planned },
      { step_idx: 2, name: 'last', status: 'planned', ...planned },
    ],
  });
  release();
  expect((await settled(process.reader, id, ['completed'])).finished_at).toMatch(/^\d{4}-.*Z$/);
});

it('counts waiting steps, and knows whether a saga is open', async () => {
  expect([await api.queries.anyOpen(), await api.queries.countWaitingSteps()]).toEqual([false, 0]);
  const process = await working(
    new Script('waits', [{ name: 'only', execute: async () => wait(60_000, 'waiting for the end of the test') }]),
  );
  for (let nr = 0; nr < 3; nr += 1) await process.starts.start({ kind: 'waits', input: {}, tenantId: null, because: ADMIN });
  process.engine.wake();
  await until(async () => (await api.queries.countWaitingSteps()) === 3, { what: 'three waiting steps' });
  expect(await api.queries.anyOpen()).toBe(true);
});

it('finds sagas, their intents, outputs and holds for other libraries', async () => {
  const script = new Script('made', [
    {
      name: 'make',
      execute: async (ctx) => {
        await ctx.recordIntent({ asked: true });
        return done({ made_id: `of ${String(ctx.input.name)}` });
      },
    },
    { name: 'rest', execute: async ({ input }) => (input.name === 'b' ? wait(60_000, 'waiting for the end of the test') : done()) },
  ]);
  const process = await working(script);
  const ended = await run(process, 'made', { name: 'a', holds: 'droplet:1' });
  const open = await process.starts.start({ kind: 'made', input: { name: 'b', holds: 'droplet:2' }, tenantId: null, because: ADMIN });
  process.engine.wake();
  await until(async () => (await api.queries.countWaitingSteps()) === 1, { what: 'the waiting step' });

  const unknown = '01890000-0000-7000-8000-000000000000';
  const found = await api.queries.findByIds([ended.id, open, unknown]);
  expect([...found.keys()].sort()).toEqual([ended.id, open].sort());
  const outline = {
    kind: 'made',
    status: 'completed',
    context: { make: { made_id: 'of a' } },
    restored: false,
    endedMsAgo: expect.any(Number),
  };
  expect(found.get(ended.id)).toMatchObject({ ...outline, createdAtMs: Date.parse(ended.created_at) });
  expect(found.get(open)).toMatchObject({ status: 'running', endedMsAgo: null });
  expect(await api.queries.findByIds([])).toEqual(new Map());

  const intents = await api.queries.findRecordedIntents('made', 'make', 60_000);
  const intent = { intent: { asked: true }, restored: false };
  expect(intents).toEqual(
    expect.arrayContaining([
      { ...intent, sagaId: ended.id, status: 'completed', input: { name: 'a', holds: 'droplet:1' }, output: { made_id: 'of a' } },
      { ...intent, sagaId: open, status: 'running', input: { name: 'b', holds: 'droplet:2' }, output: { made_id: 'of b' } },
    ]),
  );
  expect(intents).toHaveLength(2);
  expect((await api.queries.findRecordedIntents('made', 'make', 0)).map(({ sagaId }) => sagaId)).toEqual([open]);

  const outputs = (sagaId: string) => api.queries.outputsOfOtherSagas(sagaId, 'make', 'made_id', ['of a', 'of b', 'of c']);
  expect(await outputs(ended.id)).toEqual(new Set(['of b']));
  expect(await outputs(unknown)).toEqual(new Set(['of a', 'of b']));
  expect([await api.queries.holderOf('droplet:1'), await api.queries.holderOf('droplet:2')]).toEqual([undefined, open]);
});

it('deletes idempotency keys that are older than two days, and no others [SAG-17]', async () => {
  const keyed = (idempotencyKey: string) =>
    api.starts.start({ kind: 'demo', input: { steps: ['echo'] }, tenantId: 'acme', idempotencyKey, because: ADMIN });
  const [old, recent] = [await keyed('old'), await keyed('recent')];
  const age = `update saga_idempotency_keys set started_at = clock_timestamp() - $2::interval where key = $1`;
  await world.owner.query(age, ['old', '2 days 1 minute']);
  await world.owner.query(age, ['recent', '1 day 23 hours']);
  await api.starts.forgetOldKeys();
  expect(await keyed('recent')).toBe(recent);
  expect(await keyed('old')).not.toBe(old);
});
