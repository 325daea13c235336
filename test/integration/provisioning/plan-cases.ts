import type { SagaPlan, SagaView } from '#libs/saga';
import { ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import type { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';

export const ZONE = 'shop.example';
const SIZES = ['s-1vcpu-2gb', 's-2vcpu-2gb', 's-2vcpu-4gb'];

export interface Asked {
  readonly kind: string;
  readonly input: Record<string, unknown>;
  readonly tenantId: string | null;
}
export const asked = (kind: string, input: Record<string, unknown>, tenantId: string | null = 'acme'): Asked => ({ kind, input, tenantId });

export interface Droplet {
  readonly name: string;
  readonly resource_id: string;
  readonly id: number;
}

/** One case: what is ordered, and whether the provider's own list is as the plan said. */
export interface Case {
  readonly order: Asked;
  readonly asPlanned: (plan: SagaPlan, saga: SagaView) => Promise<boolean>;
}
export type Maker = (nr: string, random: SeededRandom) => Promise<Case>;

const valueOf = (plan: SagaPlan, field: string) => plan.changes.find((change) => change.field === field)?.to;

/** The cases of each kind of saga, and what they are made of. */
export function planCases(world: ProvisioningWorld) {
  const newDroplet = async (name: string, more: Record<string, unknown> = {}) => {
    const { context } = await world.run('provision_droplet', { ...ORDER, name, ...more });
    const { resource_id } = context.register_droplet as { resource_id: string };
    return { name, resource_id, id: Number((context.create_droplet as { droplet_id: string }).droplet_id) };
  };
  const live = async (name: string) =>
    (await world.simulator.droplets()).filter((droplet) => droplet.name === name && droplet.deleted_at === undefined);
  const sweep = () => world.sweeps.run('droplet', { trigger: 'manual' });
  const actUpon = async ({ id }: Droplet, action: Record<string, unknown>) => {
    await world.simulator.call('POST', `/v2/droplets/${id}/actions`, action);
    const running = async () =>
      ((await world.simulator.account()).actions as { resource_id: number; status: string }[]).some(
        ({ resource_id, status }) => resource_id === id && status === 'in-progress',
      );
    await until(async () => !(await running()), { what: 'the end of the action' });
  };
  const record = (nr: string, data: string) => ({ dns_domain: ZONE, dns_record_type: 'A', dns_record_name: nr, dns_record_data: data });
  const recordsOf = async (nr: string) =>
    ((await world.simulator.account()) as unknown as { domain_records: { name: string; data: string }[] }).domain_records
      .filter(({ name }) => name === nr)
      .map(({ data }) => data);
  const addRecord = (nr: string, data: string) =>
    world.simulator.call('POST', `/v2/domains/${ZONE}/records`, { type: 'A', name: nr, data, ttl: 1800 });

  const makers: Record<string, Maker> = {
    provision_droplet: async (nr, random) => {
      const more = random.chance(0.5) ? { backups: true } : {};
      return {
        order: asked('provision_droplet', { ...ORDER, name: `p-${nr}`, size_slug: random.pick(SIZES), ...more }),
        asPlanned: async ({ creates: [created] }) => {
          const [droplet, ...others] = await live(created?.name ?? '');
          return others.length === 0 && droplet?.size_slug === created?.size_slug && droplet?.region === created?.region;
        },
      };
    },
    destroy_droplet: async (nr) => {
      const droplet = await newDroplet(`d-${nr}`);
      return {
        order: asked('destroy_droplet', { resource_id: droplet.resource_id, expected_name: droplet.name }),
        asPlanned: async ({ destroys: [gone] }) => gone?.resource_id === droplet.resource_id && (await live(droplet.name)).length === 0,
      };
    },
    'destroy_droplet with a last snapshot': async (nr) => {
      const droplet = await newDroplet(`l-${nr}`);
      const { resource_id, name: expected_name } = droplet;
      return {
        order: asked('destroy_droplet', { resource_id, expected_name, final_snapshot: true }),
        asPlanned: async ({ creates: [made], destroys: [gone] }, { id }) => {
          const { images } = await world.simulator.account();
          const taken = images.filter(({ name }) => name === made?.name.replace('<saga id>', id));
          return taken.length === 1 && gone?.resource_id === resource_id && (await live(droplet.name)).length === 0;
        },
      };
    },
    power_droplet: async (nr, random) => {
      const droplet = await newDroplet(`o-${nr}`);
      if (random.chance(0.5)) await world.run('power_droplet', { resource_id: droplet.resource_id, action: 'off' });
      const before = (await live(droplet.name))[0]?.status;
      return {
        order: asked('power_droplet', { resource_id: droplet.resource_id, action: random.pick(['on', 'off', 'shutdown']) }),
        asPlanned: async (plan) => {
          const after = { on: 'active', off: 'off' }[valueOf(plan, 'power') as 'on' | 'off'] ?? before;
          const ordered = (await world.specs.find(droplet.resource_id))?.spec.power;
          return (await live(droplet.name))[0]?.status === after && ordered === (after === 'off' ? 'off' : 'on');
        },
      };
    },
    snapshot_droplet: async (nr) => {
      const droplet = await newDroplet(`s-${nr}`);
      return {
        order: asked('snapshot_droplet', { resource_id: droplet.resource_id }),
        asPlanned: async ({ creates: [made] }, { id }) => {
          const { images } = (await world.simulator.account()) as unknown as { images: { name: string; size_gigabytes: number }[] };
          const [image, ...others] = images.filter(({ name }) => name === made?.name.replace('<saga id>', id));
          return image !== undefined && others.length === 0 && image.size_gigabytes * 0.06 <= Number(made?.price?.monthly);
        },
      };
    },
    resize_droplet: async (nr, random) => {
      const droplet = await newDroplet(`r-${nr}`);
      if (random.chance(0.3)) {
        await actUpon(droplet, { type: 'power_off' });
        await until(async () => (await live(droplet.name))[0]?.status === 'off', { what: 'the droplet being off' });
      }
      const disk = random.chance(0.5) ? { disk: true } : {};
      return {
        order: asked('resize_droplet', { resource_id: droplet.resource_id, size_slug: random.pick(SIZES), ...disk }),
        asPlanned: async (plan) => {
          const [found] = await live(droplet.name);
          return found?.size_slug === valueOf(plan, 'size_slug') && found?.disk === (valueOf(plan, 'disk') ?? 25);
        },
      };
    },
    revert_droplet: async (nr, random) => {
      const droplet = await newDroplet(`v-${nr}`);
      const wanted = { name: `w-${nr}`, tags: ['web'], backups: true, size_slug: random.pick(SIZES) };
      const fields = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(() => random.chance(0.6));
      if (fields.length === 0) fields.push('name');
      const spec = JSON.stringify(Object.fromEntries(fields.map((field) => [field, wanted[field]])));
      await world.asOwner('update cloud_provisioned set spec = spec || $2, version = version + 1 where resource_id = $1', [
        droplet.resource_id,
        spec,
      ]);
      return {
        order: asked('revert_droplet', { resource_id: droplet.resource_id, fields }, null),
        asPlanned: async (plan) => {
          const [found] = (await world.simulator.droplets()).filter(({ id }) => id === droplet.id);
          const values: Record<string, unknown> = {
            name: found?.name,
            size_slug: found?.size_slug,
            backups: found?.features.includes('backups'),
            tags: found?.tags.filter((tag) => tag === 'web'),
          };
          return plan.changes.length === fields.length && plan.changes.every(({ field, to }) => String(values[field]) === String(to));
        },
      };
    },
    upsert_dns_record: async (nr, random) => {
      const before = random.pick(['none', 'equal', 'other']);
      if (before !== 'none') await addRecord(`u${nr}`, before === 'equal' ? '203.0.113.1' : '203.0.113.2');
      return {
        order: asked('upsert_dns_record', record(`u${nr}`, '203.0.113.1')),
        asPlanned: async (plan) => {
          const done = { none: plan.creates.length === 1, equal: plan.steps.length === 0, other: valueOf(plan, 'data') === '203.0.113.1' };
          return done[before as keyof typeof done] && String(await recordsOf(`u${nr}`)) === '203.0.113.1';
        },
      };
    },
    delete_dns_record: async (nr, random) => {
      const present = random.chance(0.7);
      await addRecord(`x${nr}`, present ? '203.0.113.1' : '203.0.113.2');
      return {
        order: asked('delete_dns_record', record(`x${nr}`, '203.0.113.1')),
        asPlanned: async ({ destroys }) =>
          destroys.length === (present ? 1 : 0) && (await recordsOf(`x${nr}`)).length === (present ? 0 : 1),
      };
    },
    demo: async (nr, random) => ({
      order: asked('demo', { steps: ['echo', 'wait', 'echo'], wait_ms: random.below(200), message: nr }),
      asPlanned: async (_plan, { context }) => context.echoed_at_step_0 === nr,
    }),
  };
  return { makers, newDroplet, live, sweep, actUpon, record, recordsOf, addRecord };
}
