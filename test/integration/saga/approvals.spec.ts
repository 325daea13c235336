import { AcceptanceGuard, SagaApprovals, type GuardedStart, type Judgement } from '#libs/saga';
import { domainError } from '#libs/kernel';
import { ADMIN, PLATFORM } from '../../support/principals';
import { SagaWorld, settled, type SagaProcess } from '../../support/saga-world';
import { until } from '../../support/until';
import { recorded, type RecordedStatement } from '../../e2e/releases/recorded-release';
import { Script } from './scripted-saga';

const ANNA = { by: { sub: 'anna', role: 'tenant' } };
const BOSS = { by: { sub: 'boss', role: 'platform_admin' }, reason: 'agreed by phone' };
const KIND = 'ordered';
/** The releases that know no approval. */
const OLDER = ['before-renovation'];

class NoRoomError extends domainError('no_room', 'conflict', 'There is no room any more') {}

/** Every start of a tenant needs approval; the test may take the room away. */
class AskAlways extends AcceptanceGuard {
  full = false;

  override async judgeAll(starts: readonly GuardedStart[]): Promise<readonly Judgement[]> {
    return starts.map(() => ({ limits: [], approval: { why: 'it is large' }, ...(this.full && { refusal: new NoRoomError() }) }));
  }
}

let world: SagaWorld;
let sagas: SagaProcess;
let approvals: SagaApprovals;
const guard = new AskAlways();
const script = new Script(KIND, [{ name: 'work' }]);
beforeAll(async () => {
  world = await SagaWorld.create();
  sagas = await world.process([script.definition]);
  approvals = sagas.get(SagaApprovals);
  sagas.useGuard(guard);
  sagas.engine.start();
});
afterAll(() => world.end());

const start = (input: Record<string, unknown> = {}) => sagas.starts.start({ kind: KIND, input, tenantId: 'acme', because: ANNA });
const statusOf = async (id: string) => (await sagas.reader.get(PLATFORM, id)).status;
const holdsOf = async (id: string) => (await world.owner.query('select resource from saga_holds where saga_id = $1', [id])).rowCount;
const calls = () => script.calls.length;

/** A worker has claimed and run a saga that was due later than all waiting ones. */
async function workersHaveLooked(): Promise<void> {
  const probe = await sagas.starts.start({ kind: 'demo', input: { steps: ['echo'] }, tenantId: null, because: ADMIN });
  await settled(sagas.reader, probe, ['completed']);
}

it('lets a saga that awaits approval do nothing until another person approves it [TNT-3]', async () => {
  const before = calls();
  const id = await start({ holds: 'droplet:1' });
  await workersHaveLooked();
  expect([await statusOf(id), calls() - before, await holdsOf(id)]).toEqual(['awaiting_approval', 0, 1]);
  await expect(approvals.approve(id, ANNA)).rejects.toMatchObject({ code: 'own_approval', category: 'forbidden' });
  await expect(approvals.reject(id, ANNA)).rejects.toMatchObject({ code: 'own_approval' });
  await approvals.approve(id, BOSS);
  await expect(approvals.approve(id, BOSS)).rejects.toMatchObject({ code: 'not_awaiting_approval' });
  const saga = await settled(sagas.reader, id, ['completed']);
  expect([calls() - before, await holdsOf(id)]).toEqual([1, 0]);
  expect(saga.approval).toMatchObject({
    subject: 'start',
    why: 'it is large',
    asked_by: 'anna',
    decision: 'approved',
    decided_by: 'boss',
    reason: 'agreed by phone',
  });
  expect((await sagas.reader.get({ kind: 'tenant', tenantId: 'acme' }, id)).approval).toMatchObject({
    asked_by: 'anna',
    decided_by: 'operator',
  });
});

