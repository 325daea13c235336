import { uuidOf } from './demo-projects';
import type { DropletRecord, LoadBalancerRecord, MemberRecord, OpaqueRecord } from '../world/records';
import type { State } from '../world/state';
import { apiTime } from '../world/world';

const DAY_MS = 86_400_000;

/** The reserved IPv6 address that the first client's project lists. */
export const RESERVED_IPV6 = '2604:a880:800:14::2e0d:5000';

/** One client's project: its members name the products that it uses. */
interface ClientProject {
  readonly id: string;
  readonly owner: string;
  readonly region: string;
  readonly droplets: readonly DropletRecord[];
  readonly members: readonly MemberRecord[];
}

type Made = Pick<
  State,
  | 'databases'
  | 'db_replicas'
  | 'kubernetes_clusters'
  | 'apps'
  | 'certificates'
  | 'cdn_endpoints'
  | 'registries'
  | 'registry_repositories'
  | 'reserved_ipv6s'
  | 'nat_gateways'
  | 'spaces_keys'
  | 'uptime_checks'
  | 'alert_policies'
>;

/** Creates the products that the members of each project name, and those that no project lists: certificates, keys, checks. */
export function demoProducts(startMs: number, projects: readonly ClientProject[], balancers: LoadBalancerRecord[]): Made {
  const made: Made = {
    databases: [],
    db_replicas: [],
    kubernetes_clusters: [],
    apps: [],
    certificates: [],
    cdn_endpoints: [],
    registries: [registry(startMs)],
    registry_repositories: ['portal', 'shop', 'worker'].map((name, nth) => repository(name, nth, startMs)),
    reserved_ipv6s: [{ ip: RESERVED_IPV6, region_slug: projects[0]?.region ?? 'fra1', reserved_at: apiTime(startMs - 50 * DAY_MS) }],
    nat_gateways: [],
    spaces_keys: [],
    uptime_checks: [],
    alert_policies: [],
  };
  for (const project of projects) for (const member of project.members) make(made, project, member);
  for (const [nth, balancer] of balancers.entries()) made.certificates.push(certificateOf(balancer, nth, startMs));
  for (const project of projects.slice(0, 6)) made.alert_policies.push(alertPolicy(project, made.alert_policies.length));
  const [first] = projects;
  if (first !== undefined) made.nat_gateways.push(natGateway(first, startMs));
  return made;
}

function make(made: Made, project: ClientProject, { urn, assigned_at: created_at, status }: MemberRecord): void {
  const [, type = '', ...rest] = urn.split(':');
  const id = rest.join(':');
  if (status !== 'ok') return;
  if (type === 'dbaas') {
    made.databases.push(database(project, id, created_at));
    if (made.databases.length % 2 === 0) made.db_replicas.push(replica(project, id, made.db_replicas.length, created_at));
  }
  if (type === 'kubernetes') made.kubernetes_clusters.push(cluster(project, id, created_at));
  if (type === 'app') made.apps.push(app(project, id, created_at));
  if (type === 'space') {
    made.spaces_keys.push(spacesKey(id, made.spaces_keys.length, created_at));
    if (made.spaces_keys.length % 4 === 1) made.cdn_endpoints.push(cdnEndpoint(project, id, made.cdn_endpoints.length, created_at));
  }
  if (type === 'domain' && made.uptime_checks.length < 12) made.uptime_checks.push(uptimeCheck(project, id, made.uptime_checks.length));
}

/** The passwords are plainly made up. The provider sends such fields, so a client must not store them. */
function connection(host: string) {
  const [user, password, port] = ['doadmin', 'not-a-real-password', 25_060];
  return { uri: `postgres://${user}:${password}@${host}:${port}/defaultdb`, database: 'defaultdb', host, port, user, password, ssl: true };
}

