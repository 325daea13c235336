import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { ProductCalls } from '../provider/product-calls';
import { SnapshotCalls } from '../provider/snapshot-calls';
import { MANAGED_TAG, sagaIdFromFirewallName, sagaIdFromSnapshotName, sagaIdFromTag } from '../provider/tag-calls';

/** A provider resource that names the saga that created it. */
export interface TaggedResource {
  readonly kind: 'droplet' | 'snapshot' | 'volume' | 'firewall';
  readonly providerId: string;
  readonly sagaId: string;
  readonly createdAt: string | null;
}

/** The step that creates each kind of them. It records its intent first. */
export const CREATED_BY: Readonly<Record<TaggedResource['kind'], string>> = {
  droplet: 'create_droplet',
  snapshot: 'take_snapshot',
  volume: 'create_volume',
  firewall: 'create_firewall',
};

/** Lists every provider resource that names a saga: droplets and volumes by a tag, snapshots and firewalls by their name. */
@Injectable()
export class TaggedResources {
  private readonly neverAborted = new AbortController().signal;

  constructor(
    private readonly droplets: DropletCalls,
    private readonly snapshots: SnapshotCalls,
    private readonly products: ProductCalls,
  ) {}

  /** Throws the client's errors. */
  async list(): Promise<TaggedResource[]> {
    return [
      ...(await this.listDroplets()),
      ...(await this.listSnapshots()),
      ...(await this.listVolumes()),
      ...(await this.listFirewalls()),
    ];
  }

  private async listDroplets(): Promise<TaggedResource[]> {
    const droplets = await this.droplets.listByTag(MANAGED_TAG, this.neverAborted);
    const gpus = await this.droplets.listGpusByTag(MANAGED_TAG, this.neverAborted);
    return [...droplets, ...gpus].flatMap(({ id, tags, createdAt }) => {
      const sagaId = tags.map(sagaIdFromTag).find((found) => found !== undefined);
      return sagaId === undefined ? [] : [{ kind: 'droplet', providerId: id, sagaId, createdAt } as const];
    });
  }

  private async listSnapshots(): Promise<TaggedResource[]> {
    const snapshots = await this.snapshots.listOfAllDroplets(this.neverAborted);
    return snapshots.flatMap(({ id, name, createdAt }) => {
      const sagaId = sagaIdFromSnapshotName(name);
      return sagaId === undefined ? [] : [{ kind: 'snapshot', providerId: id, sagaId, createdAt } as const];
    });
  }

  private async listVolumes(): Promise<TaggedResource[]> {
    const volumes = await this.products.list('volume', {}, this.neverAborted);
    return volumes.flatMap(({ id, tags, createdAt }) => {
      const sagaId = tags.map(sagaIdFromTag).find((found) => found !== undefined);
      return sagaId === undefined ? [] : [{ kind: 'volume', providerId: id, sagaId, createdAt } as const];
    });
  }

  /** A firewall with a name of its own belongs to nobody but its owner. */
  private async listFirewalls(): Promise<TaggedResource[]> {
    const firewalls = await this.products.list('firewall', {}, this.neverAborted);
    return firewalls.flatMap(({ id, name, createdAt }) => {
      const sagaId = sagaIdFromFirewallName(name ?? '');
      return sagaId === undefined ? [] : [{ kind: 'firewall', providerId: id, sagaId, createdAt } as const];
    });
  }
}
