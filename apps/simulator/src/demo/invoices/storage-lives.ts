import { settled, type BilledAccount } from './billed-account';
import type { Life } from './life';
import { SNAPSHOT_CENTS_PER_GB, VOLUME_CENTS_PER_GIB } from './rates';

/** Snapshots and volumes, each since it was made. */
export function storageLives({ state, ownerOf }: BilledAccount): Life[] {
  const present = (
    fields: Pick<Life, 'kind' | 'product' | 'ids' | 'providerId' | 'owners'>,
    from: string,
    description: string,
    cents: number,
  ) => {
    const fromMs = Date.parse(from);
    return { ...fields, exists: true, fromMs, toMs: Infinity, parts: [{ fromMs, description, monthlyCents: cents }] };
  };
  const billed = new Set(state.droplets.map(({ id }) => id));
  const images = state.images.filter(({ type, resource_id }) => type === 'snapshot' && billed.has(resource_id ?? 0));
  return [
    ...images.map(({ id, name, regions, size_gigabytes, created_at, resource_id }) => {
      const owners = settled(ownerOf(`do:droplet:${resource_id}`));
      const fields = { kind: 'snapshot', product: 'Droplet Snapshots', ids: { resource_id: String(id) }, providerId: String(id), owners };
      return present(fields, created_at, snapshotText(name, regions[0] ?? '', size_gigabytes, 'Droplet'), snapshotCents(size_gigabytes));
    }),
    ...state.volumes.map(({ id, name, region, size_gigabytes, created_at }) => {
      const owners = settled(ownerOf(`do:volume:${id}`));
      const fields = { kind: 'volume', product: 'Volumes', ids: { resource_uuid: id }, providerId: id, owners };
      return present(fields, created_at, `${name} (${region}) ${size_gigabytes}GB`, size_gigabytes * VOLUME_CENTS_PER_GIB);
    }),
    ...state.volume_snapshots.map(({ id, name, region, size_gigabytes, created_at, resource_id }) => {
      const owners = settled(ownerOf(`do:volume:${resource_id}`));
      const fields = { kind: 'snapshot', product: 'Volume Snapshots', ids: { resource_uuid: id }, providerId: id, owners };
      return present(fields, created_at, snapshotText(name, region, size_gigabytes, 'Volume'), snapshotCents(size_gigabytes));
    }),
  ];
}

export function snapshotText(name: string, region: string, sizeGb: number, of: 'Droplet' | 'Volume'): string {
  return `${name} (${region}) ${sizeGb}GB ${of} Snapshot`;
}

/** By hundredths of a gigabyte, in integers. */
export function snapshotCents(sizeGb: number): number {
  return Math.max(1, Math.floor((Math.round(sizeGb * 100) * SNAPSHOT_CENTS_PER_GB + 50) / 100));
}
