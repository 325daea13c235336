import { notFound } from '../http/provider-refusal';
import type { ProviderRequest } from '../http/route';
import type { VolumeRecord, VolumeSnapshotRecord } from '../world/records';
import type { World } from '../world/world';

/** A volume as the API shows it. */
export function volumeView(world: World, { region, ...volume }: VolumeRecord): Record<string, unknown> {
  return { ...volume, region: world.collections.regions.get(region) };
}

/** A snapshot of a volume in the words of `/v2/snapshots`. */
export function volumeSnapshotView({ region, deleted: _deleted, ...snapshot }: VolumeSnapshotRecord): Record<string, unknown> {
  return { ...snapshot, regions: [region], resource_type: 'volume' };
}

export function existingVolume(world: World, { params }: ProviderRequest): VolumeRecord {
  const volume = world.collections.volumes.get(params.id ?? '');
  if (volume === undefined) throw notFound();
  return volume;
}
