// The rows of a large world, each computed from a seed and its number alone: resources of every kind in realistic shares, their events, what
// they are billed as, invoices, sagas and tenants. No row depends on a clock but the one moment that the world ends at.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const { KINDS, INVOICE_PRODUCTS, priceRuleOf } = require(dist('libs/features/inventory/src/kinds/index.js'));

const MINUTES = 24 * 30 * 24 * 60; // 24 months of 30 days
const REGIONS = ['fra1', 'ams3', 'nyc1', 'nyc3', 'sfo3', 'sgp1', 'lon1', 'tor1', 'blr1', 'syd1'];
const WORDS = ['web', 'api', 'db', 'cache', 'worker', 'batch', 'mail', 'proxy', 'search', 'queue', 'stage', 'build', 'log', 'auth', 'shop'];
export const SIZES = [1, 2, 4, 8, 16, 32].flatMap((vcpus) =>
  [1, 2, 4].map((ratio) => ({
    slug: `s-${vcpus}vcpu-${vcpus * ratio}gb`,
    vcpus,
    memory: vcpus * ratio * 1024,
    price: vcpus * (4 + 2 * ratio),
  })),
);

/** Resources of a kind per thousand. Kinds that are not named have one in two thousand each. */
const SHARES = {
  droplet: 240, dns_record: 160, droplet_backup: 110, snapshot: 100, volume: 90, firewall: 25, ssh_key: 25, dns_zone: 25, reserved_ip: 20,
  spaces_key: 15, certificate: 15, tag: 15, load_balancer: 15, k8s_node_pool: 15, vpc: 12, alert_policy: 12, uptime_check: 12, managed_db: 12,
  registry_repository: 10, app: 10, k8s_cluster: 6, custom_image: 6, floating_ip: 5, db_replica: 5, reserved_ipv6: 5, container_registry: 4,
}; // prettier-ignore
const NO_REGION = new Set([
  'dns_record',
  'dns_zone',
  'ssh_key',
  'spaces_key',
  'certificate',
  'tag',
  'alert_policy',
  'uptime_check',
  'firewall',
]);

/** A table of 2,000 places: the kind of a resource is the one in the place of its number's hash. */
const PLACES = KINDS.flatMap(({ kind }) => Array(Math.round((SHARES[kind] ?? 0.5) * 2)).fill(kind));

