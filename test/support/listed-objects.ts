import type { SeededRandom } from './seeded-random';
import type { FaultRule } from './simulator-client';

export type RawObject = Record<string, unknown>;

/** One object of a kind as the provider lists it. */
export interface ListedObject {
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly key: string;
  readonly object: RawObject;
  /** The places of the texts that the inventory keeps. Every other text is dropped, whatever it contains. */
  readonly kept: readonly string[];
}

/** One object of each kind that the product needs, with every field that the inventory reads. */
export const LISTED: Readonly<Record<string, ListedObject>> = {
  droplet: {
    path: '/v2/droplets',
    query: { type: 'droplets' },
    key: 'droplets',
    object: {
      id: 700_000_001,
      name: 'fern-web-1',
      status: 'active',
      memory: 1024,
      vcpus: 1,
      disk: 25,
      locked: false,
      size_slug: 's-1vcpu-1gb',
      region: { slug: 'fra1', name: 'Frankfurt 1' },
      image: { id: 195_932_981, slug: 'ubuntu-24-04-x64', name: '24.04 (LTS) x64' },
      created_at: '2026-03-01T10:00:00Z',
      features: ['monitoring', 'droplet_agent', 'ipv6'],
      tags: ['web', 'fern'],
      networks: {
        v4: [
          { ip_address: '203.0.113.9', type: 'public' },
          { ip_address: '10.110.0.2', type: 'private' },
        ],
        v6: [{ ip_address: '2001:db8:cad:d0::1f', type: 'public' }],
      },
      vpc_uuid: '760e09ef-dc84-11e8-981e-3cfdfeaae000',
      volume_ids: ['506f78a4-e098-11e5-ad9f-000f53306ae1'],
      snapshot_ids: [183_204_117, 183_204_118],
      backup_ids: [183_204_119],
      next_backup_window: { start: '2026-03-08T04:00:00Z', end: '2026-03-09T03:00:00Z' },
    },
    kept: [
      'created_at',
      'features.0',
      'features.1',
      'features.2',
      'image.slug',
      'name',
      'networks.v4.0.ip_address',
      'networks.v4.0.type',
      'networks.v4.1.ip_address',
      'networks.v4.1.type',
      'networks.v6.0.ip_address',
      'networks.v6.0.type',
      'next_backup_window.end',
      'next_backup_window.start',
      'region.slug',
      'size_slug',
      'status',
      'tags.0',
      'tags.1',
      'volume_ids.0',
      'vpc_uuid',
    ],
  },
  dns_zone: {
    path: '/v2/domains',
    key: 'domains',
    object: { name: 'fern-bakery.example', ttl: 1800, zone_file: '$ORIGIN fern-bakery.example.' },
    kept: ['name'],
  },
  volume: {
    path: '/v2/volumes',
    key: 'volumes',
    object: {
      id: '506f78a4-e098-11e5-ad9f-000f53306ae1',
      name: 'fern-data',
      region: { slug: 'fra1' },
      size_gigabytes: 10,
      description: 'Orders',
      filesystem_type: 'ext4',
      filesystem_label: 'data',
      created_at: '2026-03-01T10:00:00Z',
      droplet_ids: [700_000_001],
      tags: ['fern', 'data'],
    },
    kept: ['created_at', 'description', 'filesystem_label', 'filesystem_type', 'id', 'name', 'region.slug', 'tags.0', 'tags.1'],
  },
  floating_ip: {
    path: '/v2/reserved_ips',
    key: 'reserved_ips',
    object: {
      ip: '192.0.2.11',
      region: { slug: 'fra1' },
      locked: false,
      droplet: { id: 700_000_001 },
      project_id: '4de7ac8b-495b-4884-9a69-1050c6793cd6',
    },
    kept: ['ip', 'project_id', 'region.slug'],
  },
  firewall: {
    path: '/v2/firewalls',
    key: 'firewalls',
    object: {
      id: '11111111-2222-4333-8444-555555555501',
      name: 'fern-web',
      status: 'succeeded',
      created_at: '2026-03-01T10:00:00Z',
      droplet_ids: [700_000_002, 700_000_001],
      tags: ['web', 'fern'],
      inbound_rules: [
        { protocol: 'tcp', ports: '443', sources: { addresses: ['0.0.0.0/0', '::/0', '2001:db8::/32'], droplet_ids: [2, 1] } },
        {
          protocol: 'tcp',
          ports: '22',
          sources: {
            tags: ['office', 'vpn'],
            load_balancer_uids: ['4de7ac8b-495b-4884-9a69-1050c6793cd7'],
            kubernetes_ids: ['bd5f5959-5e1e-4205-a714-a914373942af'],
          },
        },
        { protocol: 'icmp', ports: '0', sources: { addresses: ['203.0.113.9'] } },
      ],
      outbound_rules: [{ protocol: 'udp', ports: '0', destinations: { addresses: ['::/0', '0.0.0.0/0'] } }],
    },
    kept: [
      'created_at',
      'id',
      'inbound_rules.0.ports',
      'inbound_rules.0.protocol',
      'inbound_rules.0.sources.addresses.0',
      'inbound_rules.0.sources.addresses.1',
      'inbound_rules.0.sources.addresses.2',
      'inbound_rules.1.ports',
      'inbound_rules.1.protocol',
      'inbound_rules.1.sources.kubernetes_ids.0',
      'inbound_rules.1.sources.load_balancer_uids.0',
      'inbound_rules.1.sources.tags.0',
      'inbound_rules.1.sources.tags.1',
      'inbound_rules.2.ports',
      'inbound_rules.2.protocol',
      'inbound_rules.2.sources.addresses.0',
      'name',
      'outbound_rules.0.destinations.addresses.0',
      'outbound_rules.0.destinations.addresses.1',
      'outbound_rules.0.ports',
      'outbound_rules.0.protocol',
      'status',
      'tags.0',
      'tags.1',
    ],
  },
  load_balancer: {
    path: '/v2/load_balancers',
    key: 'load_balancers',
    object: {
      id: '22222222-2222-4333-8444-555555555502',
      name: 'fern-lb',
      status: 'active',
      ip: '192.0.2.10',
      ipv6: '2001:db8::10',
      size: 'lb-small',
      size_unit: 1,
      type: 'REGIONAL',
      network: 'EXTERNAL',
      algorithm: 'round_robin',
      region: { slug: 'fra1' },
      forwarding_rules: [
        {
          entry_protocol: 'http',
          entry_port: 80,
          target_protocol: 'http',
          target_port: 80,
          certificate_id: '892071a0-bb95-49bc-8021-3afd67a210bf',
        },
        { entry_protocol: 'https', entry_port: 443, target_protocol: 'https', target_port: 443, tls_passthrough: true },
      ],
      health_check: { protocol: 'http', port: 80, path: '/' },
      sticky_sessions: { type: 'cookies', cookie_name: 'DO-LB', cookie_ttl_seconds: 300 },
      redirect_http_to_https: true,
      droplet_ids: [700_000_002, 700_000_001],
      tag: 'web',
      vpc_uuid: '760e09ef-dc84-11e8-981e-3cfdfeaae000',
      project_id: '4de7ac8b-495b-4884-9a69-1050c6793cd6',
      created_at: '2026-03-01T10:00:00Z',
    },
    kept: [
      'algorithm',
      'created_at',
      'forwarding_rules.0.certificate_id',
      'forwarding_rules.0.entry_protocol',
      'forwarding_rules.0.target_protocol',
      'forwarding_rules.1.entry_protocol',
      'forwarding_rules.1.target_protocol',
      'health_check.path',
      'health_check.protocol',
      'id',
      'ip',
      'ipv6',
      'name',
      'network',
      'project_id',
      'region.slug',
      'size',
      'status',
      'sticky_sessions.cookie_name',
      'sticky_sessions.type',
      'tag',
      'type',
      'vpc_uuid',
    ],
  },
  snapshot: {
    path: '/v2/snapshots',
    key: 'snapshots',
    object: {
      id: '183204117',
      name: 'before the update',
      resource_type: 'droplet',
      resource_id: '700000001',
      regions: ['fra1', 'ams3'],
      min_disk_size: 25,
      size_gigabytes: 2.36,
      created_at: '2026-03-01T10:00:00Z',
      tags: ['fern', 'update'],
    },
    kept: ['created_at', 'id', 'name', 'regions.0', 'regions.1', 'resource_id', 'resource_type', 'tags.0', 'tags.1'],
  },
  droplet_backup: {
    path: '/v2/images',
    query: { private: 'true' },
    key: 'images',
    object: {
      id: 183_204_119,
      name: 'fern-web-1 2026-03-01',
      type: 'backup',
      slug: null,
      status: 'available',
      distribution: 'Ubuntu',
      regions: ['fra1'],
      min_disk_size: 25,
      size_gigabytes: 2.5,
      created_at: '2026-03-01T10:00:00Z',
    },
    kept: ['created_at', 'distribution', 'name', 'regions.0', 'status'],
  },
};

