import { DriftAcceptanceService, DriftService } from '#libs/drift';
import { ADMIN } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { newDriftWorld, type DriftWorld, type OwnDroplet } from './drift-world';
import { change } from '../../support/factories';

const DELETED = () => ({ status: 'deleted', deleted_at: new Date() });
const ACTIVE = { status: 'active', deleted_at: null };

let world: DriftWorld;
let droplet: OwnDroplet;
beforeAll(async () => {
  world = await newDriftWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  droplet = await world.aDroplet();
});
afterEach(() => world.forget());

const because = { ...ADMIN, reason: 'the client pays for it' };
const accept = (id: string, expected: unknown) => world.get(DriftAcceptanceService).accept(id, expected, because);
const spec = () => world.specs.find(droplet.resourceId);
const driftOf = async (field: string) => {
  const found = (await world.drifts('open')).find((drift) => drift.field === field);
  if (!found) throw new Error(`no drift of ${field}`);
  return found;
};
const audited = () =>
  world.database.query(`select actor, reason, details from audit_log where action = 'drift_accepted' order by seq desc limit 1`);
const currentState = async () => [await spec(), await world.drifts(), await audited()];

it('makes the live value the desired value, raises the version by one, records who accepted and why, and leaves no drift to detect [DRF-4]', async () => {
  await world.setDesiredState(droplet.resourceId, { size_slug: 's-2vcpu-2gb', region: ORDER.region });
  await world.detect();
  const { id } = await driftOf('size_slug');
  await accept(id, ORDER.size_slug);
  expect(await spec()).toMatchObject({ version: 3, spec: { size_slug: ORDER.size_slug, region: ORDER.region } });
  expect(await world.get(DriftService).get(id)).toMatchObject({ status: 'accepted', closed_by: 'ada', reason: because.reason });
  expect(await audited()).toEqual([
    {
      actor: 'ada',
      reason: because.reason,
      details: expect.objectContaining({ was: 's-2vcpu-2gb', accepted: ORDER.size_slug, spec_version: 3 }),
    },
  ]);
  expect(await world.detect()).toEqual({ opened: 0, changed: 0, stale: 0, reverted: 0 });
});

it('accepts exactly one of 50 simultaneous requests and raises the version by one [DRF-4]', async () => {
  await world.setDesiredState(droplet.resourceId, { size_slug: 's-2vcpu-2gb' });
  await world.detect();
  const { id } = await driftOf('size_slug');
  const before = (await spec())?.version ?? 0;
  const answers = await Promise.allSettled(Array.from({ length: 50 }, () => accept(id, ORDER.size_slug)));
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : []));
  expect(refused).toEqual(Array.from({ length: 49 }, () => 'drift_moved_on'));
  expect(await spec()).toMatchObject({ version: before + 1 });
});

it.each<{ what: string; makeOutdated: (id: string) => Promise<unknown>; expected?: unknown }>([
  { what: 'the expected value differs from the live value', makeOutdated: async () => undefined, expected: 's-8vcpu-16gb' },
  {
    what: 'the live value has changed',
    makeOutdated: () => change(world.database, 'cloud_resources', droplet.resourceId, { size_slug: 'c-2' }),
  },
  { what: 'the desired state has changed', makeOutdated: () => world.setDesiredState(droplet.resourceId, { size_slug: 's-4vcpu-8gb' }) },
  {
    what: 'the resource has been deleted',
    makeOutdated: () => change(world.database, 'cloud_resources', droplet.resourceId, DELETED()),
  },
])('refuses with 409 when $what, and changes nothing [DRF-4]', async ({ makeOutdated, expected }) => {
  await world.setDesiredState(droplet.resourceId, { size_slug: 's-2vcpu-2gb' });
  await world.detect();
  const { id, actual } = await driftOf('size_slug');
  await makeOutdated(id);
  const before = await currentState();
  await expect(accept(id, expected ?? actual)).rejects.toMatchObject({ code: 'drift_moved_on', category: 'conflict' });
  expect(await currentState()).toEqual(before);
  await change(world.database, 'cloud_resources', droplet.resourceId, { size_slug: ORDER.size_slug, ...ACTIVE });
});

it('accepts two drifts of one resource one after the other', async () => {
  await world.setDesiredState(droplet.resourceId, { size_slug: 's-2vcpu-2gb', region: 'ams3' });
  await world.detect();
  const [size, region] = [await driftOf('size_slug'), await driftOf('region')];
  await accept(size.id, size.actual);
  await accept(region.id, region.actual);
  expect(await spec()).toMatchObject({ spec: { size_slug: ORDER.size_slug, region: ORDER.region } });
  expect(await world.drifts('open')).toEqual([]);
});

it('accepts all drifts of one resource at the same time without a deadlock [DRF-4]', async () => {
  await world.setDesiredState(droplet.resourceId, {
    size_slug: 's-2vcpu-2gb',
    region: 'ams3',
    name: 'x',
    vcpus: 9,
    memory: 1,
    disk: 1,
    status: 'off',
  });
  await world.detect();
  const open = await world.drifts('open');
  expect(open).toHaveLength(7);
  const before = (await spec())?.version ?? 0;
  const answers = await Promise.allSettled(open.map(({ id, actual }) => accept(id, actual)));
  expect(answers.map(({ status }) => status)).toEqual(open.map(() => 'fulfilled'));
  expect(await spec()).toMatchObject({ version: before + 7, spec: { size_slug: ORDER.size_slug, region: ORDER.region, name: 'web-1' } });
  expect(await world.drifts('open')).toEqual([]);
});

it('ends the desired state when the deletion of a resource is accepted', async () => {
  await change(world.database, 'cloud_resources', droplet.resourceId, DELETED());
  await world.detect();
  const { id, actual } = await driftOf('missing');
  await accept(id, actual);
  expect(await spec()).toBeUndefined();
  expect(await world.detect()).toEqual({ opened: 0, changed: 0, stale: 0, reverted: 0 });
  await change(world.database, 'cloud_resources', droplet.resourceId, ACTIVE);
});

it('fails with drift_not_found for an unknown drift', async () => {
  await expect(accept('00000000-0000-4000-8000-000000000000', 'x')).rejects.toMatchObject({ code: 'drift_not_found' });
});
