import { readFileSync } from 'node:fs';
import { KINDS, type KindList } from '#libs/inventory';
import type { SendRequest } from '#libs/digitalocean';
import { ScriptedProvider } from '../../support/scripted-provider';
import { newWorld, readAll, type World } from '../../support/client-world';
import { HOW_TO_GET, loadOpenApiDocument, OPENAPI_PATH } from './openapi-document';

type Fields = Record<string, unknown>;

const document = loadOpenApiDocument();
const raw = document ? (JSON.parse(readFileSync(OPENAPI_PATH, 'utf8')) as Fields) : {};

/** A documented list and one of its example responses. */
interface DocumentedList {
  readonly template: string;
  readonly path: string;
  readonly key: string;
  readonly example: Fields;
}

function at(holder: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>((value, name) => follow((follow(value) as Fields | undefined)?.[name]), holder);
}

function follow(value: unknown): unknown {
  const pointer = (value as Fields | undefined)?.$ref;
  if (typeof pointer !== 'string') return value;
  const names = pointer.slice(2).split('/');
  return follow(names.reduce<unknown>((inner, name) => (inner as Fields)[name.replaceAll('~1', '/').replaceAll('~0', '~')], raw));
}

/** Returns every GET of the document that takes `per_page`, with its examples that contain a collection of objects with ids. */
function documentedLists(): DocumentedList[] {
  return Object.keys((raw.paths as Fields | undefined) ?? {}).flatMap((template) => {
    const parameters = (at(raw.paths, template, 'get', 'parameters') as unknown[] | undefined) ?? [];
    if (!parameters.some((parameter) => at(parameter, 'name') === 'per_page')) return [];
    const content = at(raw.paths, template, 'get', 'responses', '200', 'content', 'application/json');
    const named = Object.values((at(content, 'examples') as Fields | undefined) ?? {}).map((example) => at(example, 'value'));
    const examples = [...named, at(content, 'example'), at(content, 'schema', 'example')].filter((example) => example !== undefined);
    return examples.flatMap((example) =>
      Object.entries(example as Fields)
        .filter(([, value]) => Array.isArray(value) && value.every((item) => identified(item)))
        .map(([key]) => ({ template, path: template.replaceAll(/\{[^}]+\}/g, '1'), key, example: example as Fields })),
    );
  });
}

function identified(item: unknown): boolean {
  return idOf(item) !== 'undefined';
}

/** Different lists identify their objects by different fields. */
function idOf(item: unknown): string {
  const { id, urn, uuid, name, slug, ip, access_key: accessKey, invoice_uuid: invoiceUuid } = item as Fields;
  return String(id ?? urn ?? uuid ?? name ?? slug ?? ip ?? accessKey ?? invoiceUuid);
}

let world: World;
beforeAll(async () => {
  world = await newWorld({ ratePerMinute: 10_000, ratePerHour: 100_000 });
});
afterAll(() => world.close());
beforeEach(() => world.reset());

/** Validates the requests that arrived at the provider against the document. */
function problemsOfRequests(): string[] {
  return world.provider.seen.flatMap(({ method, url, body }) =>
    (
      document?.validateRequest(method, url.pathname, Object.fromEntries(url.searchParams), body === '' ? undefined : JSON.parse(body)) ??
      []
    ).map((problem) => `${method} ${url.pathname}: ${problem}`),
  );
}

const whole = (item: unknown) => item;

