import { zoneFile } from '../world/derived-fields';
import type { SeededRandom } from '../world/random';
import type { DomainRecordEntry, DropletRecord, FirewallRecord, LoadBalancerRecord, MemberRecord } from '../world/records';
import { FIRST_IDS, type State } from '../world/state';
import { apiTime } from '../world/world';

const DAY_MS = 86_400_000;

/** One client's project with its members and the droplets that its resources are attached to. */
interface DemoProject {
  readonly id: string;
  readonly owner: string;
  readonly region: string;
  readonly droplets: readonly DropletRecord[];
  readonly members: readonly MemberRecord[];
}

type Made = Pick<State, 'volumes' | 'volume_snapshots' | 'domains' | 'domain_records' | 'floating_ips' | 'firewalls' | 'load_balancers'>;

/** Creates the resources that the members of each project name, and firewalls, which have no project. Droplets get their volume ids. */
export function demoResources(random: SeededRandom, startMs: number, projects: readonly DemoProject[]): Made {
  const made: Made = {
    volumes: [],
    volume_snapshots: [],
    domains: [],
    domain_records: [],
    floating_ips: [],
    firewalls: [],
    load_balancers: [],
  };
  for (const project of projects) {
    const created_at = apiTime(startMs - random.integer(30, 600) * DAY_MS);
    for (const { urn } of project.members) make(made, random, project, urn, created_at);
    made.firewalls.push(...firewallsOf(random, project, created_at));
  }
  return made;
}

function make(made: Made, random: SeededRandom, project: DemoProject, urn: string, created_at: string): void {
  const [, kind = '', id = ''] = urn.split(':');
  const { region, droplets, owner } = project;
  if (kind === 'domain') addZone(made, project, id);
  if (kind === 'volume') addVolume(made, project, id, created_at);
  if (kind === 'loadbalancer') made.load_balancers.push(demoBalancer(random, project, id, created_at));
  if (kind === 'floatingip') {
    const droplet = made.floating_ips.length % 3 === 2 ? undefined : droplets[0];
    made.floating_ips.push({ ip: id, region, droplet_id: droplet?.id ?? null, locked: false, project_id: project.id });
  }
  if (kind === 'volumesnapshot') {
    const volume = made.volumes.at(-1);
    const source = { resource_id: volume?.id ?? random.uuid(), min_disk_size: volume?.size_gigabytes ?? 100 };
    made.volume_snapshots.push({
      id,
      name: `${owner}-data-${created_at.slice(0, 10)}`,
      ...source,
      region,
      size_gigabytes: 17.25,
      tags: [],
      created_at,
    });
  }
}

/** Adds a zone with the addresses of at most two droplets, since a project of a scaled account has thousands of droplets and zones. */
function addZone(made: Made, { droplets }: DemoProject, name: string): void {
  const addresses = droplets.slice(0, 2).flatMap(({ public_ipv4 }) => (public_ipv4 ? [public_ipv4] : []));
  const last = made.domain_records.at(-1)?.id ?? FIRST_IDS.domain_record;
  const records = demoRecords(name, addresses).map((record, nth) => ({ ...record, id: last + 7 * (nth + 1) }));
  made.domains.push({ name, ttl: 1800, zone_file: zoneFile(name, records) });
  made.domain_records.push(...records);
}

/** Adds a volume. Every second one is attached to a droplet and has a snapshot that no project lists. */
function addVolume(made: Made, { owner, region, droplets }: DemoProject, id: string, created_at: string): void {
  const nth = made.volumes.length;
  const droplet = nth % 2 === 0 ? droplets.find(({ volume_ids }) => volume_ids.length === 0) : undefined;
  if (droplet !== undefined) droplet.volume_ids = [...droplet.volume_ids, id];
  const size_gigabytes = 50 + 25 * (nth % 4);
  made.volumes.push({
    id,
    name: `${owner}-data-${String(nth + 1).padStart(2, '0')}`,
    region: droplet?.region ?? region,
    size_gigabytes,
    description: `Data of ${owner}`,
    filesystem_type: 'ext4',
    filesystem_label: 'data',
    droplet_ids: droplet === undefined ? [] : [droplet.id],
    tags: [`client:${owner}`],
    created_at,
  });
  if (nth % 2 === 0) {
    const snapshotId = `${id.slice(0, -4)}5a5a`;
    const size = { min_disk_size: size_gigabytes, size_gigabytes: size_gigabytes / 8 };
    made.volume_snapshots.push({
      id: snapshotId,
      name: `${owner}-data-weekly-${nth}`,
      resource_id: id,
      region,
      ...size,
      tags: [],
      created_at,
    });
  }
}

