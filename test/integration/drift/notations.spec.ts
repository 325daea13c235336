import { AdoptionService } from '#libs/drift';
import { change } from '../../support/factories';
import { ADMIN } from '../../support/principals';
import { LISTED, listing } from '../../support/listed-objects';
import { respelled } from '../../support/respelled-objects';
import { ORDER } from '../../support/provisioning-world';
import { SeededRandom } from '../../support/seeded-random';
import { newDriftWorld, type DriftWorld } from './drift-world';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const NOTHING = { opened: 0, changed: 0, stale: 0, reverted: 0 };

let world: DriftWorld;
beforeEach(async () => {
  world = await newDriftWorld();
});
afterEach(() => world.close());

it(`finds no drift of adopted resources that the provider lists in another notation (seed ${SEED}) (A1) [TRU-2, DRF-1]`, async () => {
  const random = new SeededRandom(SEED);
  const kinds = Object.keys(LISTED);
  const sweepAll = async (objectOf: (kind: string) => unknown) => {
    await world.simulator.faults(kinds.map((kind) => listing(kind, [objectOf(kind)])));
    for (const kind of kinds) expect(await world.sweeps.run(kind, { trigger: 'manual' })).toMatchObject({ status: 'complete' });
  };
  await sweepAll((kind) => LISTED[kind]?.object);
  const rows = await world.database.query<{ id: string }>('select id from cloud_resources');
  expect(rows).toHaveLength(kinds.length);
  for (const { id } of rows) await world.get(AdoptionService).adopt(id, ADMIN);
  expect(await world.detect()).toEqual(NOTHING);
  for (let round = 0; round < 3; round += 1) {
    await sweepAll((kind) => respelled(random, LISTED[kind]?.object));
    expect(await world.detect()).toEqual(NOTHING);
  }
});

it('compares a desired state from an older release, in the notation of that time, without a drift (A1) [TRU-2, DRF-1]', async () => {
  await world.simulator.faults([listing('firewall', [LISTED.firewall?.object])]);
  await world.sweeps.run('firewall', { trigger: 'manual' });
  const [row] = await world.database.query<{ id: string }>(`select id from cloud_resources where kind = 'firewall'`);
  const { inbound_rules, outbound_rules } = respelled(new SeededRandom(SEED), {
    inbound_rules: LISTED.firewall?.object.inbound_rules,
    outbound_rules: [{ protocol: 'udp', ports: '0', destinations: { addresses: ['0.0.0.0/0', '0:0::0/0'], droplet_ids: null, tags: [] } }],
  }) as Record<string, unknown>;
  const written = JSON.parse(JSON.stringify({ inbound_rules, outbound_rules }).replaceAll('"all"', '"0"')) as Record<string, unknown>;
  await world.setDesiredState(row?.id ?? '', { name: 'fern-web', tags: ['fern', 'Web'], ...written });
  expect(await world.detect()).toEqual(NOTHING);
  await world.setDesiredState(row?.id ?? '', { name: 'fern-web', inbound_rules: [], outbound_rules: written.outbound_rules });
  expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
});

it('finds no drift of a droplet that was ordered by the number of a public image, and one after a rebuild (A1) [TRU-2, DRF-1]', async () => {
  const { images } = await world.simulator.account();
  const image = images.find(({ slug }) => slug === ORDER.image);
  const other = images.find(({ slug, id, regions }) => slug !== null && id !== image?.id && regions.includes(ORDER.region));
  const made = await world.run('provision_droplet', { ...ORDER, image: String(image?.id), project_id: world.projectId }, null);
  const { droplet_id: dropletId } = made.context.create_droplet as { droplet_id: string };
  const { resource_id: resourceId } = made.context.register_droplet as { resource_id: string };
  await change(world.database, 'cloud_resources', resourceId, { listed_by: null }); // the lag bound has passed
  await world.sweepDroplets();
  expect(await world.detect()).toEqual(NOTHING);
  await world.setDesiredState(resourceId, { size_slug: ORDER.size_slug, region: ORDER.region, image: image?.id ?? 0 });
  expect(await world.detect()).toEqual(NOTHING);
  await world.actOutsideSagas(Number(dropletId), { type: 'rebuild', image: other?.id });
  await world.sweepDroplets();
  expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
  expect(await world.drifts('open')).toMatchObject([{ field: 'image', expected: image?.id, actual: other?.slug }]);
});
