import { SagaBulk, SagaTimeline, SagaVerbs, StepOutputs, done, fail, retry, wait, type StepAnswer } from '#libs/saga';
import { recordCall } from '#libs/observability';
import { IsString } from 'class-validator';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ledger, SagaWorld, settled, type SagaProcess } from '../../support/saga-world';
import { until } from '../../support/until';
import { recorded, type RecordedStatement } from '../../e2e/releases/recorded-release';
import { Script, undone } from './scripted-saga';

const BECAUSE = { ...ADMIN, reason: 'asked by acme' };
const BOSS = { by: { sub: 'boss', role: 'platform_admin' }, reason: 'checked it' };
const HOUR_MS = 3_600_000;
/** The releases that know no pause. */
const BEFORE_PAUSES = ['before-renovation'];
const NOT_YET = { code: 'not_yet', detail: 'Not yet' };

let world: SagaWorld;
let sagas: SagaProcess;
let verbs: SagaVerbs;
class MadeOutput {
  @IsString()
  readonly id: string;
}

/** What each step of a saga does instead of succeeding, by the saga's input `name` and the step. */
const behaviour = new Map<string, () => Promise<StepAnswer>>();
const script = new Script(
  'steerable',
  ['one', 'two', 'three'].map((name) => ({
    name,
    execute: async (ctx) => (await behaviour.get(`${String(ctx.input['name'])}/${name}`)?.()) ?? done({ by: name }),
    ...(name === 'one' && { compensate: undone }),
    ...(name === 'two' && { skippable: 'with_output' as const, compensate: undone }),
    ...(name === 'three' && { skippable: 'freely' as const }),
  })),
);
const create = new Script('creates', [
  {
    name: 'make',
    pivot: true,
    outputSchema: MadeOutput,
    execute: async (ctx) => {
      await ctx.recordIntent({ sent: true });
      return fail({ code: 'lost', detail: 'No answer' });
    },
    checkOutput: async (_ctx, { id }) =>
      id === 'real' ? done({ id }, ['thing:real']) : fail({ code: 'absent', detail: `There is no ${String(id)}` }),
  },
  { name: 'use' },
]);

beforeAll(async () => {
  world = await SagaWorld.create();
  sagas = await world.process([script.definition, create.definition]);
  verbs = sagas.get(SagaVerbs);
  sagas.engine.start();
});
afterAll(() => world.end());

async function start(name: string, more: Record<string, unknown> = {}, kind = 'steerable'): Promise<string> {
  const id = await sagas.starts.start({ kind, input: { name, ...more }, tenantId: null, because: ADMIN });
  sagas.engine.wake();
  return id;
}
const get = (id: string) => sagas.reader.get(PLATFORM, id);
const actionsIn = async (id: string, action: string) =>
  until(async () => (await get(id)).actions.includes(action as never), { what: `${action} of ${id}` });
const change = (id: string, set: string) => world.owner.query(`update saga_runs set ${set} where id = $1`, [id]);