/** One firewall by droplets, and in larger projects a second one by tag. */
function firewallsOf(random: SeededRandom, { owner, droplets }: DemoProject, created_at: string) {
  if (droplets.length === 0) return [];
  const byDroplets = demoFirewall(random, `${owner}-web`, droplets.slice(0, 3), [], created_at);
  return droplets.length < 5 ? [byDroplets] : [byDroplets, demoFirewall(random, `${owner}-staging`, [], ['env:staging'], created_at)];
}

const ANYWHERE = { addresses: ['0.0.0.0/0', '::/0'] };

/** A typical firewall: web traffic for all, SSH for the office, all outbound traffic. */
function demoFirewall(
  random: SeededRandom,
  name: string,
  droplets: readonly DropletRecord[],
  tags: string[],
  created_at: string,
): FirewallRecord {
  return {
    id: random.uuid(),
    name,
    status: 'succeeded',
    created_at,
    droplet_ids: droplets.map(({ id }) => id),
    tags,
    inbound_rules: [
      { protocol: 'tcp', ports: '80', sources: ANYWHERE },
      { protocol: 'tcp', ports: '443', sources: ANYWHERE },
      { protocol: 'tcp', ports: '22', sources: { addresses: ['203.0.113.0/24'] } },
    ],
    outbound_rules: [
      { protocol: 'tcp', ports: '0', destinations: ANYWHERE },
      { protocol: 'udp', ports: '0', destinations: ANYWHERE },
    ],
  };
}

/** A load balancer in front of the first two web droplets of a project. */
function demoBalancer(
  random: SeededRandom,
  project: { id: string; owner: string; region: string; droplets: readonly DropletRecord[] },
  id: string,
  created_at: string,
): LoadBalancerRecord {
  const behind: DropletRecord[] = [];
  for (const droplet of project.droplets) {
    if (behind.length === 2) break; // a project of a scaled account has thousands of droplets
    if (droplet.tags.includes('web')) behind.push(droplet);
  }
  return {
    id,
    name: `${project.owner}-lb`,
    project_id: project.id,
    ip: `164.90.${random.integer(0, 255)}.${random.integer(1, 254)}`,
    size_unit: 1,
    algorithm: 'round_robin',
    status: 'active',
    type: 'REGIONAL',
    region: project.region,
    created_at,
    forwarding_rules: [
      { entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 80, certificate_id: '', tls_passthrough: false },
      { entry_protocol: 'https', entry_port: 443, target_protocol: 'https', target_port: 443, certificate_id: '', tls_passthrough: true },
    ],
    health_check: {
      protocol: 'http',
      port: 80,
      path: '/',
      check_interval_seconds: 10,
      response_timeout_seconds: 5,
      healthy_threshold: 5,
      unhealthy_threshold: 3,
    },
    sticky_sessions: { type: 'none' },
    redirect_http_to_https: true,
    droplet_ids: behind.map(({ id: dropletId }) => dropletId),
    tag: '',
    vpc_uuid: behind[0]?.vpc_uuid ?? random.uuid(),
  };
}

type Entry = Omit<DomainRecordEntry, 'id'>;

/** The zone of a small firm: site, mail, two TXT records at the apex, and a shop with two addresses. */
function demoRecords(domain: string, addresses: readonly string[]): Entry[] {
  const base = { domain, priority: null, port: null, weight: null, flags: null, tag: null, ttl: 1800 };
  const [first = '203.0.113.10', second = first] = addresses;
  const mail = ['aspmx.l.google.com', 'alt1.aspmx.l.google.com'];
  return [
    { ...base, type: 'SOA', name: '@', data: '1800' },
    ...[1, 2, 3].map((nth) => ({ ...base, type: 'NS', name: '@', data: `ns${nth}.digitalocean.com` })),
    { ...base, type: 'A', name: '@', data: first },
    { ...base, type: 'CNAME', name: 'www', data: '@' },
    { ...base, type: 'A', name: 'shop', data: first, ttl: 300 },
    { ...base, type: 'A', name: 'shop', data: second === first ? '203.0.113.11' : second, ttl: 300 },
    ...mail.map((data, nth) => ({ ...base, type: 'MX', name: '@', data, priority: 1 + nth * 4, ttl: 3600 })),
    { ...base, type: 'TXT', name: '@', data: 'v=spf1 include:_spf.google.com ~all', ttl: 3600 },
    { ...base, type: 'TXT', name: '@', data: `google-site-verification=${domain.replace(/\W/g, '')}`, ttl: 3600 },
    { ...base, type: 'CAA', name: '@', data: 'letsencrypt.org', flags: 0, tag: 'issue', ttl: 3600 },
  ];
}
