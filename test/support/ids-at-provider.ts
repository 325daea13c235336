import { KINDS } from '#libs/inventory';
import { LISTED_PRODUCTS } from './listed-products';
import type { SimulatorClient } from './simulator-client';

export type Account = Awaited<ReturnType<SimulatorClient['account']>>;

const images = ({ images }: Account, type: string) =>
  images.filter((image) => image.type === type && !image.public && image.status !== 'deleted').map(({ id }) => String(id));

/** The ids of the products that the simulator stores as it lists them. */
const PRODUCTS = Object.entries(LISTED_PRODUCTS).flatMap(([kind, { stored, parentId }]) => {
  const { idField = 'id' } = KINDS.find((declared) => declared.kind === kind) ?? {};
  const idsIn = (account: Account, collection: string) =>
    ((account as unknown as Record<string, Record<string, unknown>[]>)[collection] ?? []).map((one) => String(one[idField]));
  return stored && parentId === undefined ? [[kind, (account: Account) => idsIn(account, stored.in)] as const] : [];
});

/** The ids of each kind that exist at the provider. A kind that the simulator does not store as it lists it has a line here. */
export const IDS_AT_PROVIDER: Readonly<Record<string, (account: Account) => string[]>> = {
  ...Object.fromEntries(PRODUCTS),
  droplet: ({ droplets }) => droplets.filter(({ deleted_at }) => deleted_at === undefined).map(({ id }) => String(id)),
  dns_zone: ({ domains }) => domains.map(({ name }) => name),
  volume: ({ volumes }) => volumes.map(({ id }) => id),
  snapshot: (account) => [...images(account, 'snapshot'), ...account.volume_snapshots.map(({ id }) => id)],
  floating_ip: ({ floating_ips }) => floating_ips.map(({ ip }) => ip),
  firewall: ({ firewalls }) => firewalls.map(({ id }) => id),
  load_balancer: ({ load_balancers }) => load_balancers.map(({ id }) => id),
  droplet_backup: (account) => images(account, 'backup'),
  custom_image: (account) => images(account, 'custom'),
  db_replica: ({ db_replicas }) => db_replicas.map(({ id }) => String(id)),
  k8s_node_pool: ({ kubernetes_clusters }) =>
    kubernetes_clusters.flatMap(({ node_pools }) => (node_pools as { id: string }[]).map(({ id }) => id)),
  registry_repository: ({ registry_repositories }) => registry_repositories.map(({ registry_name, name }) => `${String(registry_name)}/${String(name)}`), // prettier-ignore
  dns_record: ({ domain_records }) => domain_records.map(({ id }) => String(id)),
  tag: ({ tags }) => tags.map(({ name }) => name),
};
