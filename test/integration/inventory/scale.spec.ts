import { newWorld } from '../../support/inventory-world';

const DROPLETS = process.env.TEST_LONG ? 10_000 : 1_000;

it(`sweeps ${DROPLETS} droplets completely and exactly, and writes no events at the second sweep [INV-1, INV-2]`, async () => {
  const world = await newWorld();
  try {
    const droplets = Array.from({ length: DROPLETS }, (_, i) => ({ id: 570_000_000 + i, name: `host-${i}`, tags: [`group-${i % 7}`] }));
    await world.simulator.setDroplets(droplets);
    await world.simulator.forgetCalls();
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', seen: DROPLETS, discovered: DROPLETS });
    const listings = (await world.simulator.calls()).filter((call) => call.path.startsWith('/v2/droplets'));
    expect(listings).toHaveLength(DROPLETS / 200 + 1); // docs/measurements.md I1; one more call for the empty list of GPU machines
    const rows = await world.database.query<{ id: string; name: string }>(
      `select provider_id as id, name from cloud_resources where kind = 'droplet' and deleted_at is null order by provider_id`,
    );
    expect(rows).toEqual(droplets.map(({ id, name }) => ({ id: String(id), name })));
    const before = await world.database.query('select count(*) from cloud_resource_events');
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', discovered: 0, updated: 0, restored: 0 });
    expect(await world.database.query('select count(*) from cloud_resource_events')).toEqual(before);
  } finally {
    await world.close();
  }
});