if (document) {
  const lists = documentedLists();

  it('finds the lists of the document', () => {
    expect(lists.length).toBeGreaterThan(30);
  });

  it.each(lists)('reads the example of $template to its end with documented requests only', async ({ path, key, example }) => {
    world.provider.script = () => example;
    const { ids } = await readAll(world.client().list({ purpose: 'sync-full', path, key, idOf, parse: whole }));
    expect(ids.length).toBe(new Set((example[key] as unknown[]).map(idOf)).size);
    expect(world.provider.seen.length).toBeLessThanOrEqual(2);
    expect(problemsOfRequests()).toEqual([]);
  });

  /** Its example contains all objects on the first page although it promises more, so there is no second page to stop at. */
  const COMPLETE_AT_ONCE = '/v2/dedicated-inferences/{dedicated_inference_id}/tokens';
  const endless = lists.filter(({ template }) => template !== COMPLETE_AT_ONCE);

  it.each(endless)(
    'stops at page 2 when $template always announces another page on another host [TEN-8]',
    async ({ path, key, example }) => {
      const elsewhere = await ScriptedProvider.start();
      const pages = { next: `${elsewhere.url}${path}?page=2`, last: `${elsewhere.url}${path}?page=9` };
      world.provider.script = () => ({ ...example, links: { pages } });
      const { error } = await readAll(world.client().list({ purpose: 'sync-full', path, key, idOf, parse: whole }));
      expect(error).toMatchObject({ code: 'incomplete_list' });
      const asked = world.provider.seen.map(({ url }) => url.searchParams.get('page'));
      expect(['1,2', '1']).toContain(asked.join()); // One request is enough where the page contains more items than its own total.
      expect(elsewhere.seen).toHaveLength(0);
      await elsewhere.stop();
    },
  );

  // A copy of the document with only some of its paths lacks the lists of some kinds.
  const kindLists = KINDS.flatMap(
    ({ kind, lists: declared, under }): (Pick<KindList, 'path' | 'query' | 'key' | 'unpaged'> & { kind: string })[] => [
      ...declared.map((list) => ({ kind, ...list })),
      ...(under ? [{ ...under, kind, path: under.path('1') }] : []),
    ],
  ).filter(({ kind, path }) => {
    const template = document.templateOf(path); // of another route, such as a droplet by its id, where the document lacks the list
    return template === path || (template !== undefined && KINDS.some((one) => one.kind === kind && one.under?.path('1') === path));
  });

  it.each(kindLists)(
    'requests the list of kind $kind ($path) as documented, under a documented key',
    async ({ path, query, key, unpaged }) => {
      world.provider.script = () => (unpaged ? { [key]: [] } : { [key]: [], links: {}, meta: { total: 0 } });
      const { error } = await readAll(world.client().list({ purpose: 'sync-full', path, query, key, unpaged, idOf, parse: whole }));
      expect(error).toBeUndefined();
      expect(problemsOfRequests()).toEqual([]);
      const documented = document.collectionsOf(path);
      expect(documented).toContain(key);
    },
  );

  const droplet = { name: 'web-1', region: 'fra1', size: 's-1vcpu-1gb', image: 'debian-12-x64', tags: ['arcadia-managed'] };
  const writes: Omit<SendRequest<void>, 'purpose'>[] = [
    { method: 'POST', path: '/v2/droplets', body: droplet },
    { method: 'DELETE', path: '/v2/droplets/1' },
    { method: 'POST', path: '/v2/droplets/1/actions', body: { type: 'resize', size: 's-2vcpu-2gb', disk: false } },
    { method: 'POST', path: '/v2/domains/example.com/records', body: { type: 'A', name: 'www', data: '192.0.2.1', ttl: 300 } },
    { method: 'PATCH', path: '/v2/domains/example.com/records/1', body: { type: 'A', data: '192.0.2.2' } },
    { method: 'POST', path: '/v2/projects', body: { name: 'skyai-internal', purpose: 'Other: internal' } },
    { method: 'POST', path: '/v2/projects/default/resources', body: { resources: ['do:droplet:1'] } },
    {
      method: 'DELETE',
      path: '/v2/tags/arcadia-managed/resources',
      body: { resources: [{ resource_id: '1', resource_type: 'droplet' }] },
    },
  ];

  it.each(writes)('sends $method $path as documented with an unchanged body', async (write) => {
    world.provider.script = (_request, response) => response.writeHead(204).end();
    await world.client().send({ ...write, purpose: 'provisioning' });
    expect(world.provider.seen).toHaveLength(1);
    expect(world.provider.seen[0]?.body).toBe(write.body === undefined ? '' : JSON.stringify(write.body));
    expect(problemsOfRequests()).toEqual([]);
  });
} else {
  it('skips the contract of the client when the official document is missing', () => {
    console.warn(HOW_TO_GET);
    expect(document).toBeUndefined();
  });
}
