import type { Account } from '../../support/ids-at-provider';
import { CHAOS_RECORD } from './dns-load';
import type { Run } from './saga-starts';
import { ORDER } from '../../support/provisioning-world';

/** The tenant of each listed resource by URN, taken from the description of its project. */
export function ownersOf({ members, projects }: Account): Map<string, string | null> {
  const tenants = new Map(projects.map(({ id, description }) => [id, /tenant:(\S+)/.exec(description)?.[1] ?? null]));
  return new Map(members.filter(({ status }) => status === 'ok').map(({ urn, project_id }) => [urn, tenants.get(project_id) ?? null]));
}

/** Everything that our sagas can create: droplets with size and power state, snapshots by name, and records with our prefix. */
export function made(account: Account, beforehand: ReadonlySet<string>): string[] {
  const droplets = account.droplets
    .filter(({ id, deleted_at }) => deleted_at === undefined && !beforehand.has(String(id)))
    .map(({ id, size_slug, status }) => `droplet ${id} ${size_slug} ${status}`);
  const snapshots = account.images
    .filter((image) => image.type === 'snapshot' && !image.public && image.status !== 'deleted' && image.name.startsWith('arcadia-snap-'))
    .map(({ name }) => `snapshot ${name}`);
  const records = account.domain_records
    .filter(({ name }) => name.startsWith(CHAOS_RECORD))
    .map(({ domain, name, data }) => `record ${domain} ${name} ${data}`);
  return [...droplets, ...snapshots, ...records].sort();
}

/** The same resources according to the records of the sagas. */
export function accountedFor(runs: readonly Run[], records: ReadonlySet<string>): string[] {
  const completed = (kind: string) => runs.filter((run) => run.kind === kind && run.status === 'completed');
  const destroyed = new Set(completed('destroy_droplet').map(({ input }) => input.droplet_id));
  const sizes = new Map(completed('resize_droplet').map(({ input }) => [input.droplet_id, input.size_slug]));
  const droplets = completed('provision_droplet')
    .map(({ context }) => context.create_droplet?.droplet_id ?? 'unrecorded')
    .filter((id) => !destroyed.has(id))
    .map((id) => `droplet ${id} ${sizes.get(id) ?? ORDER.size_slug} active`);
  const snapshots = completed('snapshot_droplet').map(({ context }) => `snapshot ${context.take_snapshot?.name ?? 'unrecorded'}`);
  return [...droplets, ...snapshots, ...[...records].map((record) => `record ${record}`)].sort();
}
