import { KINDS } from '#libs/inventory';
import { LISTED_PRODUCTS } from '../../support/listed-products';
import type { SeededRandom } from '../../support/seeded-random';

const PROJECTS = [
  '00000000-0000-4000-8000-00000000000d',
  '00000000-0000-4000-8000-00000000000a',
  '00000000-0000-4000-8000-00000000000b',
] as const;
const TENANTS = [null, 'acme', 'bird'] as const;

interface Thing {
  readonly id: string;
  /** Number of its project; undefined for kinds that no project lists. */
  readonly project?: number;
  /** The id of the resource under which it is listed, or that contains it. */
  readonly parentId?: string;
  readonly record: Record<string, unknown>;
}

interface FuzzedKind {
  /** The simulator's list that contains the kind. */
  readonly list: string;
  /** How many there are at first: more than the vanish brake's minimum, and more than a page for two kinds. */
  readonly count: number;
  readonly urnType?: string;
  /** The kind of its parents, with which it goes and whose tenant it belongs to. */
  readonly parentKind?: string;
  readonly record: (nth: number, parentId: string) => { id: string; record: Record<string, unknown> };
}

const uuid = (group: number, nth: number) => `${String(group).padStart(8, '0')}-0000-4000-9000-${nth.toString(16).padStart(12, '0')}`;
const byUuid = (group: number) => (nth: number) => ({
  id: uuid(group, nth),
  record: { id: uuid(group, nth), name: `thing-${group}-${nth}` },
});

/** Kinds that the simulator stores in another form than it lists them, or under another kind's key. */
const OWN_FORMS: Record<string, FuzzedKind> = {
  droplet: {
    list: 'droplets',
    count: 225,
    urnType: 'droplet',
    record: (nth) => ({ id: String(570_000_000 + nth), record: { id: 570_000_000 + nth, name: `host-${nth}` } }),
  },
  volume: { list: 'volumes', count: 215, urnType: 'volume', record: byUuid(1) },
  dns_zone: {
    list: 'domains',
    count: 30,
    urnType: 'domain',
    record: (nth) => ({ id: `zone-${nth}.example`, record: { name: `zone-${nth}.example` } }),
  },
  floating_ip: {
    list: 'floating_ips',
    count: 30,
    urnType: 'floatingip',
    record: (nth) => ({ id: `192.0.2.${nth % 250}`, record: { ip: `192.0.2.${nth % 250}`, project_id: PROJECTS[0] } }),
  },
  firewall: { list: 'firewalls', count: 30, record: byUuid(2) },
  load_balancer: { list: 'load_balancers', count: 30, urnType: 'loadbalancer', record: byUuid(3) },
  snapshot: { list: 'volume_snapshots', count: 30, urnType: 'volumesnapshot', record: byUuid(4) },
  droplet_backup: {
    list: 'images',
    count: 30,
    record: (nth) => ({ id: String(180_000_000 + nth), record: { id: 180_000_000 + nth, name: `backup-${nth}`, type: 'backup' } }),
  },
  custom_image: {
    list: 'images',
    count: 30,
    record: (nth) => ({ id: String(190_000_000 + nth), record: { ...LISTED_PRODUCTS.custom_image?.object, id: 190_000_000 + nth } }),
  },
  tag: { list: 'tags', count: 30, record: (nth) => ({ id: `tag-${nth}`, record: { name: `tag-${nth}`, others: [] } }) },
  spaces_bucket: { list: '', count: 30, urnType: 'space', record: (nth) => ({ id: `bucket-${nth}`, record: {} }) },
};

/** Types in URNs of products that projects list. */
const MEMBERS = new Set(['dbaas', 'kubernetes', 'app', 'reservedipv6']);

