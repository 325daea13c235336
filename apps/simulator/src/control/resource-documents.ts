import type { CollectionName, State } from '../world/state';
import { FIRST_IDS } from '../world/first-ids';
import { apiTime } from '../world/world';

type Fields = Record<string, unknown>;

/** What a PUT may leave out of a record. `nth` is its place in the list, so that a list of `{}` is a list of different things. */
const DEFAULTS: Partial<Record<CollectionName, (nth: number, at: string, state: State) => Fields>> = {
  volumes: (nth, created_at) => ({
    id: uuid('40', nth),
    name: `volume-${nth}`,
    region: 'fra1',
    size_gigabytes: 10,
    description: '',
    filesystem_type: 'ext4',
    filesystem_label: '',
    droplet_ids: [],
    tags: [],
    created_at,
  }),
  volume_snapshots: (nth, created_at) => ({
    id: uuid('41', nth),
    name: `volume-snapshot-${nth}`,
    resource_id: uuid('40', nth),
    region: 'fra1',
    min_disk_size: 10,
    size_gigabytes: 2.5,
    tags: [],
    created_at,
  }),
  floating_ips: (nth, _at, state) => ({
    ip: `174.138.${(nth >> 8) & 255}.${nth & 255}`,
    region: 'fra1',
    droplet_id: null,
    locked: false,
    project_id: state.projects.find(({ is_default }) => is_default)?.id ?? '',
  }),
  domains: (nth) => ({ name: `zone-${nth}.example`, ttl: 1800, zone_file: null }),
  domain_records: (nth, _at, state) => ({
    id: FIRST_IDS.domain_record + nth + 1,
    domain: state.domains[0]?.name ?? '',
    type: 'A',
    name: `host-${nth}`,
    data: '203.0.113.1',
    priority: null,
    port: null,
    ttl: 1800,
    weight: null,
    flags: null,
    tag: null,
  }),
  firewalls: (nth, created_at) => ({
    id: uuid('42', nth),
    name: `firewall-${nth}`,
    status: 'succeeded',
    created_at,
    droplet_ids: [],
    tags: [],
    inbound_rules: [{ protocol: 'tcp', ports: '443', sources: { addresses: ['0.0.0.0/0', '::/0'] } }],
    outbound_rules: [],
  }),
  load_balancers: (nth, created_at, state) => ({
    id: uuid('43', nth),
    name: `balancer-${nth}`,
    project_id: state.projects.find(({ is_default }) => is_default)?.id ?? '',
    ip: `164.90.${(nth >> 8) & 255}.${nth & 255}`,
    size_unit: 1,
    algorithm: 'round_robin',
    status: 'active',
    type: 'REGIONAL',
    region: 'fra1',
    created_at,
    forwarding_rules: [{ entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 80 }],
    health_check: {},
    sticky_sessions: { type: 'none' },
    redirect_http_to_https: false,
    droplet_ids: [],
    tag: '',
    vpc_uuid: uuid('44', 0),
  }),
  images: (nth, created_at) => ({
    id: 190_000_000 + nth,
    name: `image-${nth}`,
    type: 'snapshot',
    distribution: 'Ubuntu',
    slug: null,
    public: false,
    regions: ['fra1'],
    created_at,
    min_disk_size: 25,
    size_gigabytes: 2.5,
    description: '',
    tags: [],
    status: 'available',
  }),
};

/** Records as they are stored: what is missing gets its default; the API's nested regions are taken for their slugs. */
export function completeRecords(name: CollectionName, records: readonly Fields[], state: State, nowMs: number): Fields[] {
  const defaults = DEFAULTS[name];
  if (defaults === undefined) return [...records];
  return records.map((record, nth) => {
    const region = typeof record.region === 'object' && record.region !== null ? (record.region as Fields).slug : record.region;
    return { ...defaults(nth, apiTime(nowMs), state), ...record, ...(region !== undefined && { region }) };
  });
}

const uuid = (group: string, nth: number): string => `${group.padEnd(8, '0')}-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`;
