import { existsSync } from 'node:fs';
import { KINDS, type Kind } from '#libs/inventory';
import { Logger, type LoggerService } from '@nestjs/common';
import { Client } from 'pg';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED, type ListedObject, type RawObject } from '../../support/listed-objects';
import { LISTED_PRODUCTS } from '../../support/listed-products';
import { markOf, textsIn, withTexts } from '../../support/marked-texts';
import { ADMIN_HEADER } from '../../support/principals';
import type { FaultRule } from '../../support/simulator-client';
import { createTestApp } from '../../support/test-app';
import { documentedExamples } from './documented-provider';
import { HOW_TO_GET, loadOpenApiDocument } from './openapi-document';

const isWhole = loadOpenApiDocument()?.templateOf('/v2/vpc_nat_gateways') !== undefined;
if (!isWhole) {
  const how = existsSync(process.env.DO_OPENAPI ?? '') ? 'set DO_OPENAPI to the whole document' : HOW_TO_GET;
  console.warn(how);
  it(`SKIPPED: ${how}`, () => {
    expect(isWhole).toBe(false);
  });
}

const ANY_ID = '7';
const names = KINDS.map(({ kind }) => kind);
const kindNamed = (name: string) => KINDS.find(({ kind }) => kind === name) as Kind;
/** Two kinds share a list, in which the type of an image tells them apart. */
const IMAGE_TYPES: Readonly<Record<string, string>> = { droplet_backup: 'backup', custom_image: 'custom' };

/** The place in any item of its lists: examples have other numbers of items than our own object. */
const anyItem = (place: string) => place.replaceAll(/\.\d+(?=\.|$)/g, '.*');

/** The places that a kind keeps. A cluster is listed with its pools, which are a kind of their own. */
function keptOf(name: string): Set<string> {
  const { kept } = { ...LISTED, ...LISTED_PRODUCTS }[name] as ListedObject;
  const inner = name.startsWith('k8s_') ? (LISTED_PRODUCTS.k8s_node_pool?.kept ?? []) : [];
  const own = name === 'k8s_node_pool' ? (LISTED_PRODUCTS.k8s_cluster?.kept ?? []) : kept;
  return new Set([...kept, ...own, ...inner.map((place) => `node_pools.0.${place}`)].map(anyItem));
}

interface Documented {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly key: string;
  readonly objects: readonly RawObject[];
}

/** The official examples of every list that the kind is read from, and of the request for one object. */
function documentedLists(of: Kind): Documented[] {
  const { kind, lists, under, namedBy } = of;
  const all = [...lists, ...[under, namedBy?.list].flatMap((one) => (one ? [{ key: one.key, path: one.path('*') }] : []))];
  return all.map(({ path, key, query }: Pick<Documented, 'path' | 'key' | 'query'>) => {
    const found = documentedExamples(path.replace('*', ANY_ID)).flatMap((example) => (example[key] ?? []) as RawObject[]);
    const type = IMAGE_TYPES[kind]; // the one example of an image has another type, those of replicas and of one tag have no id
    return {
      path,
      key,
      query,
      objects: found.map((object) => ({ [of.idField ?? 'id']: ANY_ID, ...object, ...(type && key === 'images' && { type }) })),
    };
  });
}

function documentedObjects(kind: Kind): RawObject[] {
  const { fetch } = kind;
  const single = fetch
    ? documentedExamples(fetch.path(ANY_ID)).map((example) => ({ [kind.idField ?? 'id']: ANY_ID, ...(example[fetch.key] as RawObject) }))
    : [];
  return [...documentedLists(kind).flatMap(({ objects }) => objects), ...single];
}

/** Rules by which the provider lists the examples with other texts. Kinds that share a list share its objects. */
function listedWith(change: (kind: string) => (text: string, place: string) => string): FaultRule[] {
  const lists = new Map<string, Documented>();
  for (const kind of KINDS)
    for (const list of documentedLists(kind)) {
      const at = JSON.stringify([list.path, list.query]);
      const own = list.objects.map((object) => withTexts(object, change(kind.kind)));
      const shared = kind.kind === 'k8s_node_pool' ? [] : own; // the clusters, which are listed already
      const all = [...(lists.get(at)?.objects ?? []), ...shared];
      const distinct = new Map(all.map((object) => [String(object[kind.idField ?? 'id']), object])); // examples share objects
      lists.set(at, { ...list, objects: [...distinct.values()] });
    }
  return [...lists.values()].map(({ path, query, key, objects }) => ({
    id: `${path} ${JSON.stringify(query ?? {})}`,
    match: { method: 'GET', path, query },
    effect: { type: 'status', status: 200, body: { [key]: objects, links: {}, meta: { total: objects.length } } },
  }));
}