/** `n` of `salt` as 32 bits: every decision about a row has a salt of its own. */
export function hashOf(seed, n, salt) {
  let h = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b) ^ Math.imul(seed + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

const hex = (value, length) => value.toString(16).padStart(length, '0').slice(-length);

/** What a world of a size is made of. `endMs` is the moment at which it ends; it began 24 months of 30 days before. */
export function worldOf({ seed, resources, tenants, endMs }) {
  const startMs = endMs - MINUTES * 60_000;
  const h = (n, salt) => hashOf(seed, n, salt);
  const share = (n, salt) => h(n, salt) / 2 ** 32;
  const time = (minute) => new Date(startMs + minute * 60_000).toISOString();
  /** Ordered by time like the ids that the database makes. `space` keeps ids of different tables apart. */
  const idAt = (minute, n, space) => {
    const [ms, a] = [hex(startMs + minute * 60_000, 12), hex(h(n, 1000 + space), 8)];
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7${hex(space, 3)}-8${a.slice(0, 3)}-${hex(n, 8)}${a.slice(4, 8)}`;
  };
  /** A few tenants are large: the first of 1,000 has 3 % of all. */
  const tenantAt = (n, salt) => `tenant-${1 + Math.floor(tenants * share(n, salt) ** 2)}`;
  const projectId = (tenant) => idAt(0, Number(tenant.slice(7)), 2);
  const firstMinute = (n) => Math.floor((n / resources) * MINUTES * 0.98);

  function attrsOf(kind, n, size, region) {
    const ip = `${(h(n, 20) % 200) + 11}.${h(n, 21) % 256}.${h(n, 22) % 256}.${h(n, 23) % 256}`;
    const tags = [WORDS[h(n, 24) % WORDS.length], `env:${['prod', 'stage', 'dev'][h(n, 25) % 3]}`];
    const created_at = time(firstMinute(n));
    switch (kind) {
      case 'droplet':
        return {
          memory: size.memory, vcpus: size.vcpus, disk: size.vcpus * 25, image: 'ubuntu-24-04-x64', image_id: '195932981', created_at, locked: false,
          features: h(n, 26) % 4 === 0 ? ['backups', 'monitoring'] : ['monitoring'], tags, vpc_uuid: idAt(0, n % 97, 40),
          networks: { v4: [{ ip_address: `10.${h(n, 27) % 256}.${h(n, 28) % 256}.${h(n, 29) % 256}`, type: 'private' }, { ip_address: ip, type: 'public' }],
                      v6: h(n, 30) % 3 === 0 ? [{ ip_address: `2604:a880:${hex(h(n, 31), 4)}:d0::${hex(n, 4)}`, type: 'public' }] : [] },
          volume_ids: [], snapshot_ids: [], backup_ids: [], next_backup_window: null,
        }; // prettier-ignore
      case 'volume':
        return { size_gigabytes: 10 * (1 + (h(n, 26) % 50)), filesystem_type: 'ext4', created_at, droplet_ids: [], tags };
      case 'snapshot':
      case 'droplet_backup':
      case 'custom_image':
        return { size_gigabytes: 1 + (h(n, 26) % 400) / 10, min_disk_size: 25, regions: [region], created_at, tags };
      case 'dns_record':
        return { zone: `zone-${h(n, 26) % 5000}.example.com`, type: 'A', data: ip, ttl: 1800 };
      case 'load_balancer':
        return { ip, size_unit: 1 + (h(n, 26) % 3), algorithm: 'round_robin', droplet_ids: [], created_at, vpc_uuid: idAt(0, n % 97, 40) };
      case 'reserved_ip':
      case 'floating_ip':
        return { ip, droplet_id: h(n, 26) % 2 ? String(300_000_000 + (h(n, 27) % resources)) : null, locked: false };
      case 'managed_db':
        return { engine: 'pg', version: '16', num_nodes: 1 + (h(n, 26) % 3), storage_size_mib: 61_440, created_at, tags };
      default:
        return { created_at, tags };
    }
  }

  /** The nth resource, in the order of the first sight. */
  function resource(n) {
    const kind = PLACES[h(n, 1) % PLACES.length];
    const size = SIZES[Math.floor(SIZES.length * share(n, 2) ** 2)];
    const region = NO_REGION.has(kind) ? null : REGIONS[h(n, 3) % REGIONS.length];
    const minute = firstMinute(n);
    const owned = h(n, 4) % 20 !== 0;
    const tenant = owned ? tenantAt(n, 5) : null;
    const gone = h(n, 6) % 12 === 0;
    const isPlain = kind === 'reserved_ip' || kind === 'floating_ip';
    const providerId = kind === 'droplet' ? String(300_000_000 + n) : idAt(minute, n, 30);
    const attrs = attrsOf(kind, n, size, region);
    const endMinute = minute + Math.floor((MINUTES - minute) * share(n, 7));
    const live = isPlain ? (attrs.droplet_id ? 'assigned' : 'unassigned') : kind === 'volume' ? 'available' : 'active';
    return {
      n, id: idAt(minute, n, 1), kind, providerId, urn: `do:${kind}:${providerId}`, tenant, project: tenant && projectId(tenant),
      name: isPlain ? attrs.ip : `${WORDS[h(n, 8) % WORDS.length]}-${hex(h(n, 9), 6)}${kind === 'droplet' ? '.example.com' : ''}`,
      region, status: gone ? 'deleted' : live, live, attrs, hash: hex(h(n, 10), 8) + hex(h(n, 11), 8), minute, endMinute,
      sizeSlug: kind === 'droplet' ? size.slug : kind === 'managed_db' ? 'db-s-2vcpu-4gb' : kind === 'load_balancer' ? 'lb-small' : null,
      first: time(minute), end: gone ? time(endMinute) : null,
    }; // prettier-ignore
  }

  /** What it is billed as, by the product's own rules; nothing for kinds that are free or whose price is not known. */
  function billed({ kind, live, sizeSlug, attrs }) {
    const rule = priceRuleOf(kind);
    return rule && 'billedAs' in rule ? rule.billedAs({ status: live, sizeSlug, attrs }) : undefined;
  }

  /** The events of all resources in the order of time, `each` per resource: the first is its discovery. */
  function* events(each) {
    const keys = new Float64Array(resources * each);
    for (let n = 0; n < resources; n += 1) {
      const from = firstMinute(n);
      for (let j = 0; j < each; j += 1) {
        const minute = j === 0 ? from : from + Math.floor((MINUTES - from) * share(n * each + j, 12));
        keys[n * each + j] = minute * 2 ** 24 + n * each + j;
      }
    }
    keys.sort();
    for (const key of keys) {
      const [minute, at] = [Math.floor(key / 2 ** 24), key % 2 ** 24];
      const [n, j] = [Math.floor(at / each), at % each];
      const owner = h(n, 4) % 20 !== 0 ? tenantAt(n, 5) : null;
      yield { n, id: idAt(minute, at, 3), resource: idAt(firstMinute(n), n, 1), at: time(minute), minute, ...changeOf(n, j, at, owner) };
    }
  }

  function changeOf(n, j, at, owner) {
    if (j === 0) return { type: 'discovered', source: 'sweep', tenant: owner, changes: { status: 'active' } };
    if (j === 1 && owner && h(n, 13) % 50 === 0) {
      const old = `tenant-${1 + (h(n, 14) % tenants)}`;
      return { type: 'attributed', source: 'admin', tenant: null, changes: { tenant_id: { old, new: owner } } };
    }
    const turn = h(at, 15) % 100;
    if (turn < 70) return { type: 'updated', source: 'sweep', tenant: owner, changes: { status: { old: 'off', new: 'active' } } };
    if (turn < 85) {
      const action = ['power_on', 'power_off', 'reboot', 'snapshot'][turn % 4];
      return {
        type: 'provider_action',
        source: 'action_feed',
        tenant: owner,
        changes: { action_id: 2_000_000_000 + at, action, status: 'completed' },
      };
    }
    if (turn < 97) return { type: 'tagged', source: 'sweep', tenant: owner, changes: { tags: { old: ['web'], new: ['env:prod', 'web'] } } };
    return {
      type: 'drift_detected',
      source: 'drift',
      tenant: owner,
      changes: { size_slug: { expected: 's-1vcpu-1gb', actual: 's-2vcpu-2gb' } },
    };
  }

  return {
    seed,
    resources,
    tenants,
    startMs,
    endMs,
    h,
    share,
    time,
    idAt,
    tenantAt,
    projectId,
    resource,
    billed,
    events,
    MINUTES,
  };
}

export { INVOICE_PRODUCTS };
export const WORLD_KINDS = KINDS.map(({ kind }) => kind);
export const WORLD_REGIONS = REGIONS;
