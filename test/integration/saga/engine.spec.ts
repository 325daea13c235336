import { done, retry, wait } from '#libs/saga';
import { until } from '../../support/until';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ledger, run, SagaWorld, settled, type SagaProcess } from '../../support/saga-world';
import { refuse, Script, undone } from './scripted-saga';

let world: SagaWorld;
beforeAll(async () => {
  world = await SagaWorld.create();
});
afterAll(() => world.end());

async function working(...scripts: Script[]): Promise<SagaProcess> {
  const process = await world.process(scripts.map(({ definition }) => definition));
  process.engine.start();
  return process;
}

it('completes echo, echo, echo and accumulates their context', async () => {
  const saga = await run(await working(), 'demo', { steps: ['echo', 'echo', 'echo'] });
  expect(saga).toMatchObject({ status: 'completed', error: null, leftovers: [] });
  expect(saga.context).toEqual({ echoed_at_step_0: 'hello', echoed_at_step_1: 'hello', echoed_at_step_2: 'hello' });
  expect(ledger(saga)).toEqual(['echo: completed', 'echo: completed', 'echo: completed']);
  expect(saga.steps.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
});

it('rolls echo, echo, fail back, and reports the failed step and its error', async () => {
  const saga = await run(await working(), 'demo', { steps: ['echo', 'echo', 'fail'] });
  expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'fail', code: 'step_failed', detail: 'step_failed:fail' } });
  expect(ledger(saga)).toEqual(['echo: compensated', 'echo: compensated', 'fail: failed']);
});

it('compensates in reverse order, the failed step first if it has a compensation', async () => {
  const script = new Script('downwards', [
    { name: 'one', compensate: undone },
    { name: 'two' },
    { name: 'three', execute: refuse, compensate: undone },
    { name: 'four' },
  ]);
  const saga = await run(await working(script), 'downwards', {});
  expect(script.calls).toEqual(['do one', 'do two', 'do three', 'undo three', 'undo one']);
  expect(ledger(saga)).toEqual(['one: compensated', 'two: compensated', 'three: compensated', 'four: planned']);
});

it('fails a step after a bounded number of tries [SAG-13]', async () => {
  const script = new Script('stubborn', [
    { name: 'try', execute: async () => retry({ code: 'not_now', detail: 'Later.' }), policy: { tries: 3, backoffMs: 1 } },
  ]);
  const saga = await run(await working(script), 'stubborn', {});
  expect(script.calls).toHaveLength(3);
  expect(saga).toMatchObject({ status: 'rolled_back', error: { code: 'not_now' }, steps: [{ attempts: 3, status: 'failed' }] });
});

it('limits the time of an execution, and bounds waits by a limit of their own that a restart does not reset [SAG-13]', async () => {
  const stuck = new Script('stuck', [
    { name: 'hang', execute: () => new Promise(() => {}), policy: { timeLimitMs: 30, tries: 2, backoffMs: 1 } },
  ]);
  expect(await run(await working(stuck), 'stuck', {})).toMatchObject({ status: 'rolled_back', error: { code: 'step_timed_out' } });
  const endless = new Script('endless_wait', [
    { name: 'poll', execute: async () => wait(20, 'nothing to see'), policy: { waitLimitMs: 300 } },
  ]);
  const first = await working(endless);
  const id = await first.starts.start({ kind: 'endless_wait', input: {}, tenantId: null, because: ADMIN });
  await until(() => endless.calls.length > 2);
  await first.engine.drain();
  const saga = await settled(
    (
      await working(
        new Script('endless_wait', [{ name: 'poll', execute: async () => wait(20, 'nothing to see'), policy: { waitLimitMs: 300 } }]),
      )
    ).reader,
    id,
    ['rolled_back'],
  );
  expect(saga.error).toMatchObject({ code: 'wait_expired' });
  const [row] = (
    await world.owner.query('select extract(epoch from finished_at - created_at) * 1000 as ms from saga_runs where id = $1', [id])
  ).rows as { ms: string }[];
  expect(Number(row?.ms)).toBeLessThan(2_000);
});

it('counts no try for a wait, and keeps no lease during it', async () => {
  let polls = 0;
  const script = new Script('waiting', [
    { name: 'poll', execute: async () => ((polls += 1) > 8 ? done() : wait(1, 'not yet')), policy: { tries: 2 } },
  ]);
  const saga = await run(await working(script), 'waiting', {});
  expect(saga).toMatchObject({ status: 'completed', steps: [{ attempts: 1 }] });
  const waiting = await run(await working(), 'demo', { steps: ['wait'], wait_ms: 60_000 }, ['running']);
  await until(
    async () => (await world.owner.query('select 1 from saga_runs where id = $1 and lease_until is null', [waiting.id])).rowCount === 1,
  );
});

