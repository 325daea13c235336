import { randomUUID } from 'node:crypto';
import { readPage } from '../../../libs/features/inventory/src/queries/resource-filters';
import type { Queryable } from '#libs/database';
import { aSaga, change } from '../../support/factories';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { newTenancyWorld, type TenancyWorld } from '../tenancy/tenancy-world';
import { OTHERWISE } from './list-fields';

interface Answer {
  readonly data: Readonly<Record<string, unknown>>[];
  readonly page: { readonly next_cursor: string | null };
  readonly totals?: { readonly count: number };
  readonly completeness: Readonly<Record<string, unknown>>;
}
interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors?: { readonly field: string; readonly message: string }[];
}
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly type?: unknown;
}

let world: TenancyWorld;
beforeAll(async () => {
  world = await newTenancyWorld();
});
afterAll(() => world.close());

const get = (path: string, who: Record<string, string> = ADMIN_HEADER) => world.http().get(`/api/v1/${path}`).set(who);
const list = async (path: string, who?: Record<string, string>) => (await get(path, who).expect(200)).body as Answer;
const problemOf = (body: unknown) => body as Problem;
const valuesOf = ({ data }: Answer, field: string) => data.map((row) => row[field]);
const idOf = (tenant: string | null, nth = 0) =>
  world.resources.filter((row) => row.tenant === tenant && row.status === 'active')[nth]?.id ?? '';

