import { ResourceRegistrar, type ResourceView } from '#libs/inventory';
import { until } from '../../support/until';
import { ACME, Agency, BIRD, droplets } from '../../support/agency';
import type { World } from '../../support/inventory-world';

/** A small agency, and what a saga does in it before any list contains the result. */
export const platform = { kind: 'platform' } as const;
export const acme = { kind: 'tenant', tenantId: 'acme' } as const;
export const bird = { kind: 'tenant', tenantId: 'bird' } as const;
export const SAGA = '01a1fc62-ae4a-724d-a78f-f68cc96adf02';
export const HOUR_MS = 3_600_000;

export let agency: Agency;
export let world: World;
export let register: ResourceRegistrar;

export async function open(settings: Record<string, string> = {}): Promise<void> {
  agency = await Agency.open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102)], { VANISH_MIN: '20', ...settings });
  world = agency.world;
  register = world.register;
}

/** Creates a droplet as a saga does. The provider's lists omit it for `listedAfterMs`. */
export async function createDroplet(listedAfterMs = HOUR_MS): Promise<string> {
  await world.simulator.change({ lags: { droplet_listed_ms: listedAfterMs } });
  const body = { name: 'made', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };
  const { droplet } = (await world.simulator.call('POST', '/v2/droplets', body)) as { droplet: { id: number } };
  return String(droplet.id);
}

export async function rawDroplet(id: string): Promise<unknown> {
  return ((await world.simulator.call('GET', `/v2/droplets/${id}`)) as { droplet: unknown }).droplet;
}

export async function observeDroplet(id: string, projectUuid?: string): Promise<string> {
  const requestedAtMs = performance.now();
  const raw = await rawDroplet(id);
  return (await register.observe({ kind: 'droplet', raw, requestedAtMs, projectUuid })).resourceId;
}

export async function listedByProvider(id: string): Promise<boolean> {
  const { droplets: listed } = (await world.simulator.call('GET', '/v2/droplets?per_page=200')) as { droplets: { id: number }[] };
  return listed.some((droplet) => String(droplet.id) === id);
}

/** Opens transactions that occupy as many connections of the process until they are released. */
export async function occupyPool(connections: number): Promise<{ release: () => Promise<unknown> }> {
  let endTransactions = (): void => undefined;
  const released = new Promise<void>((resolve) => (endTransactions = resolve));
  let openCount = 0;
  const transactions = Array.from({ length: connections }, () =>
    world.database.transaction(async (tx) => {
      await tx.query('select 1');
      openCount += 1;
      await released;
    }),
  );
  await until(() => openCount === connections, { what: 'a full pool' });
  return {
    release: () => {
      endTransactions();
      return Promise.all(transactions);
    },
  };
}

export const rowOf = (id: string): Promise<ResourceView> => world.inventory.get(platform, id);

export async function eventsOf(id: string): Promise<string[]> {
  const { data } = await world.inventory.events(platform, id, { limit: 200 });
  return data.map(({ type, source }) => `${type} by ${source}`).reverse();
}

export const endLag = (id: string) => world.database.query('update cloud_resources set listed_by = clock_timestamp() where id = $1', [id]);
