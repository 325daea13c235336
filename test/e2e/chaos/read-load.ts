import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random';
import type { WholeWorld } from './whole-world';

const ADMIN_READS = [
  '/api/v1/inventory?limit=200',
  '/api/v1/inventory/summary',
  '/api/v1/sagas?limit=200',
  '/api/v1/sweeps?limit=200',
  '/api/v1/drift?limit=200',
  '/api/v1/audit?limit=200',
  '/api/v1/billing/invoices?limit=200',
  '/api/v1/billing/cost-lines?limit=200',
  '/api/v1/billing/summary',
  '/metrics',
];
const PAUSE_MS = 150;

interface Owned {
  readonly urn?: string;
  readonly tenant_id: string | null;
}

/** A tenant and an admin that read everything they may, all the time. */
export class ReadLoad {
  readonly reads = { tenant: 0, rows: 0, admin: 0 };
  /** Rows of others that a tenant received. The list must stay empty [TEN-3]. */
  readonly foreign: string[] = [];

  constructor(
    private readonly world: WholeWorld,
    private readonly random: SeededRandom,
    /** The tenant of each resource of the account by URN, according to the provider. */
    private readonly ownerOf: ReadonlyMap<string, string | null>,
  ) {}

  async tenant(over: AbortSignal): Promise<void> {
    const tenants = [...new Set([...this.ownerOf.values()].filter((tenant) => tenant !== null))];
    while (!over.aborted) {
      const tenant = this.random.pick(tenants);
      await this.readAs(tenant, '/api/v1/inventory?limit=200');
      await this.readAs(tenant, '/api/v1/sagas?limit=200');
      await sleep(PAUSE_MS); // the rate of the readers
    }
  }

  async admin(over: AbortSignal): Promise<void> {
    for (let nth = 0; !over.aborted; nth += 1) {
      const answer = await this.world.client.ask('GET', ADMIN_READS[nth % ADMIN_READS.length] ?? '');
      if (answer?.status === 200) this.reads.admin += 1;
      await sleep(PAUSE_MS); // the rate of the readers
    }
  }

  private async readAs(tenant: string, path: string): Promise<void> {
    const list = await this.world.client.get<{ data: Owned[] }>(path, { tenant });
    if (!list) return;
    this.reads.tenant += 1;
    this.reads.rows += list.data.length;
    for (const row of list.data) {
      const truth = row.urn === undefined ? undefined : this.ownerOf.get(row.urn);
      if (row.tenant_id !== tenant || (truth !== undefined && truth !== tenant))
        this.foreign.push(`${tenant} saw at ${path}: ${JSON.stringify(row).slice(0, 200)}`);
    }
  }
}
