import { done, fail, wait } from '#libs/saga';
import { until } from '../../support/until';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ledger, run, SagaWorld, settled, type SagaProcess } from '../../support/saga-world';
import { refuse, Script, undone } from './scripted-saga';
import { change } from '../../support/factories';

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

describe('pivots', () => {
  const after = (effect: 'none' | 'unknown', kind: string) =>
    new Script(kind, [
      { name: 'before', compensate: undone },
      { name: 'point', pivot: true, execute: async () => fail({ code: 'refused', detail: 'No.' }, effect) },
    ]);

  it('compensates a saga when its pivot certainly had no effect', async () => {
    expect(await run(await working(after('none', 'pivot_none')), 'pivot_none', {})).toMatchObject({ status: 'rolled_back' });
  });

  it('fails a saga when its pivot may have had its effect, and continues at the pivot on a retry', async () => {
    let broken = true;
    const script = new Script('pivot_unknown', [
      { name: 'before', compensate: undone },
      { name: 'point', pivot: true, execute: async () => (broken ? fail({ code: 'lost', detail: 'Who knows.' }) : done()) },
      { name: 'after' },
    ]);
    const process = await working(script);
    const saga = await run(process, 'pivot_unknown', {});
    expect(saga.status).toBe('failed');
    broken = false;
    await process.controls.retry(PLATFORM, saga.id, ADMIN);
    expect(ledger(await settled(process.reader, saga.id, ['completed']))).toEqual([
      'before: completed',
      'point: completed',
      'after: completed',
    ]);
    expect(script.calls).toEqual(['do before', 'do point', 'do point', 'do after']);
  });

  it('rejects a cancel after a pivot', async () => {
    const script = new Script('past_pivot', [
      { name: 'point', pivot: true },
      { name: 'later', execute: async () => wait(60_000, 'never') },
    ]);
    const process = await working(script);
    const saga = await run(process, 'past_pivot', {}, ['running']);
    await until(() => script.calls.includes('do later'));
    await expect(process.controls.cancel(PLATFORM, saga.id, ADMIN)).rejects.toMatchObject({ code: 'not_cancellable' });
  });
});

describe('a compensation that fails', () => {
  it('is retried and listed, does not stop the other compensations, and is completed by an operator’s retry [SAG-10]', async () => {
    let broken = true;
    const script = new Script('leaky', [
      { name: 'one', compensate: undone },
      { name: 'two', compensate: async () => (broken ? fail({ code: 'stuck', detail: 'It will not go.' }) : done()) },
      { name: 'three', execute: refuse },
    ]);
    const process = await working(script);
    const saga = await run(process, 'leaky', {});
    expect(saga).toMatchObject({
      status: 'compensation_failed',
      leftovers: [{ step: 'two', output: { by: 'do two' }, error: { code: 'stuck' } }],
    });
    expect(ledger(saga)).toEqual(['one: compensated', 'two: compensation_failed', 'three: failed']);
    const [one, two, three] = saga.steps;
    expect(two).toMatchObject({ attempts: 1, compensation_attempts: 1, compensating_since: expect.stringMatching(/Z$/) });
    expect(three).toMatchObject({ compensation_attempts: 0, compensating_since: null });
    expect(Date.parse(one?.compensating_since ?? '')).toBeGreaterThanOrEqual(Date.parse(two?.compensating_since ?? ''));
    broken = false;
    await process.controls.retry(PLATFORM, saga.id, ADMIN);
    const retried = await settled(process.reader, saga.id, ['rolled_back']);
    expect(retried.leftovers).toEqual([]);
    expect(ledger(retried)).toEqual(['one: compensated', 'two: compensated', 'three: failed']);
    expect(script.calls.filter((call) => call === 'undo one')).toHaveLength(1);
  });
});