/** Every other declared kind with a list of its own and no parent: copies of its documented object, each with an id of its own. */
function fuzzedProducts(): Record<string, FuzzedKind> {
  const products = KINDS.flatMap((declared, group): [string, FuzzedKind][] => {
    const { stored, object, parentId } = LISTED_PRODUCTS[declared.kind] ?? {};
    if (stored === undefined || object === undefined || parentId !== undefined || declared.kind in OWN_FORMS) return [];
    const field = declared.idField ?? 'id';
    const [urnType] = declared.urnTypes;
    return [
      [
        declared.kind,
        {
          list: stored.in,
          count: 30,
          ...(urnType !== undefined && MEMBERS.has(urnType) && { urnType }),
          record: (nth) => {
            const id = copyOf(object[field], group, nth);
            return { id: String(id), record: { ...object, ...stored.fields, [field]: id } };
          },
        },
      ],
    ];
  });
  return Object.fromEntries(products);
}

/** An id in the form of the documented one. */
function copyOf(documented: unknown, group: number, nth: number): string | number {
  if (typeof documented === 'number') return documented + nth;
  const form = String(documented);
  if (/^[0-9a-f]{8}-/.test(form)) return uuid(100 + group, nth);
  return form.includes(':') ? `2604:a880:800:14::${(4_096 + nth).toString(16)}` : `${form}-${nth}`;
}

/** Children of other kinds: listed under their parents, or within them. */
const CHILDREN: Record<string, FuzzedKind> = {
  db_replica: childOf('db_replica', 'managed_db', (nth, primary_id) => ({ id: uuid(90, nth), record: { id: uuid(90, nth), primary_id } })),
  registry_repository: childOf('registry_repository', 'container_registry', (nth, registry_name) => ({
    id: `${registry_name}/portal-${nth}`,
    record: { registry_name, name: `portal-${nth}` },
  })),
  dns_record: childOf('dns_record', 'dns_zone', (nth, domain) => ({
    id: String(1_800_000_000 + nth),
    record: { id: 1_800_000_000 + nth, domain, name: `w${nth}`, port: null, weight: null },
  })),
  k8s_node_pool: childOf('k8s_node_pool', 'k8s_cluster', (nth, cluster_id) => ({
    id: uuid(91, nth),
    record: { id: uuid(91, nth), cluster_id, name: `pool-${nth}` },
  })),
};

function childOf(kind: string, parentKind: string, own: FuzzedKind['record']): FuzzedKind {
  const { object, stored } = LISTED_PRODUCTS[kind] ?? {};
  return {
    list: stored?.in ?? '',
    count: 30,
    parentKind,
    record: (nth, parentId) => {
      const { id, record } = own(nth, parentId);
      return { id, record: { ...object, ...record } };
    },
  };
}

export const FUZZED_KINDS: Record<string, FuzzedKind> = { ...OWN_FORMS, ...fuzzedProducts(), ...CHILDREN };

/** The paths of the lists that contain the products, below `/v2/`. */
export const PRODUCT_LISTS = Object.entries(LISTED_PRODUCTS)
  .filter(([kind]) => kind in FUZZED_KINDS)
  .map(([, { path, parentId }]) => path.replace('/v2/', '').replace(parentId ?? '*', '*'));

/** An account that changes outside our sagas, kept here to check the inventory against. */
export class FuzzedAccount {
  readonly things = new Map<string, Map<string, Thing>>();
  private readonly created = new Map<string, number>();

  constructor(private readonly random: SeededRandom) {
    for (const [kind, { count }] of Object.entries(FUZZED_KINDS)) {
      this.things.set(kind, new Map());
      for (let nth = 0; nth < count; nth += 1) this.create(kind);
    }
  }

  exists(kind: string, id: string): boolean {
    return this.things.get(kind)?.has(id) ?? false;
  }

  /** The tenant of each thing that a tenant's project lists, and of what belongs to such a thing. */
  tenants(): Map<string, string> {
    const owned = [...this.things].flatMap(([kind, all]) => [...all.values()].map((thing) => [kind, thing] as const));
    return new Map(
      owned.flatMap(([kind, { id, parentId, ...own }]) => {
        const { parentKind = '' } = FUZZED_KINDS[kind] ?? {};
        const project = parentId === undefined ? own.project : this.things.get(parentKind)?.get(parentId)?.project;
        const tenant = project === undefined ? null : TENANTS[project];
        return tenant ? [[`${kind}/${id}`, tenant] as const] : [];
      }),
    );
  }

