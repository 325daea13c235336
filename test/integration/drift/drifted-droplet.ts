import { Catalog } from '#libs/catalog';
import { DriftService, DriftRevertService } from '#libs/drift';
import { ADMIN } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { newDriftWorld, type DriftWorld, type OwnDroplet } from './drift-world';

/** A droplet with live values other than its desired state, and the calls that revert it. */
export let world: DriftWorld;
export let droplet: OwnDroplet;

export async function openWorld(): Promise<void> {
  world = await newDriftWorld();
  await world.get(Catalog).refresh('provisioning');
}

export async function orderDroplet(): Promise<void> {
  droplet = await world.aDroplet();
}

export const forgetDroplet = (): Promise<void> => world.forget();

export const NOTHING = { opened: 0, changed: 0, stale: 0, reverted: 0 };
export const SPEC = { size_slug: ORDER.size_slug, region: ORDER.region, image: ORDER.image };
export const BIGGER = 's-2vcpu-4gb';
export const EVENTS = { method: 'POST', path: '/v2/droplets/*/actions' };

export const liveDroplet = async () => (await world.simulator.droplets()).find(({ id }) => id === droplet.dropletId);
export const driftOf = async (field: string) => {
  const found = (await world.drifts('open')).find((drift) => drift.field === field);
  if (!found) throw new Error(`no open drift of ${field}`);
  return found;
};
export const statusOf = async (id: string) => (await world.get(DriftService).get(id)).status;
export const revert = async (id: string) => {
  const saga = await world.get(DriftRevertService).start(id, { ...ADMIN, reason: 'not ordered' });
  world.engine.wake();
  return saga;
};

/** Resizes the droplet outside our sagas, as a person does in the provider's control panel. */
export async function resizeOutsideSagas(disk = false): Promise<string> {
  await world.actOutsideSagas(droplet.dropletId, { type: 'power_off' });
  await until(async () => (await liveDroplet())?.status === 'off', { what: 'the droplet being off' });
  await world.actOutsideSagas(droplet.dropletId, { type: 'resize', size: BIGGER, disk });
  await world.actOutsideSagas(droplet.dropletId, { type: 'power_on' });
  await until(async () => (await liveDroplet())?.status === 'active', { what: 'the droplet being on' });
  await sweepUntil(({ size_slug }) => size_slug === BIGGER);
  await world.detect();
  return (await driftOf('size_slug')).id;
}

/** Sweeps until the inventory stores the expected values, and then once more. */
export async function sweepUntil(
  matches: (row: { name: string | null; size_slug: string | null; attrs: Record<string, unknown> }) => boolean,
): Promise<void> {
  await until(
    async () => {
      await world.sweepDroplets();
      const row = await world.resource('droplet', String(droplet.dropletId));
      return row !== undefined && matches(row);
    },
    { what: 'the sweep' },
  );
  await world.sweepDroplets();
}