describe('D1: a list can be asked', () => {
  it('the inventory by order, tag, URN, provider id, several kinds, with a total, tombstones and names', async () => {
    const id = idOf('acme');
    await change(world.owner, 'cloud_resources', id, {
      attrs: { tags: ['env:prod'], memory: 2048, networks: { v4: [{ ip_address: '203.0.113.7' }] } },
    });
    const tagged = await list(`inventory?tag=env:prod`);
    expect(valuesOf(tagged, 'id')).toEqual([id]);
    const [row] = tagged.data;
    expect(valuesOf(await list(`inventory?provider_id=${String(row?.['provider_id'])}`), 'id')).toEqual([id]);
    expect(valuesOf(await list(`inventory?urn=${String(row?.['urn'])}`), 'id')).toEqual([id]);
    expect(valuesOf(await list('inventory?q=ENV:PR'), 'id')).toEqual([id]);
    const both = await list('inventory?kind=droplet,volume&include_deleted=true&totals=true&limit=200');
    expect(new Set(valuesOf(both, 'kind'))).toEqual(new Set(['droplet', 'volume']));
    expect(valuesOf(both, 'status')).toContain('deleted');
    expect(both.totals).toMatchObject({ count: both.data.length });
    expect((await list('inventory?limit=1')).totals).toBeUndefined();
    const named = await list('inventory?tenant_id=acme&names=true');
    expect(named.data[0]).toMatchObject({ project_name: 'acme sites', attribution: { ref_name: null } });
    const file = (await get('inventory.csv?tag=env:prod').expect(200)).text;
    expect(file).toContain('203.0.113.7');
    expect(file).toContain('env:prod');
    expect(file).toContain('2048');
  });

  it.each(['name', '-name', 'kind', '-first_seen_at'])('the inventory page by page in the order %s, each row once', async (sort) => {
    const all = (await list(`inventory?limit=200&sort=${sort}`)).data;
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await list(`inventory?limit=4&sort=${sort}${cursor && `&cursor=${cursor}`}`);
      seen.push(...valuesOf(page, 'id'));
      cursor = page.page.next_cursor;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    const keys = all.map((row) => String(row[sort.replace('-', '')]));
    expect(sort.startsWith('-') ? keys.toReversed() : keys).toEqual(keys.toSorted());
    const [other] = [await list('inventory?limit=1')];
    await get(`inventory?sort=${sort}&cursor=${other?.page.next_cursor ?? ''}`).expect(400); // a cursor belongs to its order
  });

  it.each(['name', '-name', 'first_seen_at', '-first_seen_at'] as const)(
    'the inventory in the order %s by an index, not by sorting',
    async (sort) => {
      let statement = { text: '', values: [] as readonly unknown[] };
      const asked = { filters: {}, sort, cursor: undefined, limit: 50, at: undefined, basis: 'list' } as const;
      await readPage({ texts: async (given: typeof statement) => ((statement = given), []) } as unknown as Queryable, asked);
      await world.owner.query('begin; set local enable_sort = off; set local enable_seqscan = off; set local enable_bitmapscan = off');
      const { rows } = await world.owner.query<{ 'QUERY PLAN': string }>(`explain ${statement.text}`, [...statement.values]);
      await world.owner.query('rollback');
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain(sort.endsWith('name') ? 'cloud_resources_by_name' : 'cloud_resources_by_age');
    },
  );

  it.each([
    'names=true',
    'sort=name',
    'tag=env:prod',
    'include_deleted=true&totals=true',
    'provider_id=1001',
    'urn=do:droplet:1001',
    'attributed_by=override',
  ])('the inventory with %s shows a tenant its own rows and names only [TEN-3, TEN-4]', async (query) => {
    const { data, totals } = await list(`inventory?limit=200&${query}`, tenantHeader('acme'));
    expect(data.filter((row) => row['tenant_id'] !== 'acme')).toEqual([]);
    expect(totals?.count ?? data.length).toBe(data.length);
  });

  it('hides the name of a project of another tenant [TEN-3]', async () => {
    const id = idOf('acme', 1);
    await change(world.owner, 'cloud_resources', id, { cloud_project_id: world.projects['globex'] });
    const own = (await get(`inventory/${id}`, tenantHeader('acme')).expect(200)).body as { data: object };
    expect(own.data).toMatchObject({ project_id: world.projects['globex'], project_name: null });
    expect((await get(`inventory/${id}`).expect(200)).body).toMatchObject({ data: { project_name: 'globex sites' } });
    await change(world.owner, 'cloud_resources', id, { cloud_project_id: world.projects['acme'] });
  });

  it('sweeps by status, and what a suspect one misses, with ids, names and tenants [INV-5]', async () => {
    const [sweep] = (await list('sweeps?status=suspect,refused')).data;
    expect(sweep).toMatchObject({ id: world.suspectSweep, missing: 1 });
    const { data } = await list(`sweeps/${world.suspectSweep}/missing`);
    expect(data).toEqual([
      expect.objectContaining({ what: 'resource', kind: 'droplet', provider_id: '1000', name: 'acme-web-0', tenant_id: 'acme' }),
    ]);
    expect((await list(`sweeps/${world.suspectSweep}/missing?tenant_id=globex`)).data).toEqual([]);
    expect((await list('sweeps?trigger=manual')).data).toEqual([]);
    await get(`sweeps/${randomUUID()}/missing`).expect(404);
  });

  it('sagas by tenant, resource, starter, several statuses and time; a tenant sees what an operator does to its machine [TEN-3, TEN-6]', async () => {
    const resource_id = idOf('acme');
    const by = { tenant_id: 'acme', by_platform: true, created_by: 'ops', reason: 'drill', input: { resource_id } };
    const operators = await aSaga(world.owner, by);
    const own = await aSaga(world.owner, {
      tenant_id: 'acme',
      created_by: 'acme-user',
      status: 'completed',
      wake_at: null,
      finished_at: new Date(),
    });
    expect(valuesOf(await list('sagas?tenant_id=acme'), 'id')).toEqual([own, operators]);
    expect(valuesOf(await list(`sagas?resource_id=${resource_id}`), 'id')).toEqual([operators]);
    expect(valuesOf(await list('sagas?created_by=ops'), 'id')).toContain(operators);
    expect(valuesOf(await list('sagas?status=pending,completed&tenant_id=acme'), 'id')).toEqual([own, operators]);
    expect((await list('sagas?until=2020-01-01T00:00:00Z')).data).toEqual([]);
    const [row] = (await list(`sagas?resource_id=${resource_id}`)).data;
    expect(row).toMatchObject({ resource_id, target_name: 'acme-web-0', reason: 'drill', duration_ms: null, created_by: 'ops' });
    const [seen] = (await list(`sagas?resource_id=${resource_id}`, tenantHeader('acme'))).data;
    expect(seen).toMatchObject({ id: operators, created_by: 'operator', reason: null });
    expect((await list('sagas?created_by=ops', tenantHeader('acme'))).data).toEqual([]);
    expect((await list('sagas', tenantHeader('globex'))).data).toEqual([]);
    await get('sagas?tenant_id=globex', tenantHeader('acme')).expect(403);
    const cancel = await world.http().post(`/api/v1/sagas/${operators}/cancel`).set(tenantHeader('acme')).send({}).expect(403);
    expect(problemOf(cancel.body).code).toBe('operator_saga');
  });

  it('projects by filters and by id, with their resources and the last sight', async () => {
    const [acme, ...others] = (await list('projects?tenant_id=acme')).data;
    expect(others).toEqual([]);
    expect(acme).toMatchObject({ id: world.projects['acme'], resources: 8, last_seen_at: expect.stringMatching(/Z$/) as string });
    const one = (await get(`projects/${world.projects['acme'] ?? ''}`).expect(200)).body as { data: object };
    expect(one.data).toEqual(acme);
    expect(valuesOf(await list('projects?q=GLOBEX'), 'id')).toEqual([world.projects['globex']]);
    expect((await list('projects?deleted=true')).data).toEqual([]);
    await get(`projects/${randomUUID()}`).expect(404);
  });

  it('drift rules by filters and by id, and a change of reason and end [OPS-9]', async () => {
    expect(valuesOf(await list('drift-rules?field=name&expired=false'), 'id')).toEqual([world.driftRule]);
    expect((await list('drift-rules?created_by=nobody')).data).toEqual([]);
    const patch = (body: object) => world.http().patch(`/api/v1/drift-rules/${world.driftRule}`).set(ADMIN_HEADER).send(body);
    await patch({}).expect(400);
    const ended = await patch({ reason: 'no longer', expires_at: '2026-01-01T00:00:00Z' }).expect(200);
    expect(ended.body).toMatchObject({ data: { reason: 'no longer', expired: true } });
    expect((await patch({ expires_at: null }).expect(200)).body).toMatchObject({ data: { expires_at: null, expired: false } });
    expect((await get(`drift-rules/${world.driftRule}`).expect(200)).body).toMatchObject({ data: { reason: 'no longer' } });
    const [, first] = (await list('audit?action=drift_rule_changed')).data;
    expect(first).toMatchObject({ details: { previous_reason: 'names are theirs', reason: 'no longer' } });
  });

  it('the audit log by actor, action, target, tenant and time, as CSV too, with names and an opaque cursor [OPS-9]', async () => {
    const id = idOf('globex', 1);
    const patch = { tenant_id: 'acme', reason: 'sold to acme' };
    await world.http().patch(`/api/v1/inventory/${id}`).set(ADMIN_HEADER).send(patch).expect(200);
    const [entry] = (await list(`audit?action=owner_set&target_id=${id}`)).data;
    expect(entry).toMatchObject({
      target_type: 'resource',
      target_name: 'globex-web-4',
      details: { tenant_id: 'acme', previous_tenant_id: 'globex' },
    });
    for (const query of [
      'tenant_id=globex',
      'tenant_id=acme',
      'actor=ops',
      'target_type=resource',
      `request_id=${String(entry?.['request_id'])}`,
    ])
      expect(valuesOf(await list(`audit?limit=200&${query}`), 'id')).toContain(entry?.['id']);
    expect((await list('audit?until=2020-01-01T00:00:00Z')).data).toEqual([]);
    const page = await list('audit?limit=1');
    expect(Buffer.from(page.page.next_cursor ?? '', 'base64url').toString()).toMatch(/^[0-9a-f-]{36}$/);
    const second = await list(`audit?limit=1&cursor=${page.page.next_cursor ?? ''}`);
    expect(second.data[0]?.['id']).not.toBe(page.data[0]?.['id']);
    const file = await get('audit.csv?action=owner_set')
      .expect(200)
      .expect('content-type', /text\/csv/);
    expect(file.text).toContain('sold to acme');
    const [event] = (await list(`inventory/${id}/events`)).data;
    expect(event).toMatchObject({ type: 'attributed', source: 'admin', actor: 'ops', reason: 'sold to acme' });
    await world.http().patch(`/api/v1/inventory/${id}`).set(ADMIN_HEADER).send({ tenant_id: 'globex' }).expect(200);
  });

  it('an event by an operator is an operator to a tenant, without name and reason [TEN-3]', async () => {
    const id = idOf(null, 2);
    await world.http().patch(`/api/v1/inventory/${id}`).set(ADMIN_HEADER).send({ tenant_id: 'acme', reason: 'secret plan' }).expect(200);
    const events = await list(`inventory/${id}/events`, tenantHeader('acme'));
    expect(events.data[0]).toMatchObject({ type: 'attributed', actor: 'operator', reason: null });
    expect(JSON.stringify(events)).not.toMatch(/secret plan|"ops"/);
    await world.http().patch(`/api/v1/inventory/${id}`).set(ADMIN_HEADER).send({ tenant_id: null }).expect(200);
  });
});

