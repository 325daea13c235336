import { accepted, done, type EndpointGroup, ok, unprocessable } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { anObject, type Fields, like, listOf, network, oneOf, project, region, text, texts, whole } from './body-fields';
import { checkOnline, connection, DATABASE_PARTS, ENGINES, size, STORAGE_MIB } from './database-parts';
import { type Call, productReady, readyLater, type Resource, routesOf, setting } from './resource-routes';

const RULE_TYPES = oneOf('droplet', 'k8s', 'ip_addr', 'tag', 'app');
const rule: Fields[string] = (value, world) => {
  if (!anObject(value, world)) return false;
  const { type, value: source } = value as OpaqueRecord;
  return RULE_TYPES(type, world) && text(source, world);
};

function createDatabase({ world, body }: Call): OpaqueRecord {
  const versions = ENGINES[String(body.engine)] ?? [];
  const { version = versions.at(-1), storage_size_mib = STORAGE_MIB[String(body.size)] } = body;
  if (!versions.includes(String(version))) throw unprocessable('version is invalid');
  if (Number(storage_size_mib) < (STORAGE_MIB[String(body.size)] ?? 0)) throw unprocessable('storage_size_mib is invalid');
  const id = world.random.uuid();
  const host = `${String(body.name)}-do-user-1.db.ondigitalocean.example`;
  const { rules, ...fields } = { project_id: defaultProjectId(world), tags: [], private_network_uuid: '', ...body } as OpaqueRecord;
  readyLater(world, 'databases', id, { status: 'online' });
  return {
    ...fields,
    id,
    version,
    storage_size_mib,
    status: 'creating',
    created_at: world.now,
    db_names: ['defaultdb'],
    users: [{ name: 'doadmin', role: 'primary', password: 'not-a-real-password' }],
    maintenance_window: { day: 'sunday', hour: '03:00:00', pending: false, description: [] },
    connection: connection(host),
    private_connection: connection(`private-${host}`),
    rules: withRuleIds(world, id, rules),
  };
}

const defaultProjectId = (world: World) => world.collections.projects.all().find(({ is_default }) => is_default)?.id;

const withRuleIds = (world: World, cluster_uuid: string, rules: unknown): OpaqueRecord[] =>
  ((rules ?? []) as OpaqueRecord[]).map((given) => ({ uuid: world.random.uuid(), created_at: world.now, ...given, cluster_uuid }));

/** A change during which the database has `status` before it is online with the changed fields. */
function busy(record: OpaqueRecord, { world }: Call, status: string, fields: OpaqueRecord): OpaqueRecord {
  checkOnline(record);
  readyLater(world, 'databases', record.id, { ...fields, status: 'online' });
  return { ...record, status };
}

function resize(record: OpaqueRecord, call: Call): OpaqueRecord {
  const { storage_size_mib = record.storage_size_mib, ...wanted } = call.body;
  const least = Math.max(Number(record.storage_size_mib ?? 0), STORAGE_MIB[String(wanted.size)] ?? 0);
  if (call.body.storage_size_mib !== undefined && Number(storage_size_mib) < least) throw unprocessable('storage can not be reduced');
  return busy(record, call, 'resizing', { ...wanted, storage_size_mib: Math.max(least, Number(storage_size_mib)) });
}

function upgrade(record: OpaqueRecord, call: Call): OpaqueRecord {
  const versions = ENGINES[String(record.engine)] ?? [];
  const { version } = call.body;
  if (versions.indexOf(String(version)) <= versions.indexOf(String(record.version))) throw unprocessable('version is invalid');
  return busy(record, call, 'migrating', { version });
}