function database({ id: project_id, owner, region, droplets }: ClientProject, id: string, created_at: string): OpaqueRecord {
  const [first] = droplets;
  return {
    id,
    name: `${owner}-db`,
    engine: 'pg',
    version: '16',
    num_nodes: 1,
    size: 'db-s-1vcpu-2gb',
    region,
    status: 'online',
    created_at,
    private_network_uuid: first?.vpc_uuid ?? uuidOf(50, 1),
    tags: [`client:${owner}`],
    db_names: ['defaultdb'],
    connection: connection(`${owner}-db-do-user-1.db.ondigitalocean.example`),
    private_connection: connection(`private-${owner}-db-do-user-1.db.ondigitalocean.example`),
    users: [{ name: 'doadmin', role: 'primary', password: 'not-a-real-password' }],
    maintenance_window: { day: 'sunday', hour: '03:00:00', pending: false, description: [] },
    project_id,
    rules: first ? [{ uuid: uuidOf(52, first.id), cluster_uuid: id, type: 'droplet', value: String(first.id), created_at }] : [],
    storage_size_mib: 30_720,
  };
}

function replica({ owner, region }: ClientProject, primary_id: string, nth: number, created_at: string): OpaqueRecord {
  const host = `${owner}-db-copy.db.ondigitalocean.example`;
  const size = { size: 'db-s-1vcpu-2gb', storage_size_mib: 30_720 };
  return {
    id: uuidOf(53, nth + 1),
    primary_id,
    name: `${owner}-db-copy`,
    region,
    status: 'online',
    ...size,
    created_at,
    connection: connection(host),
  };
}

function cluster({ owner, region, droplets }: ClientProject, id: string, created_at: string): OpaqueRecord {
  const tags = ['k8s', `k8s:${id}`];
  const pool = (name: string, size: string, count: number, nth: number) => ({
    id: `${id.slice(0, -4)}${nth}001`,
    name,
    size,
    count,
    tags: [...tags, 'k8s:worker'],
    labels: null,
    taints: [],
    auto_scale: false,
    min_nodes: 0,
    max_nodes: 0,
    nodes: [],
  });
  return {
    id,
    name: `${owner}-cluster, main`,
    region,
    version: '1.33.1-do.0',
    cluster_subnet: '10.244.0.0/16',
    service_subnet: '10.245.0.0/16',
    vpc_uuid: droplets[0]?.vpc_uuid ?? uuidOf(50, 1),
    ipv4: '203.0.113.80',
    endpoint: `https://${id}.k8s.ondigitalocean.example`,
    tags,
    node_pools: [pool('main', 's-2vcpu-4gb', 2, 1), pool('burst', 's-2vcpu-4gb', 1, 2)],
    maintenance_policy: { start_time: '03:00', duration: '4h0m0s', day: 'any' },
    auto_upgrade: true,
    status: { state: 'running', message: '' },
    created_at,
    updated_at: created_at,
    surge_upgrade: true,
    ha: false,
    registry_enabled: true,
  };
}

function app({ id: project_id, owner, region }: ClientProject, id: string, created_at: string): OpaqueRecord {
  const service = { name: 'web', instance_size_slug: 'apps-s-1vcpu-0.5gb', instance_count: 1, http_port: 8080 };
  const secret = { key: 'SECRET_KEY', value: 'EV[1:not-a-real-value]', scope: 'RUN_TIME', type: 'SECRET' };
  const spec = { name: `${owner}-app`, region: region.slice(0, 3), services: [{ ...service, envs: [secret] }] };
  return {
    id,
    owner_uuid: uuidOf(54, 1),
    spec,
    default_ingress: `https://${owner}-app.ondigitalocean.example`,
    live_domain: `${owner}-app.ondigitalocean.example`,
    created_at,
    updated_at: created_at,
    region: { slug: region.slice(0, 3), label: region, continent: 'Europe', data_centers: [region] },
    tier_slug: 'basic',
    active_deployment: { id: `${id.slice(0, -4)}d001`, phase: 'ACTIVE', created_at, updated_at: created_at },
    project_id,
  };
}

/** A certificate for each load balancer, which its HTTPS rule uses. The first one expires within days. */
function certificateOf(balancer: LoadBalancerRecord, nth: number, startMs: number): OpaqueRecord {
  const id = uuidOf(51, nth + 1);
  balancer.forwarding_rules = balancer.forwarding_rules.map((rule) =>
    rule.entry_protocol === 'https' ? { ...rule, certificate_id: id, tls_passthrough: false } : rule,
  );
  const name = balancer.name.replace(/-lb$/, '');
  return {
    id,
    name: `${name}-cert`,
    not_after: apiTime(startMs + (6 + 14 * (nth % 6)) * DAY_MS),
    sha1_fingerprint: id.replaceAll('-', '').padEnd(40, '0'),
    created_at: apiTime(startMs - 80 * DAY_MS),
    dns_names: [`${name}.example`, `www.${name}.example`],
    state: 'verified',
    type: 'lets_encrypt',
  };
}

