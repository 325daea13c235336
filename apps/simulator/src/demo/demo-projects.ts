import type { SeededRandom } from '../world/random';
import type { DropletRecord, MemberRecord, MemberStatus, OpaqueRecord } from '../world/records';
import type { State } from '../world/state';
import { apiTime } from '../world/world';

/** One client of the agency. Its project has `tenant:<id>` in the description. */
export interface Tenant {
  id: string;
  project: string;
  about: string;
  purpose: string;
  region: string;
  /** Droplets per 60. */
  droplets: number;
}

export const TENANTS: readonly Tenant[] = [
  { id: 'acme', project: 'Acme Stores', about: 'Online shop and ERP', purpose: 'Web Application', region: 'syd1', droplets: 9 },
  { id: 'bluebird', project: 'Bluebird Travel', about: 'Booking site', purpose: 'Web Application', region: 'fra1', droplets: 7 },
  { id: 'cedarworks', project: 'Cedarworks', about: 'Furniture configurator', purpose: 'Website or blog', region: 'nyc3', droplets: 6 },
  { id: 'dunelabs', project: 'Dune Labs', about: 'Sensor platform', purpose: 'IoT', region: 'ams3', droplets: 5 },
  { id: 'evergreen', project: 'Evergreen Clinics', about: 'Patient portal', purpose: 'Service or API', region: 'lon1', droplets: 5 },
  { id: 'foxglove', project: 'Foxglove Press', about: 'News site', purpose: 'Website or blog', region: 'lon1', droplets: 4 },
  { id: 'granite', project: 'Granite Legal', about: 'Document exchange', purpose: 'Service or API', region: 'tor1', droplets: 4 },
  { id: 'harbour', project: 'Harbour Logistics', about: 'Tracking API', purpose: 'Service or API', region: 'sgp1', droplets: 4 },
  { id: 'ironbark', project: 'Ironbark Mining', about: 'Reporting', purpose: 'Other: reporting', region: 'syd1', droplets: 3 },
  { id: 'juniper', project: 'Juniper & Co', about: 'Marketing sites', purpose: 'Website or blog', region: 'sfo3', droplets: 3 },
  {
    id: 'kestrel',
    project: 'Kestrel Aero',
    about: 'Flight data',
    purpose: 'Machine learning / AI / Data processing',
    region: 'nyc1',
    droplets: 2,
  },
  { id: 'lumen', project: 'Lumen Studio', about: 'Portfolio', purpose: 'Website or blog', region: 'blr1', droplets: 2 },
];

/** Droplets per 60 that belong to the agency's own default project. */
export const OWN_DROPLETS = 6;

const FIRST_WORDS = 'Maple North Opal Pine Quartz River Stone Tide Umber Vale Willow Yarrow Zephyr'.split(' ');
const SECOND_WORDS = 'Foods Legal Media Motors Dental Records Tools'.split(' ');
const REGIONS = ['syd1', 'fra1', 'nyc3', 'ams3', 'lon1', 'sgp1', 'tor1'];

/** `count` clients: the named ones first, then generated ones with two to four droplets each. */
export function tenantsOf(count: number): Tenant[] {
  const more = Array.from({ length: Math.max(0, count - TENANTS.length) }, (_, nth): Tenant => {
    const [first = '', second = ''] = [FIRST_WORDS[nth % FIRST_WORDS.length], SECOND_WORDS[nth % SECOND_WORDS.length]];
    const round = Math.floor(nth / (FIRST_WORDS.length * SECOND_WORDS.length));
    const number = round === 0 ? '' : String(round + 1);
    return {
      id: `${first}${second}${number}`.toLowerCase(),
      project: `${first} ${second}${number && ` ${number}`}`,
      about: 'Company site',
      purpose: 'Website or blog',
      region: REGIONS[nth % REGIONS.length] ?? 'fra1',
      droplets: 2 + (nth % 3),
    };
  });
  return [...TENANTS.slice(0, count), ...more];
}

const TLDS = ['com', 'com.au', 'io'];

/** The members of one project besides its droplets. `nth` is the project's number; `round` counts the rounds of scaled accounts. */
export function demoUrns(random: SeededRandom, owner: string, nth: number, round: number): { urn: string; status?: MemberStatus }[] {
  const uuid = (kind: string): string => `do:${kind}:${random.uuid()}`;
  const site = round === 0 ? owner : `${owner}-${round + 1}`;
  const address = `174.${138 + (round >> 7)}.${(100 + nth + 12 * round) % 256}.${10 + nth + (round % 128)}`;
  const urns = [
    `do:domain:${site}.${TLDS[nth % TLDS.length]}`,
    `do:space:${site}-assets`,
    uuid('volume'),
    ...(nth % 2 === 0 ? [`do:domain:${site}-mail.net`, uuid('loadbalancer'), `do:floatingip:${address}`] : []),
    ...(nth % 3 === 0 ? [uuid('dbaas'), `do:space:${site}-backups`] : []),
    ...(nth % 4 === 1 ? [uuid('app'), uuid('volume')] : []),
    ...(nth % 5 === 2 ? [uuid('kubernetes')] : []),
    ...(nth % 3 === 1 ? [uuid('volumesnapshot')] : []),
  ];
  return urns.map((urn) => ({ urn }));
}

/** Members that a careless client handles wrongly. All of them belong to the first client. */
export function awkwardUrns(random: SeededRandom): { urn: string; status?: MemberStatus }[] {
  return [
    { urn: 'do:reservedipv6:2604:a880:800:14::2e0d:5000' },
    { urn: `do:microdroplet:${random.uuid()}` },
    { urn: 'do:droplet:381220417', status: 'not_found' },
    { urn: `do:dbaas:${random.uuid()}`, status: 'service_down' },
  ];
}

export function memberOf(projectId: string, id: number, urn: string, assigned_at: string, status: MemberStatus = 'ok'): MemberRecord {
  return { id, project_id: projectId, urn, assigned_at, status };
}

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
