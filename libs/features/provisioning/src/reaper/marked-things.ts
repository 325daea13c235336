import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { MANAGED_TAG, sagaOfSnapshotName, sagaOfTag } from '../provider/saga-tags';
import { SnapshotCalls } from '../provider/snapshot-calls';
import type { Marked } from './decide-strays';

/** Everything at the provider that names a saga: droplets by a tag, snapshots by their name. */
@Injectable()
export class MarkedThings {
  private readonly never = new AbortController().signal;

  constructor(
    private readonly droplets: DropletCalls,
    private readonly snapshots: SnapshotCalls,
  ) {}

  /** Throws the client's errors. */
  async list(): Promise<Marked[]> {
    return [...(await this.markedDroplets()), ...(await this.markedSnapshots())];
  }

  private async markedDroplets(): Promise<Marked[]> {
    const listed = [...(await this.droplets.tagged(MANAGED_TAG, this.never)), ...(await this.droplets.taggedGpus(MANAGED_TAG, this.never))];
    return listed.flatMap(({ id, tags, createdAt }) => {
      const sagaId = tags.map(sagaOfTag).find((found) => found !== undefined);
      return sagaId === undefined ? [] : [{ kind: 'droplet', providerId: id, sagaId, createdAt } as const];
    });
  }

  private async markedSnapshots(): Promise<Marked[]> {
    const listed = await this.snapshots.ofDroplets(this.never);
    return listed.flatMap(({ id, name, createdAt }) => {
      const sagaId = sagaOfSnapshotName(name);
      return sagaId === undefined ? [] : [{ kind: 'snapshot', providerId: id, sagaId, createdAt } as const];
    });
  }
}