/** The rule by which the provider lists exactly these objects of a kind. */
export function listing(kind: string, objects: readonly unknown[] | null, of?: ListedObject): FaultRule {
  const { path, query, key } = of ?? LISTED[kind] ?? { path: '', key: '' };
  const body = { [key]: objects, links: {}, meta: { total: objects?.length ?? 0 } };
  return { id: `${kind} listed`, match: { method: 'GET', path, query }, effect: { type: 'status', status: 200, body } };
}

/** The ways in which a provider writes nothing; undefined leaves the field out. */
export const NOTHINGS: readonly unknown[] = [null, undefined, '', [], {}];

const anyOf = (random: SeededRandom, values: readonly unknown[]): unknown => values[random.below(values.length)];

/** The same object in another notation: other orders, other notations of addresses, times and slugs, and of nothing. */
export function respelled(random: SeededRandom, value: unknown, field = ''): unknown {
  if (Array.isArray(value))
    return shuffled(random, [...value.map((part) => respelled(random, part, field)), ...(random.chance(0.2) ? [null] : [])]);
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, part]) => [name, respelled(random, part, name)] as const);
    return Object.fromEntries([...shuffled(random, fields), [`unset_${random.below(3)}`, anyOf(random, NOTHINGS)]]);
  }
  return typeof value === 'string' ? respelledText(random, value, field) : value;
}

