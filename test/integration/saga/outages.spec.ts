import { DomainError, type ErrorCategory } from '#libs/kernel';
import { done, fail, type StepAnswer } from '#libs/saga';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ledger, run, SagaWorld, settled, type SagaProcess } from '../../support/saga-world';
import { Script } from './scripted-saga';

class Outage extends DomainError {
  readonly code = 'away';
  override readonly retryAfterMs = 5;

  constructor(
    private readonly is: { readonly outage: boolean; readonly reported?: boolean },
    readonly category: ErrorCategory = 'unavailable',
  ) {
    super('The provider is away');
  }

  override get outage(): boolean {
    return this.is.outage;
  }

  override get reportedWhileWaiting(): boolean {
    return this.is.reported === true;
  }
}

const WAIT = { tries: 2, waitLimitMs: 60_000, onOutage: 'wait' } as const;

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

/** Throws `error` the first `times` times. */
function after(times: number, error: () => Error): () => Promise<StepAnswer> {
  let calls = 0;
  return async () => {
    if ((calls += 1) <= times) throw error();
    return done();
  };
}

it('waits out an outage without counting a try when the step’s policy is to wait, for every error category [SAG-13]', async () => {
  const script = new Script('outage_waits', [
    { name: 'away', policy: WAIT, execute: after(6, () => new Outage({ outage: true })) },
    { name: 'rejected', policy: WAIT, execute: after(6, () => new Outage({ outage: true }, 'forbidden')) },
  ]);
  const saga = await run(await working(script), 'outage_waits', {});
  expect(saga).toMatchObject({ status: 'completed', error: null, steps: [{ attempts: 1 }, { attempts: 1 }] });
});

it('waits while PostgreSQL fails for a reason of its own, and does not end the step (F) [OPS-3, SAG-13]', async () => {
  let failures = 0;
  const execute = async (): Promise<StepAnswer> => {
    if (failures++ === 0) await process.database.query(`do $$ begin raise exception using errcode = 'XX000'; end $$`);
    return done();
  };
  const process = await working(new Script('database_fails', [{ name: 'work', policy: WAIT, execute }]));
  expect(await run(process, 'database_fails', {})).toMatchObject({ status: 'completed', error: null, steps: [{ attempts: 1 }] });
  expect(failures).toBe(2);
});

it('ends a step whose own statement PostgreSQL refuses [SAG-13]', async () => {
  const execute = async (): Promise<StepAnswer> => {
    await process.database.query('select 1 / 0');
    return done();
  };
  const process = await working(new Script('statement_fails', [{ name: 'work', policy: WAIT, execute }]));
  expect(await run(process, 'statement_fails', {})).toMatchObject({ status: 'rolled_back', error: { code: 'internal' } });
});

it('waits out an outage of a compensation too [SAG-10]', async () => {
  const script = new Script('outage_undone', [
    { name: 'one', policy: WAIT, compensate: after(15, () => new Outage({ outage: true })) },
    { name: 'two', execute: async () => fail({ code: 'refused', detail: 'No.' }, 'none') },
  ]);
  const saga = await run(await working(script), 'outage_undone', {});
  expect([saga.status, ...ledger(saga)]).toEqual(['rolled_back', 'one: compensated', 'two: failed']);
});

it('ends the wait for an outage at the limit of the step [SAG-13]', async () => {
  const policy = { ...WAIT, waitLimitMs: 100 };
  const script = new Script('outage_endless', [{ name: 'away', policy, execute: after(Infinity, () => new Outage({ outage: true })) }]);
  const saga = await run(await working(script), 'outage_endless', {});
  expect(saga).toMatchObject({ status: 'rolled_back', error: { code: 'wait_expired', detail: 'The provider is away: not within 100 ms' } });
});

it.each([
  {
    cause: 'an outage when the policy does not wait',
    kind: 'outage_by_default',
    policy: { tries: 2 },
    error: new Outage({ outage: true }),
  },
  { cause: 'an error that is no outage', kind: 'no_outage', policy: WAIT, error: new Outage({ outage: false }) },
])('counts the tries for $cause', async ({ kind, policy, error }) => {
  const script = new Script(kind, [{ name: 'away', policy, execute: after(Infinity, () => error) }]);
  const saga = await run(await working(script), kind, {});
  expect(saga).toMatchObject({ status: 'rolled_back', error: { code: 'away' }, steps: [{ attempts: 2 }] });
});

it.each([
  {
    rule: 'records the code of an outage that is reported',
    kind: 'outage_reported',
    reported: true,
    error: { code: 'away', detail: 'The provider is away' },
  },
  { rule: 'records no error for an outage that is not reported', kind: 'outage_silent', reported: false, error: null },
])('$rule while the step waits', async ({ kind, reported, error }) => {
  let over = false;
  const execute = async () => {
    if (!over) throw new Outage({ outage: true, reported });
    return done();
  };
  const process = await working(new Script(kind, [{ name: 'away', policy: WAIT, execute }]));
  const { id } = await run(process, kind, {}, ['running']);
  const step = async () => (await process.reader.get(PLATFORM, id)).steps[0];
  await until(async () => (await step())?.status === 'waiting', { what: 'the step waiting' });
  expect(await step()).toMatchObject({ status: 'waiting', attempts: 0, error });
  over = true;
  expect((await settled(process.reader, id, ['completed'])).steps[0]).toMatchObject({ status: 'completed', error: null });
});
