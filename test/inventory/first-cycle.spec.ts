import { SWEEPS } from '#libs/inventory';
import { newWorld, type World } from './world';

/** What the first cycle of the same account comes to, by the order of its sweeps. */
async function ownersAfter(cycle: (world: World) => Promise<unknown>): Promise<unknown[]> {
  const world = await newWorld({}, { seed: 11 });
  try {
    await cycle(world);
    return await world.database.query(
      'select kind, provider_id, tenant_id, attributed_by, parents from cloud_resources order by kind, provider_id',
    );
  } finally {
    await world.close();
  }
}

async function inTurn(world: World, sweeps: typeof SWEEPS): Promise<void> {
  for (const { kind } of sweeps) expect(await world.sweep(kind)).toMatchObject({ status: 'complete' });
}

let expected: unknown[];
beforeAll(async () => {
  expected = await ownersAfter((world) => inTurn(world, SWEEPS));
});

it('INV-12: whose everything is does not depend on the order in which it was found', async () => {
  expect(expected.length).toBeGreaterThan(200);
  expect(await ownersAfter((world) => inTurn(world, SWEEPS.toReversed()))).toEqual(expected);
});

it('INV-12: nor on sweeps that run at the same time', async () => {
  const atOnce = (world: World) => Promise.all(SWEEPS.map(({ kind }) => world.sweep(kind)));
  expect(await ownersAfter(atOnce)).toEqual(expected);
});