function cdnEndpoint({ region }: ClientProject, bucket: string, nth: number, created_at: string): OpaqueRecord {
  const [origin, endpoint] = ['digitaloceanspaces.com', 'cdn.digitaloceanspaces.com'].map((host) => `${bucket}.${region}.${host}`);
  return { id: uuidOf(55, nth + 1), origin, endpoint, ttl: 3600, created_at };
}

function spacesKey(bucket: string, nth: number, created_at: string): OpaqueRecord {
  const access_key = `DO00${String(nth + 1).padStart(16, 'DEMO')}`;
  return { name: `${bucket}-deploy`, access_key, grants: [{ bucket, permission: 'readwrite' }], created_at };
}

function uptimeCheck({ owner }: ClientProject, zone: string, nth: number): OpaqueRecord {
  return {
    id: uuidOf(56, nth + 1),
    name: `Site ${nth + 1} of ${owner}`,
    type: 'https',
    target: `https://${zone}`,
    regions: ['eu_west', 'us_east'],
    enabled: true,
  };
}

function alertPolicy({ owner, droplets }: ClientProject, nth: number): OpaqueRecord {
  return {
    uuid: uuidOf(57, nth + 1),
    type: 'v1/insights/droplet/cpu',
    description: `CPU of ${owner}`,
    compare: 'GreaterThan',
    value: 85,
    window: '10m',
    entities: droplets.slice(0, 2).map(({ id }) => String(id)),
    tags: [],
    alerts: { email: ['ops@northwind.example'], slack: [] },
    enabled: true,
  };
}

function natGateway({ id: project_id, owner, region, droplets }: ClientProject, startMs: number): OpaqueRecord {
  const times = { created_at: apiTime(startMs - 60 * DAY_MS), updated_at: apiTime(startMs - 60 * DAY_MS) };
  const timeouts = { udp_timeout_seconds: 30, icmp_timeout_seconds: 30, tcp_timeout_seconds: 300 };
  const vpcs = [{ vpc_uuid: droplets[0]?.vpc_uuid ?? uuidOf(50, 1), gateway_ip: '10.120.0.5' }];
  const egresses = { public_gateways: [{ ipv4: '203.0.113.90' }] };
  const state = { type: 'PUBLIC', state: 'ACTIVE', size: 1 };
  return { id: uuidOf(58, 1), name: `${owner}-nat`, ...state, region, vpcs, egresses, ...timeouts, ...times, project_id };
}

function registry(startMs: number): OpaqueRecord {
  const created_at = apiTime(startMs - 400 * DAY_MS);
  const storage = { storage_usage_bytes: 3_221_225_472, storage_usage_bytes_updated_at: apiTime(startMs - DAY_MS) };
  const tier = {
    name: 'Basic',
    slug: 'basic',
    included_repositories: 5,
    included_storage_bytes: 5_368_709_120,
    allow_storage_overage: true,
    included_bandwidth_bytes: 5_368_709_120,
    monthly_price_in_cents: 500,
    storage_overage_price_in_cents: 2,
  };
  return { name: 'northwind', region: 'fra1', created_at, ...storage, subscription: { tier, created_at, updated_at: created_at } };
}

function repository(name: string, nth: number, startMs: number): OpaqueRecord {
  const digest = `sha256:${String(nth + 1).padStart(64, '0')}`;
  const size = { compressed_size_bytes: 1_972_332, size_bytes: 2_816_445 };
  const latest = {
    registry_name: 'northwind',
    repository: name,
    digest,
    ...size,
    updated_at: apiTime(startMs - DAY_MS),
    tags: ['latest'],
    blobs: [],
  };
  return { registry_name: 'northwind', name, tag_count: 4, manifest_count: 6, latest_manifest: latest };
}
