import { idText, optionalText, record, text } from '#libs/digitalocean';
import { BoundProvider } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { all } from './droplet-calls';

const purpose = 'provisioning';

/** A snapshot as the lists show it, with the answer itself for the inventory. */
export interface Snapshot {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string | null;
  readonly raw: unknown;
}

const parseSnapshot = (raw: unknown): Snapshot => {
  const snapshot = record(raw, 'snapshot');
  return { id: idText(snapshot, 'id'), name: text(snapshot, 'name'), createdAt: optionalText(snapshot, 'created_at'), raw };
};

/** The calls about snapshots that sagas make. */
@Injectable()
export class SnapshotCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** Those of one droplet, as its own list shows them: it lags behind the action (docs/digitalocean-facts.md 1.7). */
  ofDroplet(dropletId: string, signal: AbortSignal): Promise<Snapshot[]> {
    const path = `/v2/droplets/${dropletId}/snapshots`;
    return all(this.provider.list({ purpose, path, key: 'snapshots', parse: parseSnapshot, idOf: ({ id }) => id, signal }));
  }

  /** All snapshots of droplets, whether their droplet lives or not. */
  ofDroplets(signal: AbortSignal): Promise<Snapshot[]> {
    const query = { resource_type: 'droplet' };
    return all(
      this.provider.list({ purpose, path: '/v2/snapshots', query, key: 'snapshots', parse: parseSnapshot, idOf: ({ id }) => id, signal }),
    );
  }

  get(id: string, signal: AbortSignal): Promise<Snapshot> {
    return this.provider.get({ purpose, path: `/v2/snapshots/${id}`, key: 'snapshot', parse: parseSnapshot, signal });
  }

  destroy(id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `/v2/snapshots/${id}`, signal });
  }
}
