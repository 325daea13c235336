import { BoundProvider } from '#libs/accounts';
import { idText, optionalText, record, text } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { collectPages } from './droplet-calls';

const purpose = 'provisioning';

/** A snapshot in the provider's lists. `raw` is the unparsed snapshot, which the inventory records. */
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
const idOf = ({ id }: Snapshot) => id;

/** The calls about snapshots that sagas make. */
@Injectable()
export class SnapshotCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** Lists the snapshots of one droplet. This list lags behind the action (docs/digitalocean-facts.md 1.7). */
  listOfDroplet(dropletId: string, signal: AbortSignal): Promise<Snapshot[]> {
    const path = `/v2/droplets/${dropletId}/snapshots`;
    return collectPages(this.provider.list({ purpose, path, key: 'snapshots', parse: parseSnapshot, idOf, signal }));
  }

  /** Lists all snapshots of droplets, including those of deleted droplets. */
  listOfAllDroplets(signal: AbortSignal): Promise<Snapshot[]> {
    const query = { resource_type: 'droplet' };
    return collectPages(
      this.provider.list({ purpose, path: '/v2/snapshots', query, key: 'snapshots', parse: parseSnapshot, idOf, signal }),
    );
  }

  get(id: string, signal: AbortSignal): Promise<Snapshot> {
    return this.provider.get({ purpose, path: `/v2/snapshots/${id}`, key: 'snapshot', parse: parseSnapshot, signal });
  }

  delete(id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `/v2/snapshots/${id}`, signal });
  }
}
