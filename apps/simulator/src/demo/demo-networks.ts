import type { DropletRecord, OpaqueRecord } from '../world/records';
import type { State } from '../world/state';
import { apiTime } from '../world/world';

const DAY_MS = 86_400_000;

/** An id that follows from the number of the record: it takes no draw from the random generator, so older demo data keeps its ids. */
export const uuidOf = (group: number, nth: number): string =>
  `${String(group).padStart(8, '0')}-4d3e-4f00-8000-${nth.toString(16).padStart(12, '0')}`;

/** A client with its machines. */
interface Client {
  readonly id: string;
  readonly owner: string;
  readonly region: string;
  readonly droplets: readonly DropletRecord[];
}

/** Gives each client a network of its own and puts its droplets into it. Call it before load balancers take the network of their droplets. */
export function clientNetworks(projects: readonly Client[], startMs: number): OpaqueRecord[] {
  return projects.map(({ owner, region, droplets }, nth) => {
    const id = uuidOf(50, nth + 1);
    for (const droplet of droplets) if (droplet.region === region) droplet.vpc_uuid = id;
    const text = { name: `${owner}-net`, description: `Network of ${owner}`, ip_range: `10.${120 + (nth % 100)}.${16 * (nth >> 6)}.0/20` };
    return { id, ...text, region, default: false, urn: `do:vpc:${id}`, created_at: apiTime(startMs - 1_200 * DAY_MS) };
  });
}

type Beside = Pick<
  State,
  | 'vpc_peerings'
  | 'byoip_prefixes'
  | 'nfs_shares'
  | 'function_namespaces'
  | 'autoscale_pools'
  | 'partner_attachments'
  | 'genai_agents'
  | 'knowledge_bases'
  | 'dedicated_inferences'
  | 'vector_databases'
>;

/**
 * Products that cost nothing: the agency's own network reaches that of its first client, a pool keeps a machine running, and a function sends
 * mails within what is free. The agency does not use the others. `networks`: the default network of each region.
 */
export function productsBeside([first, second]: readonly Client[], networks: ReadonlyMap<string, string>, startMs: number): Beside {
  const none = {
    byoip_prefixes: [],
    nfs_shares: [],
    partner_attachments: [],
    genai_agents: [],
    knowledge_bases: [],
    dedicated_inferences: [],
    vector_databases: [],
  };
  if (first === undefined || second === undefined) return { ...none, vpc_peerings: [], autoscale_pools: [], function_namespaces: [] };
  const created_at = apiTime(startMs - 200 * DAY_MS);
  const vpc_uuid = uuidOf(50, 1);
  const machine = { region: first.region, size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64', ssh_keys: [], tags: [`client:${first.owner}`] };
  const pool = {
    id: uuidOf(61, 1),
    name: `${first.owner}-standby`,
    config: { target_number_instances: 1 },
    droplet_template: { ...machine, vpc_uuid, project_id: first.id, with_droplet_agent: true, ipv6: false },
    status: 'active',
    active_resources_count: 1,
  };
  const namespace = {
    namespace: `fn-${uuidOf(62, 1)}`,
    uuid: uuidOf(62, 1),
    label: `${second.owner}-mails`,
    region: second.region,
    api_host: 'https://faas.doserverless.example',
    key: 'not-a-real-key',
  };
  const vpc_ids = [vpc_uuid, networks.get(first.region) ?? vpc_uuid];
  return {
    ...none,
    vpc_peerings: [{ id: uuidOf(60, 1), name: `${first.owner}-tools`, vpc_ids, status: 'ACTIVE', created_at }],
    autoscale_pools: [{ ...pool, created_at, updated_at: created_at }],
    function_namespaces: [{ ...namespace, created_at, updated_at: created_at }],
  };
}
