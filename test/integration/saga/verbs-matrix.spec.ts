import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  AcceptanceGuard,
  SAGA_VERBS,
  SagaApprovals,
  SagaVerbs,
  StepOutputs,
  type GuardedStart,
  type SagaVerb,
  type SagaView,
} from '#libs/saga';
import { Pool } from 'pg';
import { aSaga } from '../../support/factories';
import { ADMIN, PLATFORM } from '../../support/principals';
import { SagaWorld, type SagaProcess } from '../../support/saga-world';
import { SeededRandom } from '../../support/seeded-random';
import { JWT_SECRET } from '../../support/settings';
import { until } from '../../support/until';
import { STEERED, steeredSaga, STEPS, WORLD_TABLES, type How, type Steering } from './steered-saga';

const IS_LONG = process.env.TEST_LONG !== undefined;
const SEED = Number(process.env.VERBS_SEED ?? Date.now() % 1_000_000);
const SAMPLE = { alive: 36, killed: 12 };
const BOSS = { by: { sub: 'boss', role: 'platform_admin' }, reason: 'checked' };
const REASON = { ...ADMIN, reason: 'a test' };
const LEASE_MS = 1_000;
const OPEN = ['pending', 'running', 'compensating', 'awaiting_approval'];
const UNSETTLED = [...OPEN, 'failed', 'compensation_failed'];

/** A place in which a verb meets a saga. */
interface Place {
  readonly name: string;
  readonly steering: Steering;
  readonly paused?: true;
  readonly from?: 'pending' | 'awaiting_approval' | 'rejected';
  /** It has ended before the verb comes. */
  readonly ended?: true;
}

const HOWS: readonly How[] = ['held', 'backoff', 'waiting', 'lost', 'fails'];
const at = (how: How, idx: number, more: Partial<Steering> = {}): Steering => ({ at: idx, how, ...more });
const PLACES: readonly Place[] = [
  { name: 'pending', steering: at('held', 9), from: 'pending' },
  { name: 'pending and paused', steering: at('held', 9), from: 'pending', paused: true },
  { name: 'awaiting approval', steering: at('held', 9), from: 'awaiting_approval' },
  { name: 'rejected', steering: at('held', 9), from: 'rejected' },
  { name: 'completed', steering: at('held', 9), ended: true },
  { name: 'rolled back', steering: at('held', 9, { undo: true }), ended: true },
  ...STEPS.flatMap((step, idx) =>
    HOWS.flatMap((how) => [
      { name: `${step}: ${how}`, steering: at(how, idx) },
      ...(how === 'fails' ? [] : [{ name: `${step}: ${how}, paused`, steering: at(how, idx), paused: true as const }]),
    ]),
  ),
  ...STEPS.slice(0, 2).flatMap((step, idx) =>
    (['held', 'backoff', 'waiting', 'fails'] as const).map((how) => ({
      name: `undo of ${step}: ${how}`,
      steering: at(how, idx, { undo: true }),
    })),
  ),
];
interface Case {
  readonly place: Place;
  readonly verb: SagaVerb;
}
const CASES: readonly Case[] = PLACES.flatMap((place) => SAGA_VERBS.map((verb) => ({ place, verb })));

class AskSome extends AcceptanceGuard {
  override readonly judgesUnowned = true;
  override async judgeAll(starts: readonly GuardedStart[]) {
    return starts.map(({ input }) => ({ limits: [], ...(input['ask'] === true && { approval: { why: 'a test' } }) }));
  }
}

let world: SagaWorld;
let sagas: SagaProcess;
let outside: Pool;
let child: ChildProcess | undefined;
beforeAll(async () => {
  world = await SagaWorld.create();
  await world.owner.query(WORLD_TABLES);
  outside = new Pool({ connectionString: world.ownerUrl, max: 4 });
  sagas = await world.process([steeredSaga(outside)], { SAGA_LEASE_MS: String(LEASE_MS) });
  sagas.useGuard(new AskSome());
  console.log(`seed ${SEED}: VERBS_SEED=${SEED} repeats this sample`);
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await outside.end();
  await world.end();
});

const get = (id: string): Promise<SagaView> => sagas.reader.get(PLATFORM, id, BOSS.by.sub);
const rows = async (text: string, values: unknown[]) => (await outside.query<Record<string, unknown>>(text, values)).rows;

/** Everything that is stored about the saga, but its lease, which a worker renews. */
async function stored(id: string): Promise<unknown> {
  const run = `select to_jsonb(r) - '{lease_until,lease_owner}'::text[] as row from saga_runs r where id = $1`;
  const tables = ['saga_steps', 'saga_holds', 'saga_attempts', 'saga_approvals'].map((table) =>
    rows(`select to_jsonb(t) as row from ${table} t where saga_id = $1 order by 1`, [id]),
  );
  const log = rows(`select action from audit_log where target_id = $1 union all select type from events where subject_id = $1`, [id]);
  return Promise.all([rows(run, [id]), ...tables, log]);
}

