import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random';
import { ORDER } from '../../support/provisioning-world';
import type { SagaStarts } from './saga-starts';
import type { WholeWorld } from './whole-world';

/** The operations after a droplet was created, in turn, so that every kind of saga runs with every seed. */
const NEXT = ['destroy_droplet', 'resize_droplet', 'resize, given up', 'snapshot_droplet', 'nothing'] as const;
const BIGGER = 's-2vcpu-4gb';

/** A project with a tenant. */
interface Project {
  readonly id: string;
  readonly tenant_id: string;
}

/** Clients that order droplets and then resize, snapshot, keep or destroy them. */
export class DropletLoad {
  private orders = 0;
  private made = 0;

  constructor(
    private readonly world: WholeWorld,
    private readonly random: SeededRandom,
    private readonly sagas: SagaStarts,
  ) {}

  /** Acts as one client after another until `over` is aborted. */
  async client(over: AbortSignal): Promise<void> {
    const projects = await this.world.query<Project>(
      `select id, tenant_id from cloud_projects where tenant_id is not null and deleted_at is null order by id`,
    );
    while (!over.aborted) await this.order((this.orders += 1), this.random.pick(projects));
  }

  private async order(nth: number, { id: project_id, tenant_id: tenant }: Project): Promise<void> {
    const userData = `#!/bin/sh\necho ${this.world.secrets.userData}\n`;
    const input = { ...ORDER, name: `chaos-${nth}`, project_id, user_data: userData };
    const made = await this.carriedOut(tenant, 'provision_droplet', input, nth % 4 === 0);
    const resourceId = made.context.register_droplet?.resource_id;
    if (made.status !== 'completed' || resourceId === undefined) return;
    const next = NEXT[(this.made += 1) % NEXT.length] ?? 'nothing';
    if (next === 'nothing') return;
    const [kind, giveUp] = next === 'resize, given up' ? (['resize_droplet', true] as const) : ([next, false] as const);
    const more = kind === 'resize_droplet' ? { size_slug: BIGGER } : kind === 'destroy_droplet' ? { expected_name: input.name } : {};
    await this.carriedOut(tenant, kind, { resource_id: resourceId, ...more }, giveUp);
  }

  private async carriedOut(tenant: string, kind: string, input: Record<string, unknown>, giveUp: boolean) {
    const id = await this.sagas.start(tenant, kind, input);
    if (giveUp) {
      await sleep(this.random.below(2_000)); // cancels at any moment of the saga
      await this.sagas.cancel(tenant, id);
    }
    return this.sagas.ended(id);
  }
}