(isWhole ? describe : describe.skip)('a secret in each text of every official example', () => {
  it.each(names)('%s has official examples', (name) => {
    expect(documentedObjects(kindNamed(name)).length).toBeGreaterThan(0);
  });

  it.each(names)('is dropped by %s, unless the fixture of the kind declares the place as kept [KND-1]', (name) => {
    const [kind, kept] = [kindNamed(name), keptOf(name)];
    const parts = (object: RawObject) => kind.lists.flatMap(({ objectsIn }) => objectsIn?.(object) ?? []) as RawObject[];
    for (const object of documentedObjects(kind))
      for (const own of kind.lists.some(({ objectsIn }) => objectsIn) ? parts(object) : [object]) {
        const marked = withTexts(own, (_, place) => markOf(place));
        const seen = JSON.stringify(kind.observe(marked, LISTED_PRODUCTS[name]?.parentId)).toLowerCase();
        const stored = textsIn(own).filter(({ place }) => seen.includes(markOf(place).toLowerCase()));
        expect(stored.map(({ place }) => anyItem(place)).filter((place) => !kept.has(place))).toEqual([]);
      }
  });
});

(isWhole ? describe : describe.skip)('a secret in the lists of the provider', () => {
  let world: World;
  const logged: string[] = [];
  beforeAll(async () => {
    world = await newWorld({ LOG_LEVEL: 'debug' });
    const write = (...line: unknown[]) => void logged.push(JSON.stringify(line));
    const logger: LoggerService = { log: write, error: write, warn: write, debug: write, verbose: write, fatal: write };
    Logger.overrideLogger(logger);
  });
  afterAll(async () => {
    Logger.overrideLogger(['error']);
    await world.close();
  });

  it.each([
    {
      what: 'in the texts that are not kept',
      isMarked: (name: string, place: string) => !keptOf(name).has(anyItem(place)),
    },
    { what: 'in every text, the kept ones in another way', isMarked: () => true },
  ])('$what is found in no table, log line, answer or file [KND-1]', async ({ isMarked }) => {
    const secret = (name: string, place: string) => (keptOf(name).has(anyItem(place)) ? 'kept-text' : `canary-${markOf(place)}`);
    const rules = listedWith((name) => (text, place) => {
      const isTold = place === 'type' && name in IMAGE_TYPES;
      return isMarked(name, place) && !isTold ? `${text}${secret(name, place)}` : text;
    });
    expect(JSON.stringify(rules)).toContain('canary-');
    await world.simulator.faults(rules);
    const ended: unknown[] = [];
    for (const name of ['managed_db', 'container_registry', 'dns_zone', ...names]) {
      const { kind, status, reason, unreadable_items: unreadable } = await world.sweep(name);
      if (status !== 'complete' || unreadable.length > 0) ended.push({ kind, status, reason, unreadable });
    }
    const fired = await world.simulator.fired();
    expect(rules.flatMap(({ id }) => (id && fired[id] ? [] : id))).toEqual([]);
    expect({ ended, kinds: await kindsInRows() }).toEqual({ ended: [], kinds: names.toSorted() });
    for (const text of [...(await tables()), ...logged, ...(await answers())])
      expect(/.{0,80}canary-.{0,60}/i.exec(text)?.[0] ?? 'no canary').toBe('no canary');
    expect(logged.length).toBeGreaterThan(0);
  });

  const kindsInRows = async () =>
    (await world.database.query<{ kind: string }>('select distinct kind from cloud_resources order by kind')).map(({ kind }) => kind);

  /** Every row of every table, read past row security. */
  async function tables(): Promise<string[]> {
    const owner = new Client({ connectionString: world.owner.ownerUrl });
    await owner.connect();
    const { rows } = await owner.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const texts: string[] = [];
    for (const { name } of rows) {
      const found = await owner.query<{ text: string }>(`select coalesce(string_agg(t::text, ' '), '') as text from ${name} t`);
      texts.push(`${name}: ${found.rows[0]?.text}`);
    }
    await owner.end();
    expect(texts.length).toBeGreaterThan(50);
    return texts;
  }

  /** What the api answers about the resources, their sweeps and events. */
  async function answers(): Promise<string[]> {
    const api = await createTestApp({ DATABASE_URL: world.owner.appUrl });
    await api.becomes('/api/health/ready', 200);
    const get = async (path: string) => (await api.http().get(`/api/v1/${path}`).set(ADMIN_HEADER).expect(200)).text;
    const lists = [
      'inventory?limit=200&totals=true&names=true',
      'inventory.csv',
      'inventory/summary',
      'inventory/kinds',
      'sweeps?limit=200',
    ];
    try {
      const texts = await Promise.all([...lists, 'events?limit=200', 'events.csv', 'drift/unmanaged', 'projects'].map(get));
      const { data } = JSON.parse(texts[0] ?? '') as { data: { id: string }[] };
      for (const { id } of data) texts.push(await get(`inventory/${id}`), await get(`inventory/${id}/events`));
      return texts;
    } finally {
      await api.close();
    }
  }
});
