import { SagaQueries, SagaTimeline } from '#libs/saga';
import { aSaga } from '../../support/factories';
import { PLATFORM } from '../../support/principals';
import { SagaWorld, type SagaProcess } from '../../support/saga-world';
import { until } from '../../support/until';

const RESOURCE = '00000000-0000-4000-8000-0000000000d1';
const NOWHERE = { resourceId: null, writers: [] };

let world: SagaWorld;
let api: SagaProcess;
beforeAll(async () => {
  world = await SagaWorld.create();
  // Small tables are read as a whole, whatever indexes they have.
  await world.owner.query(`do $$ begin execute format('alter database %I set enable_seqscan = off', current_database()); end $$`);
  api = await world.process();
});
afterAll(() => world.end());

/** Waits until the index was read. The database reports that a little later. */
const wasRead = (index: string) =>
  until(
    async () => {
      const { rows } = await world.owner.query<{ used: boolean }>(
        'select idx_scan > 0 as used from pg_stat_user_indexes where indexrelname = $1',
        [index],
      );
      return rows[0]?.used === true;
    },
    { what: `a read of ${index}` },
  );

it('finds the drifts of a saga by the resource', async () => {
  const id = await aSaga(world.owner, { kind: 'demo', input: { resource_id: RESOURCE, fields: ['name'] }, steps: ['echo'] });
  const { relations } = await api.get(SagaTimeline).get(PLATFORM, id, NOWHERE);
  expect(relations.drift).toEqual([]);
  await wasRead('cloud_drift_of_resource');
});

it('finds no drift of a saga that names no resource', async () => {
  const id = await aSaga(world.owner, { kind: 'demo', input: { resource_id: 'not an id' }, steps: ['echo'] });
  expect((await api.get(SagaTimeline).get(PLATFORM, id, NOWHERE)).relations.drift).toEqual([]);
});

it('finds the addresses of other sagas among the steps that reserve one, and reads nothing for none', async () => {
  const id = await aSaga(world.owner, { kind: 'demo', input: {}, steps: ['echo'] });
  const other = await aSaga(world.owner, { kind: 'demo', input: {}, steps: ['echo'] });
  await world.owner.query(
    `insert into saga_steps (saga_id, step_idx, name, status, output) values ($1, 0, 'reserve_ip', 'completed', '{"provider_id": "198.18.0.1"}')`,
    [other],
  );
  const find = (values: string[]) => api.get(SagaQueries).outputsOfOtherSagas(id, 'reserve_ip', 'provider_id', values);
  expect(await find(['198.18.0.1', '198.18.0.2'])).toEqual(new Set(['198.18.0.1']));
  expect(await find([])).toEqual(new Set());
  await wasRead('saga_steps_of_addresses');
});