it('leaves nothing of a saga that was rejected, expired or cancelled, and frees what it held [TNT-3]', async () => {
  const before = calls();
  const [rejected, expired, cancelled] = [
    await start({ holds: 'droplet:2' }),
    await start({ holds: 'droplet:3' }),
    await start({ holds: 'droplet:4' }),
  ];
  await approvals.reject(rejected, BOSS);
  await world.owner.query(`update saga_approvals set expires_at = clock_timestamp() where saga_id = $1`, [expired]);
  await approvals.rejectExpired();
  await sagas.controls.cancel({ kind: 'tenant', tenantId: 'acme' }, cancelled, ANNA);
  await workersHaveLooked();
  const ids = [rejected, expired, cancelled];
  expect(await Promise.all(ids.map(statusOf))).toEqual(['rejected', 'rejected', 'rolled_back']);
  expect([calls() - before, await Promise.all(ids.map(holdsOf))]).toEqual([0, [0, 0, 0]]);
  const views = await Promise.all(ids.map((id) => sagas.reader.get(PLATFORM, id)));
  expect(views.map(({ approval }) => [approval?.decision, approval?.decided_by])).toEqual([
    ['rejected', 'boss'],
    ['expired', 'approvals'],
    ['cancelled', 'anna'],
  ]);
  expect(views.every(({ finished_at }) => finished_at !== null)).toBe(true);
  const audited = await world.owner.query(
    `select action from audit_log where target_id = any ($1::text[]) and action <> 'saga_started' order by seq`,
    [ids],
  );
  const events = await world.owner.query(`select type from events where subject_id = any ($1::text[]) order by seq`, [ids]);
  const types = (events.rows as { type: string }[]).map(({ type }) => type);
  expect(types).toEqual([
    ...Array.from({ length: 3 }, () => ['saga.awaiting_approval', 'saga.needs_attention']).flat(),
    'saga.rejected',
    'saga.rejected',
    'saga.rolled_back',
  ]);
  expect(audited.rows).toEqual([{ action: 'saga_rejected' }, { action: 'saga_rejected' }, { action: 'saga_cancelled' }]);
  await start({ holds: 'droplet:2' });
});

it('judges an approved saga anew, and leaves it waiting when it is refused [TNT-3]', async () => {
  const id = await start();
  guard.full = true;
  await expect(approvals.approve(id, BOSS)).rejects.toMatchObject({ code: 'no_room' });
  guard.full = false;
  expect(await statusOf(id)).toBe('awaiting_approval');
  await approvals.approve(id, BOSS);
  await settled(sagas.reader, id, ['completed']);
});

it('lets exactly one of several concurrent decisions count [TNT-3]', async () => {
  const id = await start();
  const decisions = [approvals.approve(id, BOSS), approvals.reject(id, BOSS), approvals.approve(id, BOSS), approvals.reject(id, BOSS)];
  const outcomes = await Promise.allSettled(decisions);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await until(async () => ['completed', 'rejected'].includes(await statusOf(id)));
});

it.each(OLDER)('is not claimed, woken or ended by a process of the release %s while it awaits approval [TNT-3]', async (release) => {
  const id = await start({ holds: `droplet:old-${release}` });
  const statements = (recorded(release, 'statements.json') as RecordedStatement[]).filter(({ text }) => /update saga_runs/i.test(text));
  const claims = statements.filter(({ text }) => /skip locked/.test(text) && /epoch \+ 1/.test(text));
  expect(claims).toHaveLength(1);
  const worker = [100, 60_000, 'old/1/x', [KIND], [`${KIND}/work`]];
  await world.owner.query('begin');
  const claimed = (await world.owner.query(claims[0]?.text ?? '', worker)).rows as { id: string }[];
  await world.owner.query('rollback');
  expect(claimed.map((run) => run.id)).not.toContain(id);
  const cancels = statements.filter(({ text }) => /least\(.*wake_at/is.test(text));
  expect(cancels.length).toBeGreaterThan(0);
  for (const { text, sample = [] } of cancels) {
    const values = sample.map((value) => (/^[0-9a-f-]{36}$/.test(String(value)) ? id : value));
    await expect(world.owner.query(text, values)).rejects.toMatchObject({ constraint: 'saga_runs_check' });
  }
  expect(await statusOf(id)).toBe('awaiting_approval');
});