describe('C3: a null and a word mean one thing', () => {
  const patch = (path: string, body: object, status = 200) =>
    world.http().patch(`/api/v1/${path}`).set(ADMIN_HEADER).send(body).expect(status);

  it('null gives a project back to its description, and unassigned says nobody [INV-12]', async () => {
    const id = world.projects['globex'] ?? '';
    const path = `projects/${id}`;
    await change(world.owner, 'cloud_projects', id, { description: 'Sites of Globex tenant:globex' });
    expect((await patch(path, { unassigned: true })).body).toMatchObject({ data: { tenant_id: null, tenant_set_by: 'admin' } });
    expect((await patch(path, { tenant_id: null })).body).toMatchObject({ data: { tenant_id: 'globex', tenant_set_by: 'description' } });
    expect(problemOf((await patch(path, { tenant_id: 'acme', unassigned: true }, 400)).body).errors?.[0]?.field).toBe('unassigned');
    await change(world.owner, 'cloud_projects', id, { description: '' });
    expect((await patch(path, { tenant_id: null })).body).toMatchObject({ data: { tenant_id: null, tenant_set_by: null } });
    await patch(path, { tenant_id: 'globex' });
  });

  it('unassigned makes a resource belong to no tenant, against its project, until null gives it back [INV-12, INV-13]', async () => {
    const id = idOf('acme', 2);
    const path = `inventory/${id}`;
    const nobody = { tenant_id: null, attribution: { by: 'override', ref: null } };
    expect((await patch(path, { unassigned: true, reason: 'shared' })).body).toMatchObject({ data: nobody });
    await get(path, tenantHeader('acme')).expect(404);
    expect((await list('inventory?unattributed=true&limit=200')).data.map((row) => row['id'])).toContain(id);
    for (const body of [{ tenant_id: 'acme', unassigned: true }, { unassigned: false }, {}]) await patch(path, body, 400);
    await patch(path, { tenant_id: 'acme' });
    expect((await get(path, tenantHeader('acme')).expect(200)).body).toMatchObject({ data: { tenant_id: 'acme' } });
  });

  it('each release says which of its meanings it has', async () => {
    const { body } = await world.http().get('/api/openapi.json').expect(200);
    const paths = (body as { paths: Record<string, { post?: { description: string } }> }).paths;
    for (const thing of ['sweep', 'saga', 'invoice']) {
      const path = thing === 'invoice' ? '/api/v1/billing/invoices/{id}/release' : `/api/v1/${thing}s/{id}/release`;
      expect(paths[path]?.post?.description).toMatch(new RegExp(`Of an? ${thing}, release means to`));
    }
  });
});

