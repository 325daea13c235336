import { ProviderRefusal, unprocessable } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import { anObject, name, network, oneOf, region, text, texts, whole } from './body-fields';
import { type Call, readyLater, type Resource } from './resource-routes';

/** The versions of each engine, oldest first. */
export const ENGINES: Readonly<Record<string, readonly string[]>> = {
  pg: ['14', '15', '16', '17'],
  mysql: ['8'],
  valkey: ['8'],
  mongodb: ['7.0', '8.0'],
  kafka: ['3.8'],
  opensearch: ['2'],
};
/** The storage of each size, in MiB, which is also the least. */
export const STORAGE_MIB: Readonly<Record<string, number>> = {
  'db-s-1vcpu-1gb': 10_240,
  'db-s-1vcpu-2gb': 30_720,
  'db-s-2vcpu-4gb': 61_440,
  'db-s-4vcpu-8gb': 117_760,
  'db-s-6vcpu-16gb': 276_480,
};
export const size = oneOf(...Object.keys(STORAGE_MIB));
/** A connection to a database. The password is plainly made up. */
export function connection(host: string, database = 'defaultdb', user = 'doadmin') {
  const [password, port] = ['not-a-real-password', 25_060];
  return { uri: `postgres://${user}:${password}@${host}:${port}/${database}`, database, host, port, user, password, ssl: true };
}

/** Throws 412 unless the database is online: it takes one change at a time. */
export function checkOnline({ status }: OpaqueRecord): void {
  if (status !== 'online') throw new ProviderRefusal('precondition_failed', 'The database cluster is not online.');
}

/** Throws 422 unless the database has one of these engines. */
const onlyFor =
  (...engines: readonly string[]) =>
  ({ engine }: OpaqueRecord): void => {
    if (!engines.includes(String(engine))) throw unprocessable(`not supported for engine ${String(engine)}`);
  };

/** The primary user and the database of the start can not be deleted. */
const notFirst = ({ role, name: given }: OpaqueRecord): void => {
  if (role === 'primary' || given === 'defaultdb') throw new ProviderRefusal('forbidden', `${String(given)} can not be deleted`);
};

/** The parts of a database, each of which some engines have. */
export const DATABASE_PARTS: readonly Resource[] = [
  {
    path: 'replicas',
    stored: { collection: 'db_replicas', by: 'primary_id', of: 'id' },
    keys: ['replicas', 'replica'],
    id: 'name',
    unpaged: true,
    view: ({ primary_id: _primary, ...replica }) => replica,
    create: {
      fields: { name, 'region?': region, 'size?': size, 'tags?': texts, 'private_network_uuid?': network, 'storage_size_mib?': whole(1) },
      unique: { field: 'name', refusal: 'unprocessable_entity' },
      make: ({ world, body, owner }) => {
        checkOnline(owner);
        onlyFor('pg', 'mysql')(owner);
        const id = world.random.uuid();
        readyLater(world, 'db_replicas', id, { status: 'online' });
        const { region: at, size: of, private_network_uuid, storage_size_mib } = owner;
        const host = `${String(body.name)}-do-user-1.db.ondigitalocean.example`;
        const given = { region: at, size: of, tags: [], private_network_uuid, storage_size_mib, ...body };
        return {
          ...given,
          id,
          status: 'creating',
          created_at: world.now,
          connection: connection(host),
          private_connection: connection(`private-${host}`),
        };
      },
    },
    remove: {},
    operations: [{ method: 'PUT', path: 'promote', status: 204, change: promote }],
  },
  {
    path: 'users',
    stored: { field: 'users' },
    keys: ['users', 'user'],
    id: 'name',
    unpaged: true,
    create: {
      fields: { name: text, 'mysql_settings?': anObject, 'settings?': anObject },
      unique: { field: 'name', refusal: 'unprocessable_entity' },
      make: ({ body, owner }) => {
        checkOnline(owner);
        return { ...body, role: 'normal', password: 'not-a-real-password' };
      },
    },
    remove: { check: notFirst },
    operations: [
      { method: 'PUT', path: '', status: 201, fields: { settings: anObject }, change: (user, { body }) => ({ ...user, ...body }) },
      {
        method: 'POST',
        path: 'reset_auth',
        fields: { 'mysql_settings?': anObject },
        change: (user, { body }) => ({ ...user, ...body, password: 'not-a-real-password-2' }),
      },
    ],
  },
  {
    path: 'dbs',
    stored: { field: 'db_names', texts: true },
    keys: ['dbs', 'db'],
    id: 'name',
    unpaged: true,
    create: {
      fields: { name: text },
      unique: { field: 'name', refusal: 'unprocessable_entity' },
      make: ({ body, owner }) => {
        onlyFor('pg', 'mysql', 'mongodb')(owner);
        return body;
      },
    },
    remove: { check: notFirst },
  },
  {
    path: 'pools',
    stored: { field: '$pools' },
    keys: ['pools', 'pool'],
    id: 'name',
    unpaged: true,
    create: {
      fields: { name: text, mode: oneOf('session', 'transaction', 'statement'), size: whole(1), db: text, 'user?': text },
      unique: { field: 'name', refusal: 'unprocessable_entity' },
      make: ({ body, owner }) => {
        onlyFor('pg')(owner);
        checkDatabaseName(body, owner);
        const host = `${String(owner.name)}-do-user-1.db.ondigitalocean.example`;
        return {
          ...body,
          connection: connection(host, String(body.name)),
          private_connection: connection(`private-${host}`, String(body.name)),
        };
      },
    },
    remove: {},
    operations: [
      {
        method: 'PUT',
        path: '',
        status: 204,
        fields: { mode: oneOf('session', 'transaction', 'statement'), size: whole(1), db: text, 'user?': text },
        change: (pool, { body, owner }) => {
          checkDatabaseName(body, owner);
          return { ...pool, ...body };
        },
      },
    ],
  },
  {
    path: 'topics',
    stored: { field: '$topics' },
    keys: ['topics', 'topic'],
    id: 'name',
    unpaged: true,
    create: {
      fields: { name: text, 'replication_factor?': whole(2), 'partition_count?': whole(3, 2_048), 'config?': anObject },
      unique: { field: 'name', refusal: 'unprocessable_entity' },
      make: ({ body, owner }) => {
        onlyFor('kafka')(owner);
        return { replication_factor: 2, partition_count: 3, ...body, state: 'active' };
      },
    },
    remove: {},
    operations: [
      {
        method: 'PUT',
        path: '',
        fields: { 'replication_factor?': whole(2), 'partition_count?': whole(3, 2_048), 'config?': anObject },
        change: (topic, { body }) => ({ ...topic, ...body }),
      },
    ],
  },
];

function checkDatabaseName({ db }: OpaqueRecord, { db_names: names }: OpaqueRecord): void {
  if (!(names as unknown[]).includes(db)) throw unprocessable('db is invalid');
}

/** A promoted replica is a database of its own. */
function promote(replica: OpaqueRecord, { world, owner }: Call): OpaqueRecord {
  const { primary_id: _primary, ...fields } = replica;
  const { engine, version, db_names, users, maintenance_window, project_id } = owner;
  world.collections.databases.put({ engine, version, num_nodes: 1, db_names, users, maintenance_window, project_id, rules: [], ...fields });
  world.collections.db_replicas.remove(String(replica.id));
  return replica;
}