async function begin({ steering, from, ended }: Place): Promise<string> {
  if (from === 'pending') {
    const later = new Date(Date.now() + 3_600_000);
    return aSaga(world.owner, { kind: STEERED, steps: STEPS, input: steering, wake_at: later });
  }
  const input = { ...steering, ...(from && { ask: true }) };
  const id = await sagas.starts.start({ kind: STEERED, input, tenantId: null, because: ADMIN });
  if (ended) await outside.query('insert into gates values ($1)', [id]);
  if (from === 'rejected') await sagas.get(SagaApprovals).reject(id, BOSS);
  sagas.engine.wake();
  return id;
}

/** The saga has come to its place. */
async function arrive(id: string, { name, steering: { at: idx, how, undo }, paused, from, ended }: Place): Promise<void> {
  const is = async (what: string, condition: string) =>
    until(async () => (await rows(`select 1 from saga_runs r left join saga_steps s on s.saga_id = r.id and s.step_idx = r.step_idx
      where r.id = $1 and ${condition}`, [id])).length > 0, { what: `${name} of ${id}: ${what}` }); // prettier-ignore
  const step = STEPS[idx] ?? '';
  if (ended) await is('ended', `r.status in ('completed', 'rolled_back')`);
  else if (!from && how === 'held')
    await until(
      async () =>
        (await rows('select 1 from begun where saga_id = $1 and step = $2 and undoing = $3', [id, step, undo ?? false])).length > 0,
    );
  else if (!from && how === 'fails')
    await is('failed', idx >= 2 || undo ? `r.status in ('failed', 'compensation_failed')` : `r.status = 'rolled_back'`);
  else if (!from)
    await is('stopped', `r.step_idx = ${idx} and r.lease_until is null and s.status in ('running', 'waiting', 'compensating')`);
  if (paused) await sagas.get(SagaVerbs).pause({ id, because: REASON });
}

async function perform(verb: SagaVerb, id: string): Promise<unknown> {
  const verbs = sagas.get(SagaVerbs);
  const request = { id, because: REASON };
  const output = { by: 'a person' };
  const isProposed = await sagas.get(StepOutputs).isProposed(id);
  const perVerb: Record<SagaVerb, () => Promise<unknown>> = {
    cancel: () => sagas.controls.cancel(PLATFORM, id, REASON),
    retry: () => sagas.controls.retry(PLATFORM, id, REASON),
    pause: () => verbs.pause(request),
    resume: () => verbs.resume(request),
    'retry-step': () => verbs.retryStep(request),
    'set-policy': () => verbs.setPolicy(request, { tries: 50 }),
    skip: () => verbs.skip(request, output),
    'complete-with-output': () => sagas.get(StepOutputs).propose(request, output),
    release: () => sagas.controls.releaseHolds(PLATFORM, id, REASON),
    redrive: () => verbs.redrive(request),
    approve: () => (isProposed ? sagas.get(StepOutputs).approve(id, BOSS) : sagas.get(SagaApprovals).approve(id, BOSS)),
    reject: () => (isProposed ? sagas.get(StepOutputs).reject(id, BOSS) : sagas.get(SagaApprovals).reject(id, BOSS)),
  };
  return perVerb[verb]();
}

const LEGAL_BUT_REFUSED = ['output_refused'];

/** What the table allows happens; what it forbids changes nothing. Returns whether it was allowed. */
async function meet(verb: SagaVerb, id: string): Promise<boolean> {
  const { actions } = await get(id);
  const before = await stored(id);
  const isAllowed = actions.includes(verb);
  const error = await perform(verb, id).then(
    () => undefined,
    (refusal: { code: string; category: string }) => refusal,
  );
  const isDone = isAllowed && !(error && LEGAL_BUT_REFUSED.includes(error.code));
  expect({ verb, refused: error?.category }).toEqual({ verb, refused: isDone ? undefined : 'conflict' });
  expect(isDone ? before : await stored(id)).toEqual(before);
  return isDone;
}

/** Waits for a verb. A refusal is no failure when the saga has meanwhile ended, for instance by the approval just before. */
async function unlessMoved(id: string, verb: Promise<unknown>): Promise<void> {
  await verb.catch(async (refusal: unknown) => {
    if (UNSETTLED.includes((await get(id)).status)) throw refusal;
  });
}

