import type { Database } from '#libs/database';
import { DRIFT_STATUSES, DRIFT_TRANSITIONS, DriftAcceptanceService, statusesBefore, type DriftStatus } from '#libs/drift';
import { errorCode } from '#libs/kernel';
import { CHANGE_DRIFTS, CLOSE_DRIFTS } from '../../../libs/features/drift/src/detection.sql';
import { ADMIN } from '../../support/principals';
import { newDriftWorld, type DriftWorld } from './drift-world';

let world: DriftWorld;
let database: Database;
beforeAll(async () => {
  world = await newDriftWorld();
  database = world.database;
});
afterAll(() => world.close());

/** Inserts a drift with the given status about a new droplet. */
async function aDrift(status: DriftStatus): Promise<string> {
  const { resourceId } = await world.aDroplet();
  const [drift] = await database.query<{ id: string }>(
    `insert into cloud_drift (resource_id, field, expected, actual, spec_version, status, severity, closed_at)
     select $1, 'name', '"ordered"', to_jsonb(r.name), p.version, $2, 'low', case when $2 <> 'open' then clock_timestamp() end
       from cloud_resources r join cloud_provisioned p on p.resource_id = r.id where r.id = $1 returning id`,
    [resourceId, status],
  );
  return drift?.id ?? '';
}

/** Gives a drift a status the way the product does. */
async function move(id: string, next: DriftStatus): Promise<void> {
  if (next === 'accepted') {
    const [drift] = await database.query<{ actual: unknown }>('select actual from cloud_drift where id = $1', [id]);
    await world.get(DriftAcceptanceService).accept(id, drift?.actual, ADMIN);
  } else if (next === 'open') {
    const change = { drift_id: id, expected: 'a', actual: 'b', spec_version: 9, severity: 'high', monthly_price_delta: null };
    await database.query(CHANGE_DRIFTS, [JSON.stringify([change])]);
  } else await database.query(CLOSE_DRIFTS, [[id], next, statusesBefore(next)]);
}

async function stored(id: string): Promise<{ status: DriftStatus } | undefined> {
  const [drift] = await database.query<{ status: DriftStatus }>('select * from cloud_drift where id = $1', [id]);
  return drift;
}

const PAIRS = DRIFT_STATUSES.flatMap((from) => DRIFT_STATUSES.map((to) => ({ from, to })));
const isAllowed = ({ from, to }: { from: DriftStatus; to: DriftStatus }) => DRIFT_TRANSITIONS[from].includes(to);

it('lists the statuses that the table allows', async () => {
  const [check] = await database.query<{ written: string }>(
    `select pg_get_constraintdef(oid) as written from pg_constraint
      where conrelid = 'cloud_drift'::regclass and contype = 'c' and conkey = (select array[attnum] from pg_attribute
            where attrelid = 'cloud_drift'::regclass and attname = 'status')`,
  );
  expect([...(check?.written ?? '').matchAll(/'(\w+)'/g)].map(([, status]) => status)).toEqual([...DRIFT_STATUSES]);
});

it.each(PAIRS.filter(isAllowed))('moves a drift from $from to $to', async ({ from, to }) => {
  const id = await aDrift(from);
  await move(id, to);
  expect((await stored(id))?.status).toBe(to);
});

it.each(PAIRS.filter((pair) => !isAllowed(pair) && pair.from !== pair.to))(
  'does not move a drift from $from to $to',
  async ({ from, to }) => {
    const id = await aDrift(from);
    const before = await stored(id);
    const refusal = await move(id, to).catch((error: unknown) => errorCode(error));
    expect([undefined, 'drift_moved_on']).toContain(refusal);
    expect(await stored(id)).toEqual(before);
  },
);