describe('a pause', () => {
  it('keeps the result of the step in flight and begins no other, until it is resumed [OPV-2]', async () => {
    let release = (): void => undefined;
    behaviour.set('pause/one', () => new Promise((resolve) => (release = () => resolve(done({ kept: true })))));
    const before = script.calls.length;
    const id = await start('pause');
    await until(() => script.calls.length > before);
    await verbs.pause({ id, because: BECAUSE });
    await verbs.pause({ id, because: { ...BOSS } });
    release();
    await until(async () => (await get(id)).steps[0]?.status === 'completed');
    const probe = await start('probe');
    await settled(sagas.reader, probe, ['completed']);
    const saga = await get(id);
    expect(saga).toMatchObject({
      status: 'running',
      paused_by: 'ada',
      pause_reason: 'asked by acme',
      wake_at: null,
      version: 1,
      context: { one: { kept: true } },
    });
    const begun = script.calls.slice(before).filter((call) => call === 'do two');
    expect([saga.current_step_idx, saga.steps[1]?.status, begun.length]).toEqual([1, 'planned', 1]); // the one of the other saga
    await verbs.resume({ id, because: BECAUSE });
    expect(await settled(sagas.reader, id, ['completed'])).toMatchObject({ paused_at: null, version: 2 });
    const { rows } = await world.owner.query(`select type from events where subject_id = $1 order by seq`, [id]);
    expect(rows).toEqual([{ type: 'saga.started' }, { type: 'saga.paused' }, { type: 'saga.resumed' }, { type: 'saga.completed' }]);
  });

  it('stops the clock of the limit of waits, and a cancel waits for its end [OPV-2]', async () => {
    behaviour.set('clock/one', async () => wait(HOUR_MS, 'waiting for the hour'));
    const id = await start('clock');
    await until(async () => (await get(id)).steps[0]?.status === 'waiting');
    await verbs.pause({ id, because: BECAUSE });
    await change(id, `paused_at = paused_at - interval '2 hours'`);
    await world.owner.query(`update saga_steps set tried_since = tried_since - interval '2 hours' where saga_id = $1`, [id]);
    await sagas.controls.cancel(PLATFORM, id, BECAUSE);
    expect(await get(id)).toMatchObject({ status: 'running', cancel_requested: true });
    await change(id, 'cancel_requested = false');
    await verbs.resume({ id, because: BECAUSE });
    const { rows } = await world.owner.query<{ s: number }>(
      `select extract(epoch from clock_timestamp() - tried_since)::float8 as s from saga_steps where saga_id = $1`,
      [id],
    );
    expect(rows[0]?.s).toBeLessThan(60);
    await sagas.controls.cancel(PLATFORM, id, BECAUSE);
    await settled(sagas.reader, id, ['rolled_back']);
  });

  it.each(BEFORE_PAUSES)('holds against the claim, the checkpoint and the cancel of the release %s [OPV-2]', async (release) => {
    const statements = recorded(release, 'statements.json') as RecordedStatement[];
    const statement = (pattern: RegExp) => statements.find(({ text }) => pattern.test(text))?.text ?? '';
    let end = (): void => undefined;
    behaviour.set(`old-${release}/one`, () => new Promise((resolve) => (end = () => resolve(retry(NOT_YET, HOUR_MS)))));
    const before = script.calls.length;
    const id = await start(`old-${release}`);
    await until(() => script.calls.length > before);
    await verbs.pause({ id, because: BECAUSE });
    const { rows } = await world.owner.query<{ epoch: string }>('select epoch from saga_runs where id = $1', [id]);
    const line = {
      saga_id: id,
      epoch: rows[0]?.epoch,
      step_idx: 0,
      name: 'one',
      step_status: 'completed',
      attempts: 1,
      compensation_attempts: 0,
    };
    const run = { took_ms: 1, status: 'running', next_idx: 1, pivot_passed: false, final: false, leftovers: [], settling: false };
    const written = await world.owner.query(statement(/with b as materialized[\s\S]*update saga_runs r/), [
      JSON.stringify([{ ...line, ...run }]),
      60_000,
    ]);
    expect(written.rowCount).toBe(1);
    end();
    await world.owner.query(statement(/^\s*update saga_runs set cancel_requested = true/), [id]);
    const claimed = await world.owner.query<{ id: string }>(statement(/with due as[\s\S]*skip locked/), [
      100,
      60_000,
      'old',
      ['steerable'],
      ['steerable/one', 'steerable/two', 'steerable/three'],
    ]);
    expect(claimed.rows.map((row) => row.id)).not.toContain(id);
    const stored = await world.owner.query(
      `select wake_at = '9999-12-31T00:00:00Z' as held, lease_until, step_idx from saga_runs where id = $1`,
      [id],
    );
    expect(stored.rows).toEqual([{ held: true, lease_until: null, step_idx: 1 }]);
  });
});

