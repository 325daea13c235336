import { KINDS, kindOfUrnType, listedKind } from '.';
import { urnOf } from './kind';

/** The sparsest response of the provider by kind, with nulls instead of lists, and the expected observation. */
const SPARSE: Record<string, { raw: Record<string, unknown>; seen: Record<string, unknown> }> = {
  droplet: {
    raw: { id: 572_017_320, status: 'new', networks: {}, tags: null, region: null, image: null, volume_ids: null },
    seen: { providerId: '572017320', status: 'new', attrs: { tags: [], networks: { v4: [], v6: [] } }, parents: [] },
  },
  dns_zone: {
    raw: { name: 'acme.com', ttl: null, zone_file: null },
    seen: { providerId: 'acme.com', name: 'acme.com', attrs: { ttl: null } },
  },
  volume: {
    raw: { id: 'v-1', name: 'data', droplet_ids: null, tags: null, region: { slug: 'fra1' } },
    seen: { providerId: 'v-1', status: 'available', region: 'fra1', attrs: { droplet_ids: [], tags: [] } },
  },
  snapshot: {
    raw: {
      id: '183204117',
      resource_type: 'droplet',
      resource_id: '572017320',
      size_gigabytes: 2.36,
      regions: ['fra1', 'ams3'],
      tags: null,
    },
    seen: {
      providerId: '183204117',
      region: null,
      parents: ['droplet/572017320'],
      attrs: { resource_type: 'droplet', regions: ['ams3', 'fra1'] },
    },
  },
  floating_ip: {
    raw: { ip: '203.0.113.9', droplet: null, region: { slug: 'fra1' }, project_id: null },
    seen: { providerId: '203.0.113.9', status: 'unassigned', attrs: { droplet_id: null, project_id: null } },
  },
  firewall: {
    raw: { id: 'f-1', status: 'waiting', droplet_ids: null, tags: null, inbound_rules: null, outbound_rules: null },
    seen: { status: 'waiting', attrs: { droplet_ids: [], tags: [], inbound_rules: [], outbound_rules: [] }, parents: [] },
  },
  load_balancer: {
    raw: { id: 'l-1', status: 'new', ip: '', type: 'GLOBAL', region: null, droplet_ids: null, tag: '', project_id: '' },
    seen: { status: 'new', region: null, attrs: { ip: null, tag: null, project_id: null, type: 'GLOBAL' } },
  },
  droplet_backup: {
    raw: { id: 180_000_001, type: 'backup', slug: null, regions: ['fra1'], size_gigabytes: null },
    seen: { providerId: '180000001', status: 'available', region: 'fra1', attrs: { size_gigabytes: null } },
  },
};

it.each(KINDS.flatMap(({ kind, required }) => (required ? [kind] : [])))(
  'reads a %s with nulls and missing fields without an error',
  (name) => {
    expect(listedKind(name)?.observe(SPARSE[name]?.raw)).toMatchObject(SPARSE[name]?.seen ?? { missing: 'an entry in SPARSE' });
  },
);

it.each(KINDS.map(({ kind }) => kind))('rejects a value that is not a %s', (name) => {
  expect(() => listedKind(name)?.observe({ links: {} })).toThrow(expect.objectContaining({ code: 'malformed_answer' }));
});

it.each([
  ['domain', 'dns_zone'],
  ['floatingip', 'floating_ip'],
  ['reservedip', 'floating_ip'],
  ['reservedipv6', 'reserved_ipv6'],
  ['floatingipv6', 'reserved_ipv6'],
  ['loadbalancer', 'load_balancer'],
  ['dbaas', 'managed_db'],
  ['kubernetes', 'k8s_cluster'],
  ['space', 'spaces_bucket'],
  ['image', 'snapshot'],
  ['volumesnapshot', 'snapshot'],
  ['app', 'app'],
  ['microdroplet', 'microdroplet'],
])('maps the URN do:%s:… to the kind %s [INV-11]', (urnType, kind) => {
  expect(kindOfUrnType(urnType).kind).toBe(kind);
});

