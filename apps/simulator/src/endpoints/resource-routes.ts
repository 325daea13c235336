import { type Answer, list, noContent, notFound, ok, ProviderRefusal, type ProviderRequest, type Route, sourceOf } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import { type CollectionName, KEY_OF, type Records } from '../world/state';
import type { Transition, World } from '../world/world';
import { type Fields, readBody } from './body-fields';
import { leaveProject, placeInProject } from './projects.endpoints';

/** The collections of records that are stored in the API's own format. */
export type ProductCollection = { [Name in CollectionName]: Records[Name] extends OpaqueRecord ? Name : never }[CollectionName];

/** A request to a resource with its checked body. `owner` is the record that contains the resource; a product has none. */
export interface Call {
  readonly world: World;
  readonly request: ProviderRequest;
  readonly body: OpaqueRecord;
  readonly owner: OpaqueRecord;
}

/** An operation on one object: an update, a setting, an action. Without `answer` it returns the changed object. */
export interface ObjectOperation {
  readonly method: Route['method'];
  /** Below the path of the object; `''` is the object itself. */
  readonly path: string;
  readonly fields?: Fields;
  /** 200 unless given. 204: without a body. */
  readonly status?: 200 | 201 | 202 | 204;
  /** Returns the changed record, or throws the provider's refusal before any change. */
  readonly change?: (record: OpaqueRecord, call: Call) => OpaqueRecord;
  readonly answer?: (record: OpaqueRecord, call: Call) => Answer;
}

/**
 * A product of the provider, or a part of one, declared by what its requests need. Its list, GET, creation, deletion and other operations
 * follow from the declaration. A field of a record that begins with `$` is stored and never returned.
 */
export interface Resource {
  /** The whole path of a product; the path of a part below the path of the object that contains it. */
  readonly path: string;
  /**
   * A collection; the field of the owner with the list of parts, newest last (`texts`: a list of their ids; `from`: the list of an owner
   * without the field); or the records of one owner in a collection.
   */
  readonly stored:
    | ProductCollection
    | { field: string; texts?: true; from?: (owner: OpaqueRecord) => OpaqueRecord[] }
    | { collection: ProductCollection; by: string; of: string };
  /** Key of the list, and of a single object in its response. */
  readonly keys: readonly [string, string];
  /** The field with the id in the path. */
  readonly id: string;
  /** The provider returns all objects at once, without `links` and `meta`. */
  readonly unpaged?: true;
  /** The provider has no GET of one object. */
  readonly noGet?: true;
  /** The type in the URN, for products that projects list. */
  readonly urnType?: string;
  readonly view?: (record: OpaqueRecord, world: World) => OpaqueRecord;
  /** Whether the list contains the record for this query. */
  readonly matches?: (record: OpaqueRecord, query: Record<string, string>) => boolean;
  readonly create?: {
    readonly fields: Fields;
    /** 201 unless given. */
    readonly status?: 200 | 201 | 202;
    /** The field that no two objects may share, and the refusal; without it, two objects may be equal. */
    readonly unique?: { readonly field: string; readonly refusal: 'conflict' | 'unprocessable_entity' };
    readonly make: (call: Call) => OpaqueRecord;
    readonly answer?: (record: OpaqueRecord, call: Call) => Answer;
  };
  readonly remove?: {
    /** Throws the provider's refusal. */
    readonly check?: (record: OpaqueRecord, call: Call) => void;
    /** 204 unless given. */
    readonly answer?: (record: OpaqueRecord) => Answer;
  };
  readonly operations?: readonly ObjectOperation[];
  readonly parts?: readonly Resource[];
}

/** Where the objects of a resource are for one request. */
interface Store {
  all: (world: World, request: ProviderRequest) => OpaqueRecord[];
  /** Stores a record in place of the one with its id, or as a new one. */
  put: (world: World, request: ProviderRequest, record: OpaqueRecord) => void;
  remove: (world: World, request: ProviderRequest, record: OpaqueRecord) => void;
  owner: (world: World, request: ProviderRequest) => OpaqueRecord;
}

/** The names of path parameters by depth: those of a product, of its parts and of their parts. */
const PARAMS = ['id', 'part', 'inner'];

/** All routes of these resources. */
export const routesOf = (resources: readonly Resource[]): Route[] =>
  resources.flatMap((resource) => routesAt(resource, resource.path, 0, storeOf(resource)));

