import { SAGA_TRANSITIONS, STEP_TRANSITIONS, wait, type SagaStatus } from '#libs/saga';
import { ADMIN, PLATFORM } from '../../support/principals';
import { SagaWorld, type SagaProcess } from '../../support/saga-world';
import { Script } from './scripted-saga';
import { aSaga, insert } from '../../support/factories';

const STATUSES = Object.keys(SAGA_TRANSITIONS) as SagaStatus[];
const FINAL: readonly string[] = ['completed', 'rolled_back', 'failed', 'compensation_failed', 'rejected'];
/** No worker claims them. */
const WITHOUT_WAKE_UP: readonly string[] = [...FINAL, 'awaiting_approval'];

let world: SagaWorld;
let api: SagaProcess; // No worker runs, so only the operator's verbs change a saga.
beforeAll(async () => {
  world = await SagaWorld.create();
  const waiting = new Script('waiting', [{ name: 'only', execute: async () => wait(60_000, 'waiting for the end of the test') }]);
  api = await world.process([waiting.definition]);
});
afterAll(() => world.end());

/** The words of each CHECK constraint of a table on exactly `columns`, one sorted list per constraint. */
async function checkedWords(table: string, columns: readonly string[]): Promise<string[][]> {
  const { rows } = await world.owner.query<{ definition: string }>(
    `select pg_get_constraintdef(c.oid) as definition
       from pg_constraint c
      where c.conrelid = $1::regclass and c.contype = 'c'
        and (select array_agg(a.attname::text order by a.attname) from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey)) = $2::text[]`,
    [table, columns],
  );
  return rows.map(({ definition }) => [...definition.matchAll(/'(\w+)'/g)].map(([, word]) => word ?? '').sort());
}

async function sagaWith(status: SagaStatus): Promise<string> {
  const times = { wake_at: WITHOUT_WAKE_UP.includes(status) ? null : new Date(), finished_at: FINAL.includes(status) ? new Date() : null };
  const id = await aSaga(world.owner, { kind: 'waiting', steps: ['only'], status, ...times });
  const step = { failed: 'failed', compensation_failed: 'compensation_failed', completed: 'completed' }[status as string];
  if (step) await insert(world.owner, 'saga_steps', { saga_id: id, step_idx: 0, name: 'only', status: step, finished_at: new Date() });
  if (status === 'awaiting_approval') {
    const asked = { saga_id: id, subject: 'start', why: 'it is large', asked_by: 'somebody', expires_at: new Date(Date.now() + 60_000) };
    await insert(world.owner, 'saga_approvals', asked);
  }
  return id;
}

async function statusesOf(id: string): Promise<{ saga?: string; step?: string; cancelled?: boolean }> {
  const { rows } = await world.owner.query<{ saga: string; step: string; cancelled: boolean }>(
    `select r.status as saga, s.status as step, r.cancel_requested as cancelled from saga_runs r left join saga_steps s on s.saga_id = r.id where r.id = $1`,
    [id],
  );
  return { ...rows[0] };
}

const VERBS = {
  cancel: (id: string) => api.controls.cancel(PLATFORM, id, ADMIN),
  retry: (id: string) => api.controls.retry(PLATFORM, id, ADMIN),
  release: (id: string) => api.controls.releaseHolds(PLATFORM, id, ADMIN),
};
const FROM: Record<keyof typeof VERBS, { readonly statuses: readonly SagaStatus[]; readonly code: string }> = {
  cancel: { statuses: ['awaiting_approval', 'pending', 'running', 'compensating'], code: 'not_cancellable' },
  retry: { statuses: ['failed', 'compensation_failed'], code: 'not_retryable' },
  release: { statuses: ['failed', 'compensation_failed'], code: 'not_releasable' },
};
const CASES = (Object.keys(VERBS) as (keyof typeof VERBS)[]).flatMap((verb) => STATUSES.map((status) => ({ verb, status })));

it('knows the statuses that the migrated schema allows, of sagas and of steps', async () => {
  expect(await checkedWords('saga_runs', ['status'])).toEqual([[...STATUSES].sort()]);
  const steps = Object.keys(STEP_TRANSITIONS).filter((status) => status !== 'planned');
  expect(await checkedWords('saga_steps', ['status'])).toEqual([steps.sort()]);
});

it('gives a wake-up time to exactly the sagas that the schema lets have one', async () => {
  expect(await checkedWords('saga_runs', ['status', 'wake_at'])).toEqual([[...WITHOUT_WAKE_UP].sort()]);
});

it.each(CASES.filter(({ verb, status }) => !FROM[verb].statuses.includes(status)))(
  'refuses to $verb a saga that is $status, and changes nothing',
  async ({ verb, status }) => {
    const id = await sagaWith(status);
    const before = await statusesOf(id);
    await expect(VERBS[verb](id)).rejects.toMatchObject({ code: FROM[verb].code });
    expect(await statusesOf(id)).toEqual(before);
  },
);

it.each(CASES.filter(({ verb, status }) => FROM[verb].statuses.includes(status)))(
  'accepts to $verb a saga that is $status, and changes its status only as the table allows',
  async ({ verb, status }) => {
    const id = await sagaWith(status);
    await VERBS[verb](id);
    const [next] = SAGA_TRANSITIONS[status];
    const after = await statusesOf(id);
    const retried = { saga: next, step: next, cancelled: false };
    const untouched = { ...(await statusesOf(await sagaWith(status))), cancelled: verb === 'cancel' };
    const ended = { saga: 'rolled_back', step: null, cancelled: false };
    const isEnded = status === 'awaiting_approval'; // it has done nothing
    expect(after).toEqual(verb === 'retry' ? retried : isEnded ? ended : untouched);
  },
);