describe('a request of a verb', () => {
  it('is refused with another version, and changes nothing when it is repeated with its key [OPV-1]', async () => {
    behaviour.set('keys/one', async () => retry(NOT_YET, HOUR_MS));
    const id = await start('keys');
    await actionsIn(id, 'retry-step');
    await expect(verbs.setPolicy({ id, because: BECAUSE, expectedVersion: 7 }, { tries: 9 })).rejects.toMatchObject({
      code: 'version_moved',
    });
    const request = { id, because: BECAUSE, expectedVersion: 0, idempotencyKey: 'a-key' };
    await Promise.all([verbs.setPolicy(request, { tries: 9 }), verbs.setPolicy(request, { tries: 9 })]);
    expect(await get(id)).toMatchObject({ version: 1, policy: { tries: 9, backoff_ms: null } });
    await expect(verbs.setPolicy(request, { tries: 8 })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expect(verbs.skip({ id, because: BECAUSE }, null)).rejects.toMatchObject({ code: 'verb_not_allowed' });
    behaviour.delete('keys/one');
    await verbs.retryStep({ id, because: BECAUSE });
    expect(await settled(sagas.reader, id, ['completed'])).toMatchObject({ version: 2 });
  });

  it('sets the tries of one saga', async () => {
    let tries = 0;
    behaviour.set('policy/one', async () => ((tries += 1), retry(NOT_YET, tries === 1 ? HOUR_MS : 1)));
    const id = await start('policy');
    await actionsIn(id, 'retry-step');
    await verbs.setPolicy({ id, because: BECAUSE }, { tries: 3 });
    await verbs.retryStep({ id, because: BECAUSE });
    await settled(sagas.reader, id, ['rolled_back']);
    expect(tries).toBe(4);
  });
});

describe('a skip', () => {
  it('needs an output where later steps use one, keeps the reason, and has nothing to undo [OPV-3]', async () => {
    behaviour.set('skip/two', async () => retry(NOT_YET, HOUR_MS));
    behaviour.set('skip/three', async () => fail(NOT_YET, 'none'));
    const id = await start('skip');
    await actionsIn(id, 'skip');
    await expect(verbs.skip({ id, because: BECAUSE }, null)).rejects.toMatchObject({ code: 'output_required' });
    const before = script.calls.length;
    await verbs.skip({ id, because: BECAUSE }, { by: 'a person' });
    const saga = await settled(sagas.reader, id, ['rolled_back']);
    expect(saga.context).toMatchObject({ two: { by: 'a person' } });
    expect(script.calls.slice(before)).toEqual(['do three', 'undo one']);
    const { rows } = await world.owner.query(`select output, error from saga_steps where saga_id = $1 and name = 'two'`, [id]);
    expect(rows).toEqual([{ output: { by: 'a person' }, error: { code: 'skipped_by_person', detail: 'asked by acme' } }]);
  });

  it('completes a saga whose last step it skips, and releases what it held', async () => {
    behaviour.set('last/three', async () => retry(NOT_YET, HOUR_MS));
    const id = await start('last', { holds: 'droplet:7' });
    await actionsIn(id, 'skip');
    await verbs.skip({ id, because: BECAUSE }, null);
    const saga = await get(id);
    expect([saga.status, ledger(saga)]).toEqual(['completed', ['one: completed', 'two: completed', 'three: skipped']]);
    expect(saga.steps[2]?.reason).toBe('asked by acme');
    expect((await world.owner.query('select 1 from saga_holds where saga_id = $1', [id])).rowCount).toBe(0);
  });
});

describe('an output that a person gives', () => {
  it('counts after the look of the step and the approval of another admin, also for a pivot [OPV-3]', async () => {
    const outputs = sagas.get(StepOutputs);
    const id = await start('outcome', {}, 'creates');
    await settled(sagas.reader, id, ['failed']);
    await expect(outputs.propose({ id, because: BECAUSE }, { id: 7 })).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(outputs.propose({ id, because: BECAUSE }, { id: 'unreal' })).rejects.toMatchObject({ code: 'output_refused' });
    await outputs.propose({ id, because: BECAUSE }, { id: 'real' });
    expect((await get(id)).approval).toMatchObject({
      subject: 'step_output',
      step: 'make',
      output: { id: 'real' },
      decision: null,
      asked_by: 'ada',
    });
    expect((await sagas.reader.get(PLATFORM, id, 'ada')).actions).not.toContain('approve');
    await expect(outputs.approve(id, BECAUSE)).rejects.toMatchObject({ code: 'own_approval' });
    await expect(outputs.propose({ id, because: BOSS }, { id: 'real' })).rejects.toMatchObject({ code: 'verb_not_allowed' });
    await outputs.approve(id, BOSS);
    const saga = await settled(sagas.reader, id, ['completed']);
    expect([ledger(saga), saga.context['make']]).toEqual([['make: completed', 'use: completed'], { id: 'real' }]);
    expect(create.calls.filter((call) => call === 'do make')).toHaveLength(1);
  });

  it('is void once its step has gone on, and can be taken back [OPV-3]', async () => {
    const outputs = sagas.get(StepOutputs);
    const id = await start('void', {}, 'creates');
    await settled(sagas.reader, id, ['failed']);
    await outputs.propose({ id, because: BECAUSE }, { id: 'real' });
    await outputs.reject(id, BECAUSE);
    expect((await get(id)).approval).toMatchObject({ decision: 'cancelled' });
    await outputs.propose({ id, because: BECAUSE }, { id: 'real' });
    await world.owner.query(`update saga_approvals set expires_at = clock_timestamp() where saga_id = $1 and decision is null`, [id]);
    await outputs.rejectExpired();
    expect((await get(id)).approval).toMatchObject({ decision: 'expired' });
    await outputs.propose({ id, because: BECAUSE }, { id: 'real' });
    await world.owner.query(`update saga_steps set status = 'completed' where saga_id = $1`, [id]);
    await expect(outputs.approve(id, BOSS)).rejects.toMatchObject({ code: 'step_moved_on' });
    expect((await get(id)).approval).toMatchObject({ decision: 'cancelled' });
  });
});

it('has an event of every verb, with the audit action, and one more when a person must act [EVT-1]', async () => {
  const typesOf = async (id: string) => {
    const { rows } = await world.owner.query<{ type: string; action: string | null }>(
      `select type, data ->> 'action' as action from events where subject_id = $1 order by seq`,
      [id],
    );
    return rows.map(({ type, action }) => (action === null ? type : `${type} ${action}`));
  };
  behaviour.set('retried/three', () => Promise.resolve(wait(HOUR_MS, 'waiting for an end')));
  const cancelled = await start('retried');
  await until(async () => (await get(cancelled)).steps[2]?.status === 'waiting');
  await sagas.controls.cancel(PLATFORM, cancelled, BECAUSE);
  await settled(sagas.reader, cancelled, ['rolled_back']);
  expect(await typesOf(cancelled)).toEqual(['saga.started', 'saga.changed saga_cancelled', 'saga.rolled_back']);

  const failed = await start('retried', {}, 'creates');
  await settled(sagas.reader, failed, ['failed']);
  await sagas.controls.releaseHolds(PLATFORM, failed, BECAUSE);
  await sagas.controls.retry(PLATFORM, failed, BECAUSE);
  sagas.engine.wake();
  await settled(sagas.reader, failed, ['failed']);
  const failure = ['saga.failed', 'saga.needs_attention'];
  expect(await typesOf(failed)).toEqual([
    'saga.started',
    ...failure,
    'saga.changed saga_holds_released',
    'saga.changed saga_retried',
    ...failure,
  ]);
});

it('redrives a rolled back saga once, also for concurrent requests, and again only when that one was rolled back [OPV-3]', async () => {
  behaviour.set('again/one', async () => fail(NOT_YET, 'none'));
  const id = await start('again');
  await settled(sagas.reader, id, ['rolled_back']);
  const request = { id, because: BECAUSE };
  // The second one gets the saga that the first one starts, or is refused when that one runs already.
  const both = await Promise.allSettled([verbs.redrive(request), verbs.redrive(request)]);
  const begun = both.map((one) => (one.status === 'fulfilled' ? one.value : /The saga (\S+) repeats/.exec(String(one.reason))?.[1]));
  const [first = '', second] = begun;
  expect(second).toBe(first);
  expect(await settled(sagas.reader, first, ['rolled_back'])).toMatchObject({
    redriven_from: id,
    kind: 'steerable',
    input: { name: 'again' },
  });
  behaviour.delete('again/one');
  const third = await verbs.redrive({ ...request, idempotencyKey: 'redrive-key' });
  expect(await verbs.redrive({ ...request, idempotencyKey: 'redrive-key' })).toBe(third);
  await settled(sagas.reader, third, ['completed']);
  await expect(verbs.redrive(request)).rejects.toMatchObject({ code: 'already_redriven' });
  const { relations } = await sagas.get(SagaTimeline).get(PLATFORM, id, { resourceId: null, writers: [] });
  expect(relations.redriven_as).toEqual([first, third]);
});

it('shows every try with its waits, the compensation in its own lane, and calls to admins only', async () => {
  let looks = 0;
  behaviour.set('course/one', async () => {
    looks += 1;
    recordCall({ method: 'GET', path: '/v2/droplets/1' }, performance.now() - 4, { status: 200, requestId: 'r-1' });
    if (looks === 1) return retry(NOT_YET, 1);
    if (looks < 5) return wait(1, looks === 4 ? 'waiting for another thing' : 'waiting for the thing');
    return done();
  });
  behaviour.set('course/two', async () => fail(NOT_YET, 'none'));
  const id = await sagas.starts.start({ kind: 'steerable', input: { name: 'course' }, tenantId: 'acme', because: ADMIN });
  await settled(sagas.reader, id, ['rolled_back']);
  const nowhere = { resourceId: null, writers: [] };
  const course = await sagas.get(SagaTimeline).get(PLATFORM, id, nowhere);
  const [one, two, three] = course.steps;
  expect(one?.attempts.map(({ outcome, error }) => [outcome, error])).toEqual([['retry', NOT_YET], ['completed', null]]); // prettier-ignore
  expect(one?.attempts[1]?.waits).toMatchObject([{ why: 'waiting for the thing', executions: 2 }, { why: 'waiting for another thing', executions: 1 }]); // prettier-ignore
  expect(one?.attempts[1]?.worker).toMatch(/\//);
  expect([one?.compensation.map(({ outcome }) => outcome), two?.attempts.map(({ outcome }) => outcome), three?.status]).toEqual([
    ['compensated'],
    ['failed'],
    'planned',
  ]);
  expect(course.provider_calls).toHaveLength(5);
  expect(course.provider_calls[0]).toMatchObject({
    step_idx: 0,
    method: 'GET',
    path: '/v2/droplets/1',
    status: 200,
    ms: 4,
    request_id: 'r-1',
  });
  const reduced = await sagas.get(SagaTimeline).get({ kind: 'tenant', tenantId: 'acme' }, id, nowhere);
  expect(reduced).toMatchObject({ worker: null, provider_calls: [] });
  expect(reduced.steps[0]?.attempts).toMatchObject([{ worker: null, epoch: null }, { worker: null }]);
  await expect(sagas.get(SagaTimeline).get({ kind: 'tenant', tenantId: 'globex' }, id, nowhere)).rejects.toMatchObject({
    code: 'saga_not_found',
  });
});

describe('a bulk job', () => {
  const waiting = async (count: number, name: string) => {
    behaviour.set(`${name}/one`, async () => wait(HOUR_MS, 'waiting for the hour'));
    const ids = await Promise.all(Array.from({ length: count }, () => start(name)));
    await Promise.all(ids.map((id) => until(async () => (await get(id)).steps[0]?.status === 'waiting')));
    return ids.sort();
  };
  const signal = new AbortController().signal;

  it('freezes its sagas, shows their number, and keeps a result of each at its rate, also after a crash [OPV-1]', async () => {
    const bulk = sagas.get(SagaBulk);
    const ids = await waiting(4, 'bulk');
    const request = {
      verb: 'pause',
      filter: { q: ids[0]?.slice(0, 8) ?? '', status: 'running', paused: false },
      ratePerMinute: 60,
    } as const;
    const plan = await bulk.plan({ ...request, filter: undefined, ids });
    expect([plan.total, plan.first.every(({ allowed }) => allowed)]).toEqual([4, true]);
    expect((await get(ids[0] ?? '')).paused_at).toBeNull();
    await sagas.controls.cancel(PLATFORM, ids[3] ?? '', BECAUSE);
    await settled(sagas.reader, ids[3] ?? '', ['rolled_back']);
    const id = await bulk.create({ verb: 'pause', ids, ratePerMinute: 60 }, BECAUSE);
    expect(await bulk.handleDue(signal)).toBe(1);
    expect(await bulk.handleDue(signal)).toBe(0);
    expect(await bulk.get(id)).toMatchObject({ status: 'running', total: 4, done: 1, refused: 0 });
    const [newest] = (await bulk.listJobs({ limit: 1, cursor: undefined })).items;
    expect(newest).toEqual(await bulk.get(id));
    // A worker carried the verb out and died before it wrote the result; meanwhile a person has resumed the saga.
    await verbs.resume({ id: ids[0] ?? '', because: BOSS });
    await world.owner.query('update saga_bulk_items set result = null, at = null where job_id = $1 and nr = 1', [id]);
    await world.owner.query(`update saga_bulk_jobs set next_at = next_at - interval '1 minute' where id = $1`, [id]);
    while ((await bulk.handleDue(signal)) > 0)
      await world.owner.query(`update saga_bulk_jobs set next_at = next_at - interval '1 minute' where id = $1`, [id]);
    expect(await bulk.get(id)).toMatchObject({ status: 'finished', done: 3, refused: 1 });
    const { items } = await bulk.list(id, { limit: 10 });
    expect(items.map(({ saga_id, result, code }) => [saga_id, result, code])).toEqual(
      ids.map((saga, nr) => [saga, nr < 3 ? 'done' : 'refused', nr < 3 ? null : 'verb_not_allowed']),
    );
    const audited = await world.owner.query(`select 1 from audit_log where action = 'saga_paused' and target_id = any ($1::text[])`, [ids]);
    expect(audited.rowCount).toBe(3);
    expect((await get(ids[0] ?? '')).paused_at).toBeNull();
  });

  it('handles no saga after a stop', async () => {
    const bulk = sagas.get(SagaBulk);
    const ids = await waiting(2, 'stopped');
    const id = await bulk.create({ verb: 'pause', ids, ratePerMinute: 6_000 }, BECAUSE);
    await bulk.stop(id, BOSS);
    expect(await bulk.handleDue(signal)).toBe(0);
    expect(await bulk.get(id)).toMatchObject({ status: 'stopped', done: 0, stopped_by: 'boss' });
  });
});