function routesAt(resource: Resource, path: string, depth: number, store: Store): Route[] {
  const { keys, create, remove, operations = [], parts = [] } = resource;
  const [plural, singular] = keys;
  const one = `${path}/:${PARAMS[depth]}`;
  const view = (world: World) => (record: OpaqueRecord) => viewOf(resource, record, world);
  const find = (world: World, request: ProviderRequest) =>
    foundIn(store.all(world, request), resource.id, request.params[PARAMS[depth] ?? '']);
  const single = (world: World, record: OpaqueRecord) => ({ [singular]: view(world)(record) });
  const callOf = (world: World, request: ProviderRequest, fields?: Fields): Call => ({
    world,
    request,
    body: fields === undefined ? {} : readBody(world, request, fields),
    owner: store.owner(world, request),
  });
  const routes: Route[] = [
    {
      method: 'GET',
      path,
      handle: (world, request) => {
        const listed = store.all(world, request).filter((record) => resource.matches?.(record, request.query) !== false);
        return resource.unpaged ? ok({ [plural]: listed.map(view(world)) }) : list(plural, sourceOf(listed, view(world)));
      },
    },
  ];
  if (!resource.noGet) routes.push({ method: 'GET', path: one, handle: (world, request) => ok(single(world, find(world, request))) });
  if (create !== undefined) {
    const handle = (world: World, request: ProviderRequest) => {
      const call = callOf(world, request, create.fields);
      checkUnique(create.unique, store.all(world, request), call.body);
      const record = create.make(call);
      store.put(world, request, record);
      if (resource.urnType !== undefined)
        placeInProject(world, `do:${resource.urnType}:${String(record[resource.id])}`, call.body.project_id);
      return create.answer?.(record, call) ?? ok(single(world, record), create.status ?? 201);
    };
    routes.push({ method: 'POST', path, handle });
  }
  if (remove !== undefined) {
    const handle = (world: World, request: ProviderRequest) => {
      const record = find(world, request);
      remove.check?.(record, callOf(world, request));
      store.remove(world, request, record);
      if (resource.urnType !== undefined) leaveProject(world, `do:${resource.urnType}:${String(record[resource.id])}`);
      return remove.answer?.(record) ?? noContent;
    };
    routes.push({ method: 'DELETE', path: one, handle });
  }
  for (const { method, path: below, fields, status = 200, change, answer } of operations) {
    const handle = (world: World, request: ProviderRequest) => {
      const record = find(world, request);
      const call = callOf(world, request, fields);
      const changed = change?.(record, call) ?? record;
      if (changed !== record) store.put(world, request, changed);
      if (answer !== undefined) return answer(changed, call);
      return status === 204 ? noContent : ok(single(world, changed), status);
    };
    routes.push({ method, path: below === '' ? one : `${one}/${below}`, handle });
  }
  return [...routes, ...parts.flatMap((part) => routesAt(part, `${one}/${part.path}`, depth + 1, storeOf(part, store, find)))];
}

function viewOf({ view }: Resource, record: OpaqueRecord, world: World): OpaqueRecord {
  const visible = Object.entries(record).filter(([name]) => !name.startsWith('$'));
  return view?.(Object.fromEntries(visible), world) ?? Object.fromEntries(visible);
}

function foundIn(records: readonly OpaqueRecord[], id: string, wanted: string | undefined): OpaqueRecord {
  const record = records.find((one) => String(one[id]) === wanted);
  if (record === undefined) throw notFound();
  return record;
}

function checkUnique(unique: NonNullable<Resource['create']>['unique'], records: readonly OpaqueRecord[], body: OpaqueRecord): void {
  if (unique === undefined || records.every((record) => record[unique.field] !== body[unique.field])) return;
  throw new ProviderRefusal(unique.refusal, `${unique.field} is already in use`);
}

function storeOf({ stored, id }: Resource, owners?: Store, ownerOf: Store['owner'] = () => ({})): Store {
  if (typeof stored === 'string') {
    return {
      all: (world) => world.collections[stored].all(),
      put: (world, _, record) => void world.collections[stored].put(record),
      remove: (world, _, record) => removeFrom(world, stored, record),
      owner: () => ({}),
    };
  }
  if ('collection' in stored) {
    const { collection, by, of } = stored;
    return {
      all: (world, request) => {
        const owner = ownerOf(world, request)[of];
        return world.collections[collection].all().filter((record) => record[by] === owner);
      },
      put: (world, request, record) => void world.collections[collection].put({ ...record, [by]: ownerOf(world, request)[of] }),
      remove: (world, _, record) => removeFrom(world, collection, record),
      owner: ownerOf,
    };
  }
  const { field, texts, from } = stored;
  const all = (world: World, request: ProviderRequest): OpaqueRecord[] => {
    const owner = ownerOf(world, request);
    const items = (owner[field] ?? from?.(owner) ?? []) as unknown[];
    return texts ? items.map((text) => ({ [id]: text })) : (items as OpaqueRecord[]);
  };
  const write = (world: World, request: ProviderRequest, records: readonly OpaqueRecord[]): void =>
    owners?.put(world, request, { ...ownerOf(world, request), [field]: texts ? records.map((record) => record[id]) : records });
  return {
    all,
    put: (world, request, record) => {
      const known = all(world, request);
      const at = known.findIndex((one) => one[id] === record[id]);
      write(world, request, at === -1 ? [...known, record] : known.with(at, record));
    },
    remove: (world, request, record) =>
      write(
        world,
        request,
        all(world, request).filter((one) => one[id] !== record[id]),
      ),
    owner: ownerOf,
  };
}

function removeFrom(world: World, collection: ProductCollection, record: OpaqueRecord): void {
  world.collections[collection].remove(KEY_OF[collection](record));
}

/** Changes `fields` of a product when it has become ready; `collection` and `id` name it. */
export function readyLater(world: World, collection: ProductCollection, id: unknown, fields: OpaqueRecord): void {
  world.after('product_ready_ms', 'product_ready', String(id), { data: { collection, fields } });
}

/** The end of the delay that `readyLater` began. The product may have been deleted meanwhile. */
export const productReady: Transition = (world, { ref, data }) => {
  const collection = world.collections[data?.collection as ProductCollection];
  const record = collection.get(ref);
  if (record !== undefined) collection.put({ ...record, ...(data?.fields as OpaqueRecord) });
};

/** A setting of an object: read under `key`, and replaced field by field. */
export function setting(
  key: string,
  fields: Fields,
  initial: unknown,
  write: Pick<ObjectOperation, 'method' | 'answer'> & { path?: string },
): ObjectOperation[] {
  const path = write.path ?? key;
  const stored = `$${key}`;
  return [
    { method: 'GET', path, answer: (record) => ok({ [key]: record[stored] ?? initial }) },
    {
      method: write.method,
      path,
      fields,
      status: 204,
      answer: write.answer,
      change: (record, { body }) => {
        const given = body[key] ?? body;
        const isObject = typeof given === 'object' && !Array.isArray(given);
        return { ...record, [stored]: isObject ? { ...((record[stored] ?? initial) as OpaqueRecord), ...given } : given };
      },
    },
  ];
}
