import { ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

export const ZONE = 'shop.example';
export const RECORDS = `/v2/domains/${ZONE}/records`;
export const HOUR_MS = 3_600_000;
/** More often than a saga sends a write: none of its writes is answered, however busy the machine is. */
const ALWAYS = 1_000;

/** A rule by which a write is answered with 504 and takes effect an hour later. */
export const lateCommit = (id: string, method: string, path: string, nth?: number) => ({
  id,
  match: { method, path, ...(nth !== undefined && { nth }) },
  times: method === 'DELETE' ? ALWAYS : 1, // a step sends a DELETE again at once
  effect: { type: 'late_commit', status: 504, ms: HOUR_MS },
});
export const record = (type: string, name: string, data: string, more: Record<string, unknown> = {}) => ({
  dns_domain: ZONE,
  dns_record_type: type,
  dns_record_name: name,
  dns_record_data: data,
  ...more,
});

/** One object of the random run: how its saga writes it, and its state at the provider. */
export interface Case {
  readonly kind: string;
  readonly mode: 'cancel' | 'kill' | 'newer';
  readonly rule: ReturnType<typeof lateCommit>;
  readonly first: () => Promise<string>;
  /** Orders another value after the first saga has ended. */
  readonly newer: () => Promise<unknown>;
  readonly state: () => Promise<unknown>;
}

export const KINDS = ['record update', 'record delete', 'power', 'rename', 'tags', 'backups'] as const;
export const MODES = ['cancel', 'kill', 'newer'] as const;

/** What the tests of late writes do to the zone and the droplets of their world, and read of them. */
export function lateWriteCases(world: ProvisioningWorld) {
  const setRecords = (...records: Record<string, unknown>[]) =>
    world.simulator.change({
      domain_records: records.map((record, nth) => ({ id: 1_800_000_000 + nth, domain: ZONE, ttl: 1800, ...record })),
    });
  const zone = async () =>
    (await world.simulator.account()).domain_records.map(({ type, name, data, ttl }) => `${type} ${name} ${data} ${ttl}`).sort();
  const dropletsById = async () => new Map((await world.simulator.droplets()).map((droplet) => [droplet.id, droplet]));
  async function aDroplet(name = 'web-1'): Promise<{ resourceId: string; dropletId: number }> {
    const { context } = await world.run('provision_droplet', { ...ORDER, name });
    const { droplet_id } = context.create_droplet as { droplet_id: string };
    return { resourceId: (context.register_droplet as { resource_id: string }).resource_id, dropletId: Number(droplet_id) };
  }
  const desire = (resourceId: string, fields: Record<string, unknown>) =>
    world.asOwner('update cloud_provisioned set spec = spec || $2, version = version + 1 where resource_id = $1', [
      resourceId,
      JSON.stringify(fields),
    ]);
  async function aCase(kind: (typeof KINDS)[number], mode: Case['mode'], nr: number): Promise<Case> {
    const id = `late-${nr}`;
    const name = `host-${nr}`;
    if (kind === 'record update' || kind === 'record delete') {
      const recordId = 1_800_000_000 + nr;
      const isUpdate = kind === 'record update';
      return {
        kind,
        mode,
        rule: { ...lateCommit(id, isUpdate ? 'PATCH' : 'DELETE', `${RECORDS}/${recordId}`), times: ALWAYS },
        first: () =>
          isUpdate
            ? world.start('upsert_dns_record', record('A', name, '203.0.113.2', { dns_record_ttl: 60 }), null)
            : world.start('delete_dns_record', record('A', name, '203.0.113.1'), null),
        newer: () => world.run('upsert_dns_record', record('A', name, '203.0.113.3'), null),
        state: async () => (await zone()).filter((line) => line.startsWith(`A ${name} `)),
      };
    }
    const { resourceId, dropletId } = await aDroplet(name);
    const fields = { power: {}, rename: { name: `other-${nr}` }, tags: { tags: [`web-${nr}`] }, backups: { backups: true } }[kind];
    const revert = (spec: Record<string, unknown>) => async () => {
      await desire(resourceId, spec);
      return world.start('revert_droplet', { resource_id: resourceId, fields: Object.keys(spec) }, null);
    };
    const resize = () => world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' }, null);
    return {
      kind,
      mode,
      rule: {
        ...lateCommit(id, 'POST', kind === 'tags' ? `/v2/tags/web-${nr}/resources` : `/v2/droplets/${dropletId}/actions`),
        times: ALWAYS,
      },
      first: kind === 'power' ? resize : revert(fields),
      newer: async () => {
        const spec = {
          power: { name: `newer-${nr}` },
          rename: { name: `newer-${nr}` },
          tags: { tags: ['db'] },
          backups: { name: `newer-${nr}` },
        }[kind];
        const saga = await world.ended(await revert(spec)());
        expect(saga.status).toBe('completed');
      },
      state: async () => {
        const droplet = (await dropletsById()).get(dropletId);
        return droplet && [droplet.name, droplet.status, droplet.size_slug, droplet.features.includes('backups'), [...droplet.tags].sort()];
      },
    };
  }

  return { setRecords, zone, dropletsById, aDroplet, aCase };
}
