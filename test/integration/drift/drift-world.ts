import { DriftDetectionService, type DetectionReport } from '#libs/drift';
import type { Spec } from '#libs/provisioning';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { change } from '../../support/factories';

/** A drift as its table stores it. */
export interface DriftRow {
  readonly id: string;
  readonly resource_id: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly status: string;
  readonly spec_version: number;
  readonly severity: string;
  readonly monthly_price_delta: string | null;
}

/** A droplet that one of our sagas created. */
export interface OwnDroplet {
  readonly resourceId: string;
  readonly dropletId: number;
}

export interface DriftWorld extends ProvisioningWorld {
  readonly detect: () => Promise<DetectionReport>;
  readonly drifts: (status?: string) => Promise<DriftRow[]>;
  /** Orders a droplet and runs a sweep that observes it. */
  readonly aDroplet: (name?: string) => Promise<OwnDroplet>;
  /** Runs a sweep of the droplets and returns its status. */
  readonly sweepDroplets: () => Promise<string>;
  /** Writes the desired state of a resource, whatever its live values are. */
  readonly setDesiredState: (resourceId: string, spec: Spec) => Promise<void>;
  /** Ends all desired states and deletes all drifts, so that the next test looks at its own droplet only. */
  readonly forget: () => Promise<void>;
  /** Runs an action at the provider that no saga asked for, until it has completed. */
  readonly actOutsideSagas: (dropletId: number, action: Record<string, unknown>) => Promise<void>;
}

/** The provisioning world plus drift detection. A droplet that a saga registered counts as listed at once. */
export async function newDriftWorld(env: Record<string, string> = {}): Promise<DriftWorld> {
  const world = await newProvisioningWorld({ STRIKE_SPACING_MS: '0', ...env });
  const { database, simulator } = world;
  const sweepDroplets = async () => {
    const { status } = await world.sweeps.run('droplet', { trigger: 'manual' });
    return status;
  };
  return {
    ...world,
    sweepDroplets,
    detect: () => world.get(DriftDetectionService).run(),
    drifts: (status) =>
      database.query<DriftRow>(
        `select id, resource_id, field, expected, actual, status, spec_version, severity, monthly_price_delta::text from cloud_drift
          where $1::text is null or status = $1 order by field, id`,
        [status],
      ),
    aDroplet: async (name = 'web-1') => {
      const made = await world.run('provision_droplet', { ...ORDER, name });
      const { droplet_id } = made.context.create_droplet as { droplet_id: string };
      const { resource_id } = made.context.register_droplet as { resource_id: string };
      await change(database, 'cloud_resources', resource_id, { listed_by: null }); // the lag bound has passed
      await sweepDroplets();
      return { resourceId: resource_id, dropletId: Number(droplet_id) };
    },
    setDesiredState: async (resourceId, spec) => {
      await database.query(
        `insert into cloud_provisioned as p (resource_id, spec) values ($1, $2)
         on conflict (resource_id) do update set spec = excluded.spec, version = p.version + 1, ended_at = null`,
        [resourceId, JSON.stringify(spec)],
      );
    },
    forget: async () => {
      await simulator.faults([]);
      await world.asOwner('delete from cloud_drift');
      await world.asOwner('update cloud_provisioned set ended_at = now() where ended_at is null');
    },
    actOutsideSagas: async (dropletId, action) => {
      const { action: started } = (await simulator.call('POST', `/v2/droplets/${dropletId}/actions`, action)) as { action: { id: number } };
      const isCompleted = async () => {
        const answer = await simulator.call('GET', `/v2/actions/${started.id}`).catch(() => undefined);
        return (answer as { action: { status: string } } | undefined)?.action.status === 'completed';
      };
      await until(isCompleted, { what: `the ${String(action.type)}` });
    },
  };
}