it('gives a snapshot the URN type that projects list it under', () => {
  const kind = listedKind('snapshot');
  const urns = ['droplet', 'volume'].map((type) => kind && urnOf(kind, kind.observe({ id: 1, resource_type: type, size_gigabytes: 1 })));
  expect(urns).toEqual(['do:image:1', 'do:volumesnapshot:1']);
});

it('treats firewall rules in another order as the same rules', () => {
  const firewall = (rules: object[]) => listedKind('firewall')?.observe({ id: 'f-1', status: 'succeeded', inbound_rules: rules }).attrs;
  const [http, ssh] = [
    { protocol: 'tcp', ports: '80' },
    { ports: '22', protocol: 'tcp' },
  ];
  expect(firewall([http, ssh])).toEqual(firewall([ssh, http]));
});

const FIREWALL = { id: '11111111-2222-4333-8444-555555555501', name: 'fern-web', status: 'succeeded', created_at: '2026-03-01T10:00:00Z' };
const webRule = (sources: object) => [{ protocol: 'tcp', ports: '443', sources }];

it.each([
  {
    what: 'the addresses of a rule in another order',
    kind: 'firewall',
    one: { ...FIREWALL, inbound_rules: webRule({ addresses: ['0.0.0.0/0', '::/0'] }), droplet_ids: [], tags: [], outbound_rules: [] },
    other: { ...FIREWALL, inbound_rules: webRule({ addresses: ['::/0', '0.0.0.0/0'] }), droplet_ids: [], tags: [], outbound_rules: [] },
  },
  {
    what: 'null and [] beside the addresses of a rule',
    kind: 'firewall',
    one: { ...FIREWALL, inbound_rules: webRule({ addresses: ['0.0.0.0/0'] }), droplet_ids: [], tags: [], outbound_rules: [] },
    other: { ...FIREWALL, inbound_rules: webRule({ addresses: ['0.0.0.0/0'], droplet_ids: null, tags: [] }), outbound_rules: null },
  },
  {
    what: 'all ports as "all" or "0", and as nothing for ICMP',
    kind: 'firewall',
    one: {
      ...FIREWALL,
      outbound_rules: [
        { protocol: 'tcp', ports: '0' },
        { protocol: 'icmp', ports: '0' },
      ],
    },
    other: { ...FIREWALL, outbound_rules: [{ protocol: 'icmp' }, { protocol: 'tcp', ports: 'all' }] },
  },
  {
    what: 'an IPv6 address in long form and in capitals',
    kind: 'droplet',
    one: { id: 7, status: 'active', networks: { v4: [], v6: [{ ip_address: '2001:db8:cad:d0::1f', type: 'public' }] } },
    other: { id: 7, status: 'active', networks: { v6: [{ ip_address: '2001:0DB8:0CAD:00D0:0000:0000:0000:001F', type: 'public' }] } },
  },
  { what: 'a zone in capitals', kind: 'dns_zone', one: { name: 'fern-bakery.example' }, other: { name: 'FERN-Bakery.example' } },
  {
    what: 'a load balancer with empty texts',
    kind: 'load_balancer',
    one: { id: 'l-1', status: 'active', ip: '192.0.2.10', droplet_ids: [] },
    other: {
      id: 'l-1',
      status: 'active',
      ip: '192.0.2.10',
      vpc_uuid: '',
      project_id: '',
      tag: '',
      forwarding_rules: [],
      sticky_sessions: {},
    },
  },
  {
    what: 'an unassigned address with an empty object',
    kind: 'floating_ip',
    one: { ip: '192.0.2.11', droplet: null },
    other: { ip: '192.0.2.11', droplet: {}, project_id: '' },
  },
  {
    what: 'a time that is not set',
    kind: 'volume',
    one: { id: 'v-1', created_at: null },
    other: { id: 'v-1', created_at: '0001-01-01T00:00:00Z', description: '' },
  },
])('reads $what as the same $kind (A1, A3) [TRU-2, TRU-3, INV-2]', ({ kind, one, other }) => {
  const [first, second] = [one, other].map((raw) => listedKind(kind)?.observe(raw));
  expect(JSON.stringify(second)).toBe(JSON.stringify(first));
});
