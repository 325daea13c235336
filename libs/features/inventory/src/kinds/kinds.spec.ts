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

it.each(KINDS.map(({ kind }) => kind))('reads a %s with nulls and missing fields without an error', (name) => {
  expect(listedKind(name)?.observe(SPARSE[name]?.raw)).toMatchObject(SPARSE[name]?.seen ?? { missing: 'an entry in SPARSE' });
});

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
