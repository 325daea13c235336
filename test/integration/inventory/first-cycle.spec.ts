import { SWEEPS } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';

/** The owners and parents after the first cycle of the same account, by the order of its sweeps. */
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

/** A list under parents that runs before the list of the parents is incomplete, and is read again after it. */
async function inSequence(world: World, sweeps: typeof SWEEPS): Promise<void> {
  const again: string[] = [];
  for (const { kind, under } of sweeps) {
    const { status } = await world.sweep(kind);
    const isEarly = under !== undefined && status === 'incomplete';
    if (isEarly) again.push(kind);
    expect({ kind, status }).toEqual({ kind, status: isEarly ? 'incomplete' : 'complete' });
  }
  for (const kind of again) expect(await world.sweep(kind)).toMatchObject({ status: 'complete' });
}

let expected: unknown[];
beforeAll(async () => {
  expected = await ownersAfter((world) => inSequence(world, SWEEPS));
});

it('attributes everything to the same owner in whatever order the sweeps run [INV-12]', async () => {
  expect(expected.length).toBeGreaterThan(200);
  expect(await ownersAfter((world) => inSequence(world, SWEEPS.toReversed()))).toEqual(expected);
});

it('attributes everything to the same owner when the sweeps run at the same time [INV-12]', async () => {
  const atOnce = async (world: World) => {
    await Promise.all(SWEEPS.map(({ kind }) => world.sweep(kind)));
    for (const { kind, under } of SWEEPS) if (under) await world.sweep(kind);
  };
  expect(await ownersAfter(atOnce)).toEqual(expected);
});