  /** Creates and deletes some things, always too few to trigger the vanish brake, and moves some to another project. */
  change(): void {
    for (const [kind, { count }] of Object.entries(FUZZED_KINDS)) {
      const all = this.things.get(kind);
      if (!all || !this.random.chance(0.4)) continue;
      if (this.random.chance(0.6) && (kind !== 'floating_ip' || (this.created.get(kind) ?? 0) < 249)) this.create(kind);
      if (this.random.chance(0.5) && all.size > count - 3) this.delete(kind, this.random.pick([...all.keys()]));
      if (this.random.chance(0.5)) this.move(all, this.random.pick([...all.keys()]));
    }
  }

  private move(all: Map<string, Thing>, id: string): void {
    const thing = all.get(id);
    if (thing?.project !== undefined) all.set(id, { ...thing, project: this.random.below(PROJECTS.length) });
  }

  private delete(kind: string, id: string): void {
    this.things.get(kind)?.delete(id);
    for (const [child, { parentKind }] of Object.entries(FUZZED_KINDS))
      if (parentKind === kind)
        for (const [key, { parentId }] of this.things.get(child) ?? []) if (parentId === id) this.things.get(child)?.delete(key);
  }

  /** The account as a document for the simulator. */
  document(): Record<string, unknown> {
    const lists = Object.entries(FUZZED_KINDS).filter(([, { list }]) => list !== '');
    const members = [...this.things].flatMap(([kind, all]) => {
      const { urnType } = FUZZED_KINDS[kind] ?? {};
      return [...all.values()].map(({ id, project = 0 }) => ({
        project_id: PROJECTS[project],
        urn: urnType && `do:${urnType}:${id}`,
        assigned_at: '2026-01-01T00:00:00Z',
      }));
    });
    return {
      projects: PROJECTS.map((id, nth) => ({
        id,
        name: `project-${nth}`,
        description: TENANTS[nth] ? `tenant:${TENANTS[nth]}` : '',
        purpose: 'Web Application',
        environment: 'Production',
        is_default: nth === 0,
        owner_uuid: PROJECTS[0],
        owner_id: 1,
        created_at: '2025-01-01T00:00:00Z',
        updated_at: '2025-01-01T00:00:00Z',
      })),
      ...Object.fromEntries([...new Set(lists.map(([, { list }]) => list))].map((name) => [name, this.recordsIn(name)])),
      members: members.filter(({ urn }) => urn !== undefined),
    };
  }

  private recordsIn(name: string): Record<string, unknown>[] {
    const kinds = Object.keys(FUZZED_KINDS).filter((kind) => FUZZED_KINDS[kind]?.list === name);
    return kinds.flatMap((kind) => [...(this.things.get(kind)?.values() ?? [])].map((thing) => this.recordOf(kind, thing)));
  }

  /** A cluster is listed with its pools. */
  private recordOf(kind: string, { id, record }: Thing): Record<string, unknown> {
    if (kind !== 'k8s_cluster') return record;
    const pools = [...(this.things.get('k8s_node_pool')?.values() ?? [])].filter(({ parentId }) => parentId === id);
    return { ...record, node_pools: pools.map((pool) => pool.record) };
  }

  private create(kind: string): void {
    const { record, urnType, parentKind } = FUZZED_KINDS[kind] ?? {};
    if (!record) return;
    const nth = (this.created.get(kind) ?? 0) + 1;
    this.created.set(kind, nth);
    const parentId = parentKind === undefined ? undefined : this.random.pick([...(this.things.get(parentKind)?.keys() ?? [])]);
    const created = record(nth, parentId ?? '');
    const project = urnType === undefined ? undefined : this.random.below(PROJECTS.length);
    this.things.get(kind)?.set(created.id, { ...created, project, parentId });
  }
}