const DATABASES: Resource = {
  path: '/v2/databases',
  stored: 'databases',
  keys: ['databases', 'database'],
  id: 'id',
  unpaged: true,
  urnType: 'dbaas',
  matches: ({ tags }, { tag_name: tag }) => tag === undefined || ((tags ?? []) as unknown[]).includes(tag),
  create: {
    fields: {
      name: like(/^[a-z0-9][a-z0-9-]{2,62}$/),
      engine: oneOf(...Object.keys(ENGINES)),
      size,
      region,
      num_nodes: whole(1, 15),
      'version?': text,
      'storage_size_mib?': whole(1),
      'tags?': texts,
      'private_network_uuid?': network,
      'project_id?': project,
      'rules?': listOf(rule),
    },
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: createDatabase,
  },
  remove: {},
  operations: [
    {
      method: 'PUT',
      path: 'resize',
      status: 202,
      fields: { size, num_nodes: whole(1, 15), 'storage_size_mib?': whole(1) },
      change: resize,
      answer: () => accepted,
    },
    {
      method: 'PUT',
      path: 'migrate',
      fields: { region },
      change: (record, call) => busy(record, call, 'migrating', call.body),
      answer: () => accepted,
    },
    { method: 'PUT', path: 'upgrade', status: 204, fields: { version: text }, change: upgrade },
    { method: 'GET', path: 'firewall', answer: ({ rules = [] }) => ok({ rules }) },
    {
      method: 'PUT',
      path: 'firewall',
      status: 204,
      fields: { rules: listOf(rule) },
      change: (record, { world, body }) => ({ ...record, rules: withRuleIds(world, String(record.id), body.rules) }),
    },
    {
      method: 'PUT',
      path: 'maintenance',
      status: 204,
      fields: {
        day: oneOf('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'),
        hour: like(/^\d\d:\d\d(:\d\d)?$/),
      },
      change: (record, { body }) => ({ ...record, maintenance_window: { ...(record.maintenance_window as OpaqueRecord), ...body } }),
    },
    { method: 'PUT', path: 'install_update', status: 204, change: (record, call) => busy(record, call, 'migrating', {}) },
    { method: 'GET', path: 'ca', answer: () => ok({ ca: { certificate: 'bm90IGEgcmVhbCBjZXJ0aWZpY2F0ZQ==' } }) },
    {
      method: 'GET',
      path: 'backups',
      answer: ({ created_at, storage_size_mib: mib }) => ok({ backups: [{ created_at, size_gigabytes: Number(mib ?? 0) / 1024 / 4 }] }),
    },
    {
      method: 'GET',
      path: 'events',
      answer: ({ id, name: cluster_name, created_at }) =>
        ok({ events: [{ id, cluster_name, event_type: 'cluster_create', create_time: created_at }] }),
    },
    ...setting('config', { config: anObject }, {}, { method: 'PATCH', answer: () => done }),
    ...setting('sql_mode', { sql_mode: like(/^[A-Z_]*(,[A-Z_]+)*$/) }, 'ANSI,STRICT_ALL_TABLES', { method: 'PUT' }),
    ...setting(
      'eviction_policy',
      { eviction_policy: oneOf('noeviction', 'allkeys_lru', 'allkeys_random', 'volatile_lru', 'volatile_random', 'volatile_ttl') },
      'noeviction',
      { method: 'PUT' },
    ),
    ...setting('autoscale', { storage: anObject }, { storage: { enabled: false } }, { method: 'PUT' }),
  ],
  parts: DATABASE_PARTS,
};

/** Databases with their replicas, users, pools, topics and settings. A database takes one change at a time, and none before it is online. */
export const databasesEndpoints: EndpointGroup = {
  routes: [
    ...routesOf([DATABASES]),
    { method: 'GET', path: '/v2/databases/options', handle: (world) => ok({ options: optionsOf(world) }) },
  ],
  transitions: { product_ready: productReady },
};

function optionsOf(world: World): OpaqueRecord {
  const regions = world.collections.regions.all().map(({ slug }) => slug);
  const layouts = [1, 2, 3].map((num_nodes) => ({ num_nodes, sizes: Object.keys(STORAGE_MIB) }));
  return Object.fromEntries(Object.entries(ENGINES).map(([engine, versions]) => [engine, { regions, versions, layouts }]));
}
