import { domainError } from '#libs/kernel';
import { AcceptanceGuard, SagaBulk, type GuardedStart, type Judgement } from '#libs/saga';
import { aSaga } from '../../support/factories';
import { ADMIN } from '../../support/principals';
import { SagaWorld, type SagaProcess } from '../../support/saga-world';

const BECAUSE = { ...ADMIN, reason: 'asked by acme' };
class NotYetError extends domainError('not_yet', 'rate_limited', () => 'Not yet') {
  override readonly retryAfterMs = 3_600_000;
}

/** Does for each start what its input names. */
class Scripted extends AcceptanceGuard {
  override readonly judgesUnowned = true;
  readonly acts = new Map<string, () => Promise<NotYetError | undefined>>();

  async judgeAll(starts: readonly GuardedStart[]): Promise<readonly Judgement[]> {
    const judged: Judgement[] = [];
    for (const { input } of starts) {
      const refusal = await this.acts.get(String(input['name']))?.();
      judged.push({ limits: [], ...(refusal && { refusal }) });
    }
    return judged;
  }
}

let world: SagaWorld;
let sagas: SagaProcess; // Its engine does not run.
let bulk: SagaBulk;
let guard: Scripted;
beforeEach(async () => {
  world = await SagaWorld.create();
  sagas = await world.process();
  bulk = sagas.get(SagaBulk);
  guard = new Scripted();
  sagas.useGuard(guard);
});
afterEach(() => world.end());

/** A job that redrives sagas of these names. */
async function redriving(...names: string[]): Promise<string> {
  const ids: string[] = [];
  for (const name of names)
    ids.push(await aSaga(world.owner, { input: { steps: ['echo'], name }, status: 'rolled_back', finished_at: new Date(), wake_at: null }));
  return bulk.create({ verb: 'redrive', ids, ratePerMinute: 6_000 }, BECAUSE);
}

/** Handles what is due, as a worker does, `times` times. */
async function handle(job: string, times = 1): Promise<void> {
  for (let nth = 0; nth < times; nth += 1) {
    await world.owner.query(`update saga_bulk_jobs set next_at = least(next_at, clock_timestamp() - interval '1 second') where id = $1`, [
      job,
    ]);
    await bulk.handleDue(new AbortController().signal);
  }
}
const results = async (job: string) => (await bulk.list(job, { limit: 10 })).items.map(({ result, code }) => [result, code]);

it('goes on with the others while the refusal of one saga may pass, and tries that one again later [OPV-1]', async () => {
  let refused = 0;
  guard.acts.set('late', async () => {
    refused += 1;
    return new NotYetError();
  });
  const job = await redriving('late', 'other');
  await handle(job, 3);
  expect(await results(job)).toEqual([[null, 'not_yet'], ['done', null]]); // prettier-ignore
  expect(refused).toBe(1);
  guard.acts.clear();
  await world.owner.query(`update saga_bulk_items set not_before = clock_timestamp() where job_id = $1 and result is null`, [job]);
  await handle(job);
  expect(await results(job)).toEqual([['done', null], ['done', null]]); // prettier-ignore
  expect((await bulk.get(job)).status).toBe('finished');
});

it('waits for the first saga that is put off when no other is left, instead of asking for it all the time [OPV-1]', async () => {
  guard.acts.set('late', async () => new NotYetError());
  const job = await redriving('late');
  await handle(job);
  const { rows } = await world.owner.query<{ waits: boolean }>(
    `select next_at > clock_timestamp() + interval '30 minutes' as waits from saga_bulk_jobs where id = $1`,
    [job],
  );
  expect(rows[0]?.waits).toBe(true);
});

it('counts an unexpected error as a refusal, and goes on [OPV-1]', async () => {
  guard.acts.set('broken', () => Promise.reject(new TypeError('not a function')));
  const job = await redriving('broken', 'other');
  await handle(job, 2);
  expect(await results(job)).toEqual([['refused', 'internal'], ['done', null]]); // prettier-ignore
  expect((await bulk.get(job)).status).toBe('finished');
});

it('keeps the result of the saga in hand when it is stopped meanwhile, and handles no further one [OPV-1]', async () => {
  const job = { id: '' };
  guard.acts.set('last', async () => {
    await bulk.stop(job.id, BECAUSE);
    return undefined;
  });
  job.id = await redriving('last', 'never');
  await handle(job.id, 2);
  expect(await results(job.id)).toEqual([['done', null], [null, null]]); // prettier-ignore
  expect(await bulk.get(job.id)).toMatchObject({ status: 'stopped', done: 1 });
});

it('leaves the result to the worker that has the job now [OPV-1]', async () => {
  const job = { id: '' };
  guard.acts.set('slow', async () => {
    await world.owner.query(`update saga_bulk_jobs set lease_until = clock_timestamp() + interval '1 hour' where id = $1`, [job.id]);
    return undefined;
  });
  job.id = await redriving('slow');
  await handle(job.id);
  expect(await results(job.id)).toEqual([[null, null]]);
  const { rows } = await world.owner.query<{ leased: boolean }>('select lease_until > clock_timestamp() as leased from saga_bulk_jobs where id = $1', [job.id]); // prettier-ignore
  expect(rows[0]?.leased).toBe(true);
  await world.owner.query('update saga_bulk_jobs set lease_until = null where id = $1', [job.id]);
  guard.acts.clear();
  await handle(job.id);
  expect(await results(job.id)).toEqual([['done', null]]);
});