describe('a cancel', () => {
  it('compensates a waiting saga, including the step that waits [SAG-12]', async () => {
    const script = new Script('cancelled', [
      { name: 'one', compensate: undone },
      { name: 'two', execute: async () => wait(60_000, 'never'), compensate: undone },
    ]);
    const process = await working(script);
    const saga = await run(process, 'cancelled', {}, ['running']);
    await until(() => script.calls.includes('do two'));
    await process.controls.cancel(PLATFORM, saga.id, ADMIN);
    const ended = await settled(process.reader, saga.id, ['rolled_back']);
    expect(ended).toMatchObject({ error: { code: 'cancelled', step: null } });
    expect(script.calls).toEqual(['do one', 'do two', 'undo two', 'undo one']);
  });

  it('compensates a step that a dead worker had begun and never recorded as completed [SAG-12]', async () => {
    const steps = [{ name: 'one', execute: () => new Promise<never>(() => {}), compensate: undone }];
    const dead = new Script('begun_unrecorded', steps);
    const crashed = await working(dead);
    const id = await crashed.starts.start({ kind: 'begun_unrecorded', input: {}, tenantId: null, because: ADMIN });
    await until(() => dead.calls.length === 1);
    void crashed.engine.drain();
    await crashed.controls.cancel(PLATFORM, id, ADMIN);
    await world.owner.query('update saga_runs set lease_until = clock_timestamp(), epoch = epoch + 1 where id = $1', [id]);
    const heir = new Script('begun_unrecorded', steps);
    await settled((await working(heir)).reader, id, ['rolled_back']);
    expect(heir.calls).toEqual(['undo one']);
  });

  it('does not shorten the waits of a compensation [SAG-12]', async () => {
    let polls = 0;
    const script = new Script('slowly_undone', [
      {
        name: 'one',
        execute: async () => wait(60_000, 'never'),
        compensate: async () => ((polls += 1) > 3 ? done() : wait(150, 'not yet')),
      },
    ]);
    const process = await working(script);
    const saga = await run(process, 'slowly_undone', {}, ['running']);
    await until(() => script.calls.length === 1);
    const cancelledMs = performance.now();
    await process.controls.cancel(PLATFORM, saga.id, ADMIN);
    await settled(process.reader, saga.id, ['rolled_back']);
    expect(polls).toBe(4);
    expect(performance.now() - cancelledMs).toBeGreaterThan(450);
  });

  it('runs no step and no compensation of a saga that no worker has begun [SAG-12]', async () => {
    const script = new Script('never_begun', [{ name: 'one' }]);
    const idle = await world.process([script.definition]);
    const id = await idle.starts.start({ kind: 'never_begun', input: {}, tenantId: null, because: ADMIN });
    await idle.controls.cancel(PLATFORM, id, ADMIN);
    idle.engine.start();
    expect(ledger(await settled(idle.reader, id, ['rolled_back']))).toEqual(['one: planned']);
    expect(script.calls).toEqual([]);
  });
});

it('gives a compensation the intent that its step recorded before the effect, also without a crash [SAG-9]', async () => {
  const seen: unknown[] = [];
  const script = new Script('intent_recorded', [
    {
      name: 'made',
      execute: async (ctx) => {
        await ctx.recordIntent({ nth: 1 });
        seen.push(ctx.intent);
        await ctx.recordIntent({ nth: 2 });
        return done();
      },
      compensate: async (ctx) => {
        seen.push(ctx.intent);
        return done();
      },
    },
    { name: 'fails', execute: refuse },
  ]);
  const process = await world.process([script.definition]);
  process.engine.start();
  expect((await run(process, 'intent_recorded', {})).status).toBe('rolled_back');
  expect(seen).toEqual([{ nth: 1 }, { nth: 2 }]);
});