function respelledText(random: SeededRandom, text: string, field: string): string {
  if (text.includes('::') && /^[0-9a-f]*:[0-9a-f:]+(\/\d+)?$/.test(text)) return longIpv6(random, text);
  if (field === 'addresses' && /^[\d.]+$/.test(text)) return random.pick([text, `${text}/32`]);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return random.pick([text, text.replace('Z', '.000Z'), text.replace('Z', '+00:00')]);
  if (text === '0' && field === 'ports') return random.pick(['0', 'all']);
  const capitals = ['slug', 'size_slug', 'size'].includes(field) || text === 'fern-bakery.example';
  return capitals && random.chance(0.5) ? text.toUpperCase() : text;
}

/** An IPv6 address or network with all of its groups, some in capitals or with leading zeros. */
function longIpv6(random: SeededRandom, text: string): string {
  const [address = '', prefix] = text.split('/');
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = address.includes('::') ? [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail] : head;
  const written = groups.map((group) => random.pick([group, group.padStart(4, '0'), group.toUpperCase()])).join(':');
  return prefix === undefined ? written : `${written}/${prefix}`;
}

function shuffled<T>(random: SeededRandom, values: readonly T[]): T[] {
  const left = [...values];
  return values.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

const JUNK: readonly unknown[] = [
  ...NOTHINGS,
  0,
  -1,
  1.5,
  2 ** 60,
  true,
  'x',
  'x'.repeat(70_000),
  [1],
  [[]],
  [null],
  { a: 1 },
  { slug: 7 },
  '\u0000',
  '0001-01-01T00:00:00Z',
];

/**
 * The object with one value replaced by something that the API does not document. The id becomes nothing at most: another id is another
 * object.
 */
export function damaged(random: SeededRandom, object: RawObject, idField?: string): RawObject {
  const field = random.pick(Object.keys(object));
  const value = object[field];
  if (field === idField) return { ...object, [field]: anyOf(random, NOTHINGS) };
  if (Array.isArray(value) && value.length > 0 && random.chance(0.5))
    return { ...object, [field]: [...(value as unknown[]).slice(1), anyOf(random, JUNK)] };
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && random.chance(0.5))
    return { ...object, [field]: damaged(random, value as RawObject) };
  return { ...object, [field]: anyOf(random, JUNK) };
}