it('rejects a start on a resource that an open saga holds, and names the resource', async () => {
  const script = new Script('holder', [{ name: 'work', execute: async () => wait(60_000, 'never') }]);
  const process = await working(script);
  const saga = await run(process, 'holder', { holds: 'droplet:1' }, ['running']);
  const second = process.starts.start({ kind: 'holder', input: { holds: 'droplet:1' }, tenantId: null, because: ADMIN });
  await expect(second).rejects.toMatchObject({ code: 'resource_busy', resource: 'droplet:1' });
  await process.controls.cancel(PLATFORM, saga.id, ADMIN);
  await settled(process.reader, saga.id, ['rolled_back']);
  await process.starts.start({ kind: 'holder', input: { holds: 'droplet:1' }, tenantId: null, because: ADMIN });
});

it('starts one saga per idempotency key, also for concurrent requests, and rejects another body with the key [SAG-17]', async () => {
  const { starts } = await working();
  const start = (input: Record<string, unknown>, tenantId: string | null = null) =>
    starts.start({ kind: 'demo', input, tenantId, idempotencyKey: 'key-1', because: ADMIN });
  const ids = await Promise.all(Array.from({ length: 8 }, () => start({ steps: ['echo'] })));
  expect(new Set(ids).size).toBe(1);
  await expect(start({ steps: ['echo', 'echo'] })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  const overriding = starts.start({
    kind: 'demo',
    input: { steps: ['echo'] },
    tenantId: null,
    idempotencyKey: 'key-1',
    override: true,
    because: ADMIN,
  });
  await expect(overriding).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  expect(await start({ steps: ['echo'] }, 'acme')).not.toBe(ids[0]);
});

it('leaves a saga with unknown steps to a worker that knows them [SAG-16]', async () => {
  const script = new Script('newer', [{ name: 'known' }, { name: 'brand_new' }]);
  const old = await world.process([{ ...script.definition, steps: script.definition.steps.slice(0, 1) }]);
  old.engine.start();
  const newer = await world.process([script.definition]);
  const id = await newer.starts.start({ kind: 'newer', input: {}, tenantId: null, because: ADMIN });
  const probe = await run(old, 'demo', { steps: ['echo'] });
  expect(probe.status).toBe('completed'); // The old worker runs.
  expect(await newer.reader.get(PLATFORM, id)).toMatchObject({ status: 'pending' });
  newer.engine.start();
  await settled(newer.reader, id, ['completed']);
});

it('refuses the writes of a zombie, and its guard reports the lost lease [SAG-3]', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const guards: string[] = [];
  const script: Script = new Script('contested', [
    {
      name: 'slow',
      execute: async ({ guard }) => {
        const first = script.calls.length === 1;
        if (first) await released;
        await guard().then(
          () => guards.push('kept'),
          () => guards.push('lost'),
        );
        return done({ by: first ? 'zombie' : 'successor' });
      },
    },
  ]);
  const zombie = await working(script);
  const id = await zombie.starts.start({ kind: 'contested', input: {}, tenantId: null, because: ADMIN });
  await until(() => script.calls.length === 1);
  // Another worker’s claim does the same.
  await world.owner.query(`update saga_runs set epoch = epoch + 1, lease_until = clock_timestamp() where id = $1`, [id]);
  const saga = await settled(zombie.reader, id, ['completed']);
  release();
  await until(() => guards.length === 2);
  expect(guards).toEqual(['kept', 'lost']);
  expect(saga.context).toEqual({ slow: { by: 'successor' } });
  expect((await zombie.reader.get(PLATFORM, id)).context).toEqual({ slow: { by: 'successor' } });
});

it('continues after a crash at the first step that is not recorded [SAG-4]', async () => {
  const one = new Script('resumed', [{ name: 'one' }, { name: 'two', execute: () => new Promise(() => {}) }]);
  const crashed = await working(one);
  const id = await crashed.starts.start({ kind: 'resumed', input: {}, tenantId: null, because: ADMIN });
  await until(() => one.calls.includes('do two'));
  void crashed.engine.drain(); // It leases no more runs.
  await world.owner.query(`update saga_runs set lease_until = clock_timestamp(), epoch = epoch + 1 where id = $1`, [id]);
  const two = new Script('resumed', [{ name: 'one' }, { name: 'two' }]);
  const successor = await working(two);
  await settled(successor.reader, id, ['completed']);
  expect([...one.calls, ...two.calls].filter((call) => call === 'do one')).toHaveLength(1);
});

it('records an operator’s action with actor and reason in the same transaction', async () => {
  const { starts, controls } = await world.process();
  const because = { by: { sub: 'grace', role: 'platform_admin' }, reason: 'a demonstration' };
  const id = await starts.start({ kind: 'demo', input: { steps: ['wait'] }, tenantId: null, because });
  await controls.cancel(PLATFORM, id, because);
  const { rows } = await world.owner.query('select actor, action, reason from audit_log where target_id = $1 order by seq', [id]);
  expect(rows).toEqual([
    { actor: 'grace', action: 'saga_started', reason: 'a demonstration' },
    { actor: 'grace', action: 'saga_cancelled', reason: 'a demonstration' },
  ]);
});