/** Opens the gate, ends waits, pauses and decisions, and waits for the end. */
async function finish(id: string): Promise<void> {
  await outside.query('insert into gates values ($1) on conflict do nothing', [id]);
  await until(
    async () => {
      const { status, paused_at, approval } = await get(id);
      if (!UNSETTLED.includes(status)) return true;
      if (approval && approval.decision === null) await perform('approve', id).catch(() => undefined);
      if (paused_at) await unlessMoved(id, sagas.get(SagaVerbs).resume({ id, because: REASON }));
      if (status === 'failed' || status === 'compensation_failed') await unlessMoved(id, sagas.controls.retry(PLATFORM, id, REASON));
      await outside.query(
        `update saga_runs set wake_at = clock_timestamp() where id = $1 and wake_at > clock_timestamp() and paused_at is null`,
        [id],
      );
      sagas.engine.wake();
      return false;
    },
    { what: `the end of ${id}` },
  );
}

/** At most one effect for each step; of a completed saga each step that was not skipped has one, of a rolled back one none is left. */
async function assertEffects(id: string): Promise<void> {
  const saga = await get(id);
  const effects = await rows('select step, undone from effects where saga_id = $1', [id]);
  const sent = STEPS.map((step) => effects.filter((one) => one['step'] === step).length);
  expect(Math.max(...sent)).toBeLessThanOrEqual(1);
  const living = effects.filter((one) => one['undone'] === false).map((one) => one['step']);
  const done = saga.steps.filter(({ status }) => status === 'completed').map(({ name }) => name);
  expect(saga.status === 'completed' ? done.filter((step) => !living.includes(step)) : living).toEqual([]);
  expect(saga.steps[2]?.status).not.toBe('skipped');
}

/** Every verb leaves one entry in the audit log, and pauses that were asked for twice leave one. */
async function assertOnce(id: string, verb: SagaVerb): Promise<void> {
  const action = {
    skip: 'saga_step_skipped',
    'retry-step': 'saga_step_retried',
    'set-policy': 'saga_policy_set',
    redrive: 'saga_redriven',
  }[verb as string];
  if (!action) return;
  expect(await rows('select 1 from audit_log where target_id = $1 and action = $2', [id, action])).toHaveLength(1);
}

function sampleOf(cases: readonly Case[], size: number, random: SeededRandom): readonly Case[] {
  if (IS_LONG || cases.length <= size) return cases;
  const left = [...cases];
  return Array.from({ length: size }, () => left.splice(random.below(left.length), 1)[0]).filter((one): one is Case => one !== undefined);
}

async function inParallel<T>(all: readonly T[], atOnce: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  })); // prettier-ignore
}

it('lets what the table allows happen once, and changes nothing by what it forbids, at every place of a saga [OPV-1] [OPV-3]', async () => {
  sagas.engine.start();
  const allowed: boolean[] = [];
  await inParallel(sampleOf(CASES, SAMPLE.alive, new SeededRandom(SEED)), 4, async ({ place, verb }) => {
    const id = await begin(place);
    await arrive(id, place);
    const isAllowed = await meet(verb, id);
    allowed.push(isAllowed);
    await finish(id);
    await assertEffects(id);
    if (isAllowed) await assertOnce(id, verb);
  });
  expect(new Set(allowed).size).toBe(2);
}, 600_000);

it('holds that when a worker is killed around the verb, and another one goes on [OPV-1] [OPV-3]', async () => {
  await sagas.engine.drain();
  const env = {
    PATH: process.env.PATH,
    JWT_SECRET,
    NODE_ENV: 'test',
    SAGA_LEASE_MS: String(LEASE_MS),
    SAGA_RENEW_MS: '200',
    SAGA_RECONCILE_MS: '20',
  };
  child = spawn(process.execPath, ['-r', join(__dirname, '../../support/run-typescript.cjs'), join(__dirname, 'steered-worker.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, DATABASE_URL: world.appUrl },
  });
  const killable = CASES.filter(({ place }) => !place.from && !place.ended && place.steering.how !== 'fails');
  const cases = sampleOf(killable, SAMPLE.killed, new SeededRandom(SEED + 1));
  const met = await Promise.all(
    cases.map(async ({ place, verb }) => {
      const id = await begin(place);
      await arrive(id, place);
      return { id, verb };
    }),
  );
  const outcomes = Promise.all(met.map(async ({ id, verb }) => perform(verb, id).then(() => true, () => false))); // prettier-ignore
  child.kill('SIGKILL');
  await once(child, 'exit');
  const happened = await outcomes;
  const heir = await world.process([steeredSaga(outside)], { SAGA_LEASE_MS: String(LEASE_MS) });
  heir.engine.start();
  await inParallel(met.map((one, nr) => ({ ...one, happened: happened[nr] })), 4, async ({ id, verb, happened: did }) => {
    await finish(id);
    await assertEffects(id);
    if (did) await assertOnce(id, verb);
  }); // prettier-ignore
  expect(met.length).toBeGreaterThan(0);
}, 600_000);
