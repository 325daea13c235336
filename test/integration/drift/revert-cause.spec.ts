import { until } from '../../support/until';
import { DriftService } from '#libs/drift';
import { InventoryReader } from '#libs/inventory';
import { PLATFORM } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { BIGGER, droplet, forgetDroplet, openWorld, orderDroplet, resizeOutsideSagas, revert, world } from './drifted-droplet';

beforeAll(async () => {
  await openWorld();
  await world.sweeps.run('action', { trigger: 'manual' });
});
afterAll(() => world.close());
beforeEach(orderDroplet);
afterEach(forgetDroplet);

const readFeed = () => world.sweeps.run('action', { trigger: 'manual' });
const causeOfDrift = async (id: string) => (await world.get(DriftService).get(id)).cause;

/** The provider's times have whole seconds: an action in the second of the change that it follows would look as if it came before. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1_000);
  await until(() => Math.floor(Date.now() / 1_000) > second, { what: 'the next second' });
}

/** The causes of the changes of the size, by the new size. */
async function causesOfSizes(): Promise<Record<string, unknown>> {
  const { data } = await world.get(InventoryReader).events(PLATFORM, droplet.resourceId, { limit: 200 });
  const sized = data.filter(({ type, changes }) => type === 'updated' && changes.size_slug !== undefined);
  return Object.fromEntries(sized.map(({ changes, cause }) => [String(changes.size_slug?.new), cause]));
}

it('keeps the foreign action as the cause of a drift and its event after a revert, and names the saga in what the revert wrote (C1) [TRU-1]', async () => {
  const id = await resizeOutsideSagas();
  await readFeed();
  const foreignCause = await causeOfDrift(id);
  expect(foreignCause).toMatchObject({ action: 'resize', ours: false, saga_id: null });

  await nextSecond();
  const sagaId = await revert(id);
  expect((await world.ended(sagaId)).status).toBe('completed');
  expect(await causesOfSizes()).toEqual({
    [BIGGER]: expect.objectContaining({ action_id: foreignCause?.action_id, ours: false }) as unknown,
    [ORDER.size_slug]: { action_id: null, action: null, at: null, ours: true, saga_id: sagaId },
  });

  await readFeed();
  await world.sweepDroplets();
  await world.detect();
  const sizes = await causesOfSizes();
  expect(sizes[BIGGER]).toMatchObject({ action_id: foreignCause?.action_id, ours: false, saga_id: null });
  expect(sizes[ORDER.size_slug]).toMatchObject({ action: 'resize', ours: true, saga_id: sagaId });
  expect(await world.get(DriftService).get(id)).toMatchObject({ status: 'reverted', cause: foreignCause });
});
