import { done, fail, wait } from '#libs/saga';
import { until } from '../setup/until';
import { ADMIN, ledger, PLATFORM, run, SagaWorld, settled, type SagaProcess } from './saga-world';
import { refuse, Script, undone } from './script';

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

  it('a pivot that surely did nothing is compensated', async () => {
    expect(await run(await working(after('none', 'pivot_none')), 'pivot_none', {})).toMatchObject({ status: 'rolled_back' });
  });

  it('a pivot that may have had its effect stops the saga where it is; a retry goes on there', async () => {
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

  it('after a pivot nothing is undone, and cancel is refused', async () => {
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

describe('SAG-10: a compensation that fails', () => {
  it('is tried again, does not stop the others, is listed, and a retry finishes the job', async () => {
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
    broken = false;
    await process.controls.retry(PLATFORM, saga.id, ADMIN);
    const mended = await settled(process.reader, saga.id, ['rolled_back']);
    expect(mended.leftovers).toEqual([]);
    expect(ledger(mended)).toEqual(['one: compensated', 'two: compensated', 'three: failed']);
    expect(script.calls.filter((call) => call === 'undo one')).toHaveLength(1);
  });
});

describe('SAG-12: cancel', () => {
  it('undoes a waiting saga, the step that waits included', async () => {
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

  it('undoes a step that a dead worker had begun and never told of', async () => {
    const steps = [{ name: 'one', execute: () => new Promise<never>(() => {}), compensate: undone }];
    const dead = new Script('begun_untold', steps);
    const crashed = await working(dead);
    const id = await crashed.starts.start({ kind: 'begun_untold', input: {}, tenantId: null, because: ADMIN });
    await until(() => dead.calls.length === 1);
    void crashed.engine.drain();
    await crashed.controls.cancel(PLATFORM, id, ADMIN);
    await world.owner.query('update saga_runs set lease_until = clock_timestamp(), epoch = epoch + 1 where id = $1', [id]);
    const heir = new Script('begun_untold', steps);
    await settled((await working(heir)).reader, id, ['rolled_back']);
    expect(heir.calls).toEqual(['undo one']);
  });

  it('does not hurry what is undone, nor what has passed a pivot', async () => {
    let looks = 0;
    const script = new Script('slowly_undone', [
      {
        name: 'one',
        execute: async () => wait(60_000, 'never'),
        compensate: async () => ((looks += 1) > 3 ? done() : wait(150, 'not yet')),
      },
    ]);
    const process = await working(script);
    const saga = await run(process, 'slowly_undone', {}, ['running']);
    await until(() => script.calls.length === 1);
    const cancelledMs = performance.now();
    await process.controls.cancel(PLATFORM, saga.id, ADMIN);
    await settled(process.reader, saga.id, ['rolled_back']);
    expect(looks).toBe(4);
    expect(performance.now() - cancelledMs).toBeGreaterThan(450);
  });

  it('of one that nobody has begun does nothing at all', async () => {
    const script = new Script('never_begun', [{ name: 'one' }]);
    const idle = await world.process([script.definition]);
    const id = await idle.starts.start({ kind: 'never_begun', input: {}, tenantId: null, because: ADMIN });
    await idle.controls.cancel(PLATFORM, id, ADMIN);
    idle.engine.start();
    expect(ledger(await settled(idle.reader, id, ['rolled_back']))).toEqual(['one: planned']);
    expect(script.calls).toEqual([]);
  });
});

it('SAG-9: what a step recorded before its side effect is known to its undoing, without a crash between them too', async () => {
  const seen: unknown[] = [];
  const script = new Script('told', [
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
  expect((await run(process, 'told', {})).status).toBe('rolled_back');
  expect(seen).toEqual([{ nth: 1 }, { nth: 2 }]);
});

it('SAG-12: a cancel that is accepted while the last step is at work undoes it, although it was done', async () => {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
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
  letGo();
  const ended = await settled(process.reader, id, ['completed', 'rolled_back']);
  expect(ended).toMatchObject({ status: 'rolled_back', error: { code: 'cancelled' } });
  expect(script.calls).toEqual(['do only', 'undo only']);
});

it('OPS-9: an operator releases what a run that gave up holds; its retry takes it again', async () => {
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

describe('SAG-12: a cancel while a pivot is on its way', () => {
  it.each([
    { name: 'that has its effect', effect: 'done', status: 'completed' },
    { name: 'that turns out to have done nothing', effect: 'none', status: 'rolled_back' },
  ])('$name waits until that is known: $status', async ({ effect, status }) => {
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
    // The cancel is put where a request that came just before the pivot was begun would have left it.
    const id = await process.starts.start({ kind: `pivot_${effect}`, input: {}, tenantId: null, because: ADMIN });
    process.engine.wake();
    await until(async () => script.calls.filter((call) => call === 'do pivot').length > 1, { what: 'the waiting pivot' });
    await expect(process.controls.cancel(PLATFORM, id, ADMIN)).rejects.toMatchObject({ code: 'not_cancellable' });
    await world.owner.query('update saga_runs set cancel_requested = true where id = $1', [id]);
    const looked = script.calls.length;
    await until(() => script.calls.length > looked + 2, { what: 'further looks' });
    expect(script.calls).not.toContain('undo before');
    settledYet = true;
    expect((await settled(process.reader, id, ['completed', 'rolled_back', 'failed'])).status).toBe(status);
  });
});