describe('every documented list and answer', () => {
  const document = async () => (await world.http().get('/api/openapi.json').expect(200)).body as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };
  interface Operation {
    readonly parameters: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema?: { readonly example?: string } }[];
    readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>;
  }

  it('D1: has a filter for each field of its rows, or a stated reason', async () => {
    const { paths, components } = await document();
    const resolve = (schema: Schema = {}): Schema => components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
    const missing: string[] = [];
    const lists = Object.entries(paths).flatMap(([path, { get: operation }]) => {
      const answer = resolve(operation?.responses['200']?.content?.['application/json']?.schema);
      const row = answer.properties?.['page'] ? resolve(answer.properties['data']?.items) : undefined;
      return operation && row ? [{ path, operation, fields: Object.keys(row.properties ?? {}) }] : [];
    });
    for (const { path, operation, fields } of lists) {
      const filters = operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
      const otherwise = OTHERWISE[path] ?? {};
      missing.push(...fields.filter((field) => !filters.includes(field) && !(field in otherwise) && !('*' in otherwise)).map((field) => `${path} ${field}`));
    }
    expect(lists.map(({ path }) => path).sort()).toEqual(Object.keys(OTHERWISE).sort());
    expect(missing).toEqual([]);
  });

  it('D3: shows what a leftover meant to do, in snake_case and without the notes of the engine [SAG-10]', async () => {
    const intent = { op: 'create', sentAtMs: 12, ruledOut: false, before: { recordId: 7, ttl: 30 } };
    const leftovers = JSON.stringify([{ step: 'ensure_dns_record', output: null, intent, error: { code: 'x', detail: 'y' } }]);
    const id = await aSaga(world.owner, { status: 'compensation_failed', wake_at: null, finished_at: new Date(), leftovers });
    const { body } = await get(`sagas/${id}`).expect(200);
    const [leftover] = (body as { data: { leftovers: { intent: unknown }[] } }).data.leftovers;
    expect(leftover?.intent).toEqual({ op: 'create', before: { record_id: 7, ttl: 30 } });
  });

  it('D3: names its fields in snake_case', async () => {
    const { components } = await document();
    const names = Object.values(components.schemas).flatMap(({ properties = {} }) => Object.keys(properties));
    expect(names.length).toBeGreaterThan(200);
    expect(names.filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it('D3: writes keys in snake_case, times in Z and amounts with two places or more', async () => {
    const { paths } = await document();
    const wrong: string[] = [];
    const visit = (value: unknown, at: string, key = ''): void => {
      if (Array.isArray(value)) return value.forEach((one) => visit(one, at, key));
      if (typeof value === 'object' && value !== null)
        return Object.entries(value).forEach(([name, inner]) => {
          if (/[A-Z]/.test(name)) wrong.push(`${at} has the key ${name}`);
          visit(inner, at, name);
        });
      if (typeof value !== 'string') return;
      if (/(_at|^at|as_of)$/.test(key) && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) wrong.push(`${at} has the time ${value}`);
      if (/(amount|difference|delta)$/.test(key) && !/^-?\d+\.\d{2,}$/.test(value)) wrong.push(`${at} has the amount ${value}`);
    };
    const readable = Object.keys(paths).filter((path) => paths[path]?.['get'] && path.startsWith('/api/v1/') && !/\.csv|stream/.test(path));
    for (const path of readable) {
      const id = path.includes('projects') ? world.projects['acme'] : path.includes('drift-rules') ? world.driftRule : path.includes('/drift/') ? world.drift : path.includes('sweeps') ? world.suspectSweep : idOf('acme');
      const asked = (paths[path]?.['get']?.parameters ?? []).filter((one) => one.in === 'query' && one.required).map(({ name, schema }) => `${name}=${schema?.example}`);
      const { status, body } = await get(`${path.replace('/api/v1/', '').replace('{id}', id ?? '').replace('{v}', '1')}?${asked.join('&')}`);
      expect({ path, answered: [200, 404, 409].includes(status) }).toEqual({ path, answered: true });
      visit(body, path);
    }
    expect(wrong).toEqual([]);
  });
}); // prettier-ignore

const ID = '00000000-0000-7000-8000-000000000001';
const TO_INVOICES = { created: 'x', period: '2026-02-31', '-due_on': '0000-01-01', total: 'much' };

/** Texts of the right form that PostgreSQL does not read as a day, time or number were 500. */
it.each([
  ...Object.entries(TO_INVOICES).map(([sort, value]) => [`tenant-invoices?sort=${sort}`, `${ID}\0${value}`]),
  ['billing/fx-rates?', '2026-02-31/EUR'],
  ['catalog/list-prices?', 'droplet:s|catalog|2026-13-45T00:00:00Z'],
  ['tenants?sort=created_at', 'acme\0soon'],
])('refuses a cursor of %s that was made up', async (path, key) => {
  const { body } = await get(`${path}&cursor=${Buffer.from(key).toString('base64url')}`).expect(400);
  expect(problemOf(body).code).toBe('invalid_cursor');
});
