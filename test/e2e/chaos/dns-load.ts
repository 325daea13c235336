import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random';
import type { SagaStarts } from './saga-starts';
import type { WholeWorld } from './whole-world';

interface Zone {
  readonly name: string;
  readonly tenant_id: string;
}

/** A prefix of record names that no record of the demo account has. */
export const CHAOS_RECORD = 'chaos-';

/** A client that creates, changes and deletes records of its own zones, one name after another. */
export class DnsLoad {
  /** The records that must exist at the end, each as `zone name data`. */
  readonly expected = new Set<string>();
  private nth = 0;

  constructor(
    private readonly world: WholeWorld,
    private readonly random: SeededRandom,
    private readonly sagas: SagaStarts,
  ) {}

  async client(over: AbortSignal): Promise<void> {
    const zones = await this.world.query<Zone>(
      `select name, tenant_id from cloud_resources where kind = 'dns_zone' and tenant_id is not null and deleted_at is null order by name`,
    );
    while (!over.aborted) await this.oneName(this.random.pick(zones), `${CHAOS_RECORD}${(this.nth += 1)}`);
  }

  private async oneName(zone: Zone, name: string): Promise<void> {
    let data = await this.upsert(zone, name, '198.51.100.1', undefined, false);
    data = await this.upsert(zone, name, '198.51.100.2', data, this.nth % 2 === 0);
    if (data === undefined || this.nth % 3 === 0) return;
    const id = await this.sagas.start(zone.tenant_id, 'delete_dns_record', record(zone, name, data));
    if ((await this.sagas.ended(id)).status === 'completed') this.expected.delete(line(zone, name, data));
  }

  /** Returns the data of the record afterwards, or undefined when there is no record. */
  private async upsert(zone: Zone, name: string, data: string, before: string | undefined, giveUp: boolean): Promise<string | undefined> {
    const id = await this.sagas.start(zone.tenant_id, 'upsert_dns_record', record(zone, name, data));
    if (giveUp) {
      await sleep(this.random.below(400)); // cancels at any moment of the saga
      await this.sagas.cancel(zone.tenant_id, id);
    }
    if ((await this.sagas.ended(id)).status !== 'completed') return before;
    if (before !== undefined) this.expected.delete(line(zone, name, before));
    this.expected.add(line(zone, name, data));
    return data;
  }
}

const line = (zone: Zone, name: string, data: string): string => `${zone.name} ${name} ${data}`;

const record = (zone: Zone, name: string, data: string) => ({
  dns_domain: zone.name,
  dns_record_type: 'A',
  dns_record_name: name,
  dns_record_data: data,
});