it('compensates the last step when a cancel is accepted during its execution, although it completed [SAG-12]', async () => {
  let finishStep = (): void => undefined;
  const gate = new Promise<void>((resolve) => (finishStep = resolve));
  const script = new Script('last', [
    {
      name: 'only',
      execute: async () => {
        await gate;
        return done();
      },
      compensate: undone,
    },
  ]);
  const process = await world.process([script.definition]);
  process.engine.start();
  const id = await process.starts.start({ kind: 'last', input: { holds: 'droplet:77' }, tenantId: null, because: ADMIN });
  process.engine.wake();
  await until(async () => script.calls.length === 1, { what: 'the step' });
  await process.controls.cancel(PLATFORM, id, ADMIN);
  finishStep();
  const ended = await settled(process.reader, id, ['completed', 'rolled_back']);
  expect(ended).toMatchObject({ status: 'rolled_back', error: { code: 'cancelled' } });
  expect(script.calls).toEqual(['do only', 'undo only']);
});

it('lets an operator release the holds of a saga that failed to compensate, and acquires them again on a retry [OPS-9]', async () => {
  let helpless = true;
  const script = new Script('stuck', [
    { name: 'one', compensate: async () => (helpless ? fail({ code: 'stuck', detail: 'No way back.' }) : done()) },
    { name: 'two', execute: refuse },
  ]);
  const process = await working(script);
  const input = { holds: 'droplet:88' };
  const saga = await run(process, 'stuck', input);
  expect(saga.status).toBe('compensation_failed');
  const start = () => process.starts.start({ kind: 'stuck', input, tenantId: null, because: ADMIN });
  await expect(start()).rejects.toMatchObject({ code: 'resource_busy' });
  await process.controls.releaseHolds(PLATFORM, saga.id, { ...ADMIN, reason: 'seen to by hand' });
  const { rows } = await world.owner.query('select action, reason, details from audit_log where target_id = $1 order by at desc limit 1', [
    saga.id,
  ]);
  expect(rows).toEqual([
    { action: 'saga_holds_released', reason: 'seen to by hand', details: { kind: 'stuck', released: ['droplet:88'] } },
  ]);
  helpless = false;
  await process.controls.retry(PLATFORM, saga.id, ADMIN);
  process.engine.wake();
  const ended = await settled(process.reader, saga.id, ['rolled_back']);
  expect(ended.leftovers).toEqual([]);
  await expect(process.controls.releaseHolds(PLATFORM, saga.id, ADMIN)).rejects.toMatchObject({ code: 'not_releasable' });
});

describe('a cancel during a pivot', () => {
  it.each([
    { name: 'took effect', effect: 'done', status: 'completed' },
    { name: 'had no effect', effect: 'none', status: 'rolled_back' },
  ])('waits until the pivot’s outcome is known, and ends as $status when it $name [SAG-12]', async ({ effect, status }) => {
    let settledYet = false;
    const script = new Script(`pivot_${effect}`, [
      { name: 'before', compensate: undone },
      {
        name: 'pivot',
        pivot: true,
        execute: async (ctx) => {
          await ctx.recordIntent({ asked: true });
          if (!settledYet) return wait(50, 'whether it happened');
          return effect === 'done' ? done() : fail({ code: 'refused', detail: 'No.' }, 'none');
        },
      },
      { name: 'after' },
    ]);
    const process = await working(script);
    // The test stores the cancel request as if it had arrived just before the pivot began.
    const id = await process.starts.start({ kind: `pivot_${effect}`, input: {}, tenantId: null, because: ADMIN });
    process.engine.wake();
    await until(async () => script.calls.filter((call) => call === 'do pivot').length > 1, { what: 'the waiting pivot' });
    await expect(process.controls.cancel(PLATFORM, id, ADMIN)).rejects.toMatchObject({ code: 'not_cancellable' });
    await change(world.owner, 'saga_runs', id, { cancel_requested: true });
    const polled = script.calls.length;
    await until(() => script.calls.length > polled + 2, { what: 'further polls' });
    expect(script.calls).not.toContain('undo before');
    settledYet = true;
    expect((await settled(process.reader, id, ['completed', 'rolled_back', 'failed'])).status).toBe(status);
  });
});
