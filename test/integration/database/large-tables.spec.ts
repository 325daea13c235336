import { DocumentFiles, INVOICE_SORTS } from '#libs/tenant-billing';
import { Client, type QueryResult } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';

/** Rows of each large table: enough that the planner prefers an index wherever one serves. */
const ROWS = 40_000;
/** Rows that a page may read of large tables altogether. A page has 50; the rest is what conditions without an index of their own skip. */
const MOST_READ = 2_500;
const LARGE = [
  'cloud_resources',
  'cloud_resource_events',
  'resource_prices',
  'event_numbers',
  'events',
  'saga_runs',
  'saga_steps',
  'audit_log',
  'cloud_cost_lines',
  'record_chain',
  'record_digests',
  'tenant_invoices',
  'tenant_documents',
  'document_files',
];

/** Pages that a statement may read, with those of the functions that it calls. A whole table has 2,000 and more. */
const MOST_PAGES = 1_500;
/** A resource that few sagas work on. */
const RESOURCE = '00000000-0000-7000-8000-000000000002';

let stored: TestDatabase;
let api: TestApp;
let owner: Client;
let asApi: Client;

beforeAll(async () => {
  stored = await createTestDatabase();
  owner = new Client({ connectionString: stored.ownerUrl });
  asApi = new Client({ connectionString: stored.appUrl });
  await Promise.all([owner.connect(), asApi.connect()]);
  await fill();
  await asApi.query(`set role arcadia_service; select set_config('arcadia.scope', 'platform', false)`);
  api = await createTestApp({ DATABASE_URL: stored.appUrl });
  await api.becomes('/api/health/ready', 200);
});
afterAll(async () => {
  await api.close();
  await Promise.all([owner.end(), asApi.end()]);
  await stored.drop();
});

/** Resources, events, sagas, entries and lines, of which few have each word that the routes below ask for. */
async function fill(): Promise<void> {
  await owner.query(`
    insert into cloud_accounts (id, provider_account_id, identified_by, billing_history_read_at) values ('00000000-0000-7000-8000-000000000001', 'large', 'team', now());
    insert into provider_regions (slug, name, available) values ('fra1', 'fra1', true), ('syd1', 'syd1', true);
    insert into provider_sizes (slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available) values ('s-1vcpu-1gb', 1024, 1, 25, 6, 0.00893, '{fra1}', true),
      ('s-rare', 1024, 1, 25, 6, 0.00893, '{fra1}', true);
    insert into tenants (id, name, source) select 't' || n, 't' || n, 'admin' from generate_series(0, 99) n;
    insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, content_hash, tenant_id, attributed_by, protected_by, first_seen_at, last_seen_at, changed_at, deleted_at)
    select '00000000-0000-7000-8000-000000000001', case when n % 8000 = 0 then 'nat_gateway' else 'droplet' end, 500000000 + n, 'do:droplet:' || 500000000 + n, 'web-' || md5(n::text),
           case when n % 8000 = 1 then 'syd1' else 'fra1' end, case when n % 4000 = 5 then 'deleted' when n % 8000 = 2 then 'archive' else 'active' end,
           case when n % 8000 = 3 then 's-rare' else 's-1vcpu-1gb' end,
           jsonb_build_object('tags', jsonb_build_array(case when n % 8000 = 4 then 'rare' else 'web' end), 'vcpus', 1, 'filler', repeat('x', 300),
             'networks', jsonb_build_object('v4', jsonb_build_array(jsonb_build_object('ip_address', '10.' || n % 250 || '.' || n / 250 % 250 || '.' || n % 97, 'type', 'private')))),
           md5(n::text), case when n % 8000 <> 6 then 't' || n % 100 end, case when n % 8000 = 7 then 'override' else 'project' end, case when n % 8000 = 8 then 'admin' end,
           now() - interval '1 year', now(), now() - n * interval '10 minutes', case when n % 4000 = 5 then now() end
      from generate_series(1, ${ROWS}) n;
    insert into resource_prices (resource_id, valid_from, valid_to, product, units) select id, '-infinity', 'infinity', 'droplet:s-1vcpu-1gb', 1 from cloud_resources;
    insert into cloud_resource_events (resource_id, type, source, at, tenant_id, changes)
    select id, 'discovered', 'sweep', first_seen_at, tenant_id, '{"status": "active"}' from cloud_resources;
    insert into event_numbers (sequence, source, event_id, at, type, tenant_id, resource_id, kind, actor, numbered_at)
    select row_number() over (order by e.seq), 'resource', e.seq, e.at + e.seq * interval '1 minute', case when e.seq % 8000 = 0 then 'resource.deleted' else 'resource.discovered' end, e.tenant_id, e.resource_id,
           r.kind, case when e.seq % 8000 = 1 then 'rare' end, e.at + e.seq * interval '1 minute'
      from cloud_resource_events e join cloud_resources r on r.id = e.resource_id;
    insert into record_digests (stream, row_count, first_seq, seqs, marks, hash, last_at)
    select 'audit', 1, 1000000 + n, int8multirange(int8range(1000000 + n, 1000000 + n, '[]')), '', '', now() from generate_series(1, ${ROWS}) n;
    insert into record_chain (no, digest_id, prev_hash, hash, sealed_at) select row_number() over (order by id), id, '', '', now() from record_digests;
    delete from record_waiting;
    insert into event_sequencer (last_sequence, last_link) select ${ROWS}, max(no) from record_chain on conflict (one) do update set last_sequence = excluded.last_sequence, last_link = excluded.last_link;
    insert into saga_runs (kind, tenant_id, input, steps, status, step_idx, created_by, created_at, finished_at, wake_at)
    select 'demo', 't' || n % 100, case when n % 8000 = 1 then jsonb_build_object('resource_id', '${RESOURCE}') else '{}' end, '{echo}', case when n % 8000 = 0 then 'failed' else 'completed' end, 1, 'user-' || n % 500, now() - n * interval '1 minute', now(), null from generate_series(1, ${ROWS}) n;
    insert into saga_steps (saga_id, step_idx, name, status, attempts, output, finished_at) select id, 0, 'echo', 'completed', 1, '{}', now() from saga_runs;
    insert into audit_log (at, actor, actor_role, actor_tenant_id, action, target_type, target_id, request_id, details)
    select now() - interval '1 day' * (1 - n / ${ROWS}.0), 'user-' || n % 500, 'platform_admin', case when n % 8000 = 1 then 't7' end, 'saga.start', 'saga', n, 'request-' || n,
           case when n % 8000 = 2 then '{"tenant_id": "t7"}' when n % 8000 = 3 then '{"previous_tenant_id": "t7"}' else '{}' end::jsonb from generate_series(1, ${ROWS}) n;
    insert into cloud_invoices (id, account_id, invoice_uuid, period, issued_on, amount, status, document_hash, reconciliation, counted_since)
    select arcadia_uuid(), '00000000-0000-7000-8000-000000000001', m, date '2026-01-01' + m * interval '1 month', date '2026-02-01' + m * interval '1 month', 1, 'ingested', m, 'reconciled', '2020-01-01' from generate_series(0, 9) m;
    insert into cloud_cost_lines (invoice_id, line_no, product, kind, description, resource_id, match_method, tenant_id, hours, amount, is_tax)
    select i.id, n, 'Droplets', 'droplet', 'web', r.id, 'provider_id', r.tenant_id, 744, 1, false
      from cloud_invoices i cross join generate_series(1, ${ROWS / 10}) n join cloud_resources r on r.provider_id = (500000000 + n)::text;
    insert into tenant_invoices (issuer_id, tenant_id, kind, period, currency, decimals, status, tax_status, number, net, total, due, issued_at, issued_on, due_on, changed_by)
    select 'default', 't' || n % 100, 'standard', date '1990-01-01' + n / 100 * interval '1 month', 'USD', 2, 'issued', 'decided', n, n, n, n, now(), date '1990-01-01', date '1990-02-01' + n / 10, 'ops'
      from generate_series(1, ${ROWS}) n;
    insert into tenant_documents (issuer_id, tenant_id, invoice_id, kind, number, json, root, signature, proof)
    select 'default', tenant_id, id, 'invoice', number, '{}', '', '', repeat('x', 200) from tenant_invoices;
    insert into document_files (document_id, tenant_id, media_type, sha256, bytes)
    select d.id, d.tenant_id, 'application/pdf', repeat('0', 64), '' from tenant_documents d where d.number::int % 8000 > 0;
  `);
  await owner.query('vacuum analyze');
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Index Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** The statements that read, of all connections of this process, while the work runs. */
async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const seen: Statement[] = [];
  const { query: original } = Client.prototype as { query: (this: Client, ...args: unknown[]) => unknown };
  const spy = jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
    const [query, values] = args as [string | { text?: string; values?: unknown[] }, unknown];
    const text = typeof query === 'string' ? query : (query.text ?? '');
    const given = typeof query === 'string' ? values : (query.values ?? values);
    if (/^\s*(select|with)\b/i.test(text)) seen.push({ text, values: Array.isArray(given) ? given : [] });
    return original.apply(this, args) as never;
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return seen;
}

/** What a statement reads of large tables, by its plan as it ran for the api. */
async function readsOf({ text, values }: Statement): Promise<{ whole: string[]; indexes: string[]; rows: number; pages: number }> {
  const explain = `explain (analyze, buffers, format json) ${text}`;
  const result: QueryResult<{ 'QUERY PLAN': [{ Plan: PlanNode }] }> = await asApi.query(explain, values);
  const whole: string[] = [];
  const indexes: string[] = [];
  let rows = 0;
  const visit = (node: PlanNode): void => {
    const table = node['Relation Name'];
    indexes.push(...[node['Index Name'] ?? []].flat());
    if (table !== undefined && LARGE.includes(table)) {
      if (node['Node Type'] === 'Seq Scan') whole.push(table);
      rows +=
        (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) * node['Actual Loops'];
    }
    node.Plans?.forEach(visit);
  };
  const [plan] = result.rows[0]?.['QUERY PLAN'] ?? [];
  if (plan) visit(plan.Plan);
  const pages = (plan?.Plan['Shared Hit Blocks'] ?? 0) + (plan?.Plan['Shared Read Blocks'] ?? 0);
  return { whole, indexes, rows: Math.round(rows), pages };
}

const NAME = 'c4ca4238a0b923820dcc509a6f75849b'; // of the first resource
const FILTERS = ['kind=nat_gateway', 'status=archive', 'status=deleted', 'region=syd1', 'size_slug=s-rare', 'attributed_by=override', 'tenant_id=t7', 'provider_id=500000007',
  'urn=do:droplet:500000007', 'tag=rare', 'unattributed=true', 'protected=true', `q=${NAME.slice(3, 20)}`, 'q=10.7.3.', 'q=no-such-thing', 'kind=droplet,nat_gateway']; // prettier-ignore
const SORTS = ['name', '-name', 'first_seen_at', '-first_seen_at'];
const ROUTES = [
  'inventory?limit=50',
  ...FILTERS.map((filter) => `inventory?limit=50&${filter}`),
  ...SORTS.map((sort) => `inventory?limit=50&sort=${sort}`),
  `inventory?limit=50&updated_since=${new Date(Date.now() - 3_600_000).toISOString()}`,
  'sagas?limit=50',
  'sagas?limit=50&tenant_id=t7',
  'sagas?limit=50&created_by=user-7',
  `sagas?limit=50&resource_id=${RESOURCE}`,
  'events?limit=100',
  `events?limit=100&after=${ROWS - 500}`,
  'events?limit=100&tenant_id=t7',
  'events?limit=100&type=resource.deleted',
  'events?limit=100&kind=nat_gateway',
  `events?limit=100&since=${new Date(Date.now() + 26 * 86_400_000 - 365 * 86_400_000).toISOString()}`,
  'events?limit=100&actor=rare',
  'audit?limit=50',
  'audit?limit=50&actor=user-7',
  'audit?limit=50&tenant_id=t7',
  'audit?limit=50&request_id=request-77',
  'billing/cost-lines?limit=50',
  'tenant-invoices?limit=50',
  'tenant-invoices?limit=50&tenant_id=t7',
  ...INVOICE_SORTS.map((sort) => `tenant-invoices?limit=50&sort=${sort}`),
];

it.each(ROUTES)('GET %s reads no large table as a whole', async (route) => {
  const statements = await statementsOf(async () => {
    const response = await api.http().get(`/api/v1/${route}`).set(ADMIN_HEADER);
    expect({ status: response.status, body: response.status === 200 || response.text }).toEqual({ status: 200, body: true });
  });
  expect(statements.length).toBeGreaterThan(0);
  for (const statement of statements) {
    const { whole, rows, pages } = await readsOf(statement);
    expect({ text: statement.text, whole, readsMany: rows > MOST_READ && rows, pages: pages > MOST_PAGES && pages }).toEqual({
      text: statement.text,
      whole: [],
      readsMany: false,
      pages: false,
    });
  }
});

/** A page in the middle of each order begins where its cursor is. */
it.each(INVOICE_SORTS)('the second page of invoices by %s reads no large table as a whole', async (sort) => {
  const list = (query: string) => api.http().get(`/api/v1/tenant-invoices?sort=${sort}&${query}`).set(ADMIN_HEADER).expect(200);
  const { body } = await list('limit=200');
  const { next_cursor: cursor } = (body as { page: { next_cursor: string } }).page;
  for (const statement of await statementsOf(() => list(`limit=50&cursor=${cursor}`))) {
    const { whole, rows } = await readsOf(statement);
    expect({ whole, readsMany: rows > MOST_READ && rows }).toEqual({ whole: [], readsMany: false });
  }
});

it('finds the documents that wait for their print without the printed ones', async () => {
  const files = api.app.get(DocumentFiles, { strict: false });
  const statements = await statementsOf(async () => expect(await files.due(100)).toHaveLength(ROWS / 8_000));
  for (const statement of statements) {
    const { whole, rows } = await readsOf(statement);
    expect({ whole, readsMany: rows > MOST_READ && rows }).toEqual({ whole: [], readsMany: false });
  }
});

/** Another index would do at this number of rows, but read all of itself. */
it.each([
  ['inventory?limit=50&region=syd1', 'cloud_resources_by_region'],
  ['inventory?limit=50&size_slug=s-rare', 'cloud_resources_by_size'],
  ['inventory?limit=50&status=archive', 'cloud_resources_by_status'],
  ['inventory?limit=50&attributed_by=override', 'cloud_resources_by_rule'],
  [`sagas?limit=50&resource_id=${RESOURCE}`, 'saga_runs_of_resource'],
  ['audit?limit=50&tenant_id=t7', 'audit_log_of_tenant'],
])('GET %s reads the index %s', async (route, index) => {
  const statements = await statementsOf(() => api.http().get(`/api/v1/${route}`).set(ADMIN_HEADER).expect(200));
  const indexes: string[] = [];
  for (const statement of statements) indexes.push(...(await readsOf(statement)).indexes);
  expect(indexes).toContain(index);
});

/** With the planner's estimate, a rare tag of a million resources was left to the list. Its index is quick without it. */
it('finds a tag by its index whatever the planner expects of it', async () => {
  const { rows } = await asApi.query<{ id: string | null }>(`select id from arcadia_resources_found(null, 'rare', true, 1) id`);
  expect(rows.map(({ id }) => typeof id)).toEqual(['string', 'string']); // one more than asked for, not the null of too many expected ones
});

const listed = async (query: string, header = ADMIN_HEADER): Promise<string[]> => {
  const { body } = await api.http().get(`/api/v1/inventory?${query}`).set(header);
  return (body as { data: { provider_id: string }[] }).data.map(({ provider_id }) => provider_id);
};

it('finds a part of a name, an id, an address or a tag in any letter case, alone and with other filters', async () => {
  expect(await listed(`q=${NAME.slice(3, 20).toUpperCase()}`)).toEqual(['500000001']);
  expect(await listed('q=500000001')).toEqual(['500000001']);
  expect(await listed('q=RARE')).toEqual(await listed('tag=rare'));
  expect(await listed('tag=rare')).toHaveLength(ROWS / 8_000);
  expect(await listed(`q=${NAME.slice(3, 20)}&kind=nat_gateway`)).toEqual([]);
  expect(await listed('q=web&limit=3&sort=-first_seen_at')).toHaveLength(3); // too many to find first
});

/** A rare tag is found first, by its index; a common tag, an earlier time and tombstones are conditions of the list. */
it('lists only what has the tag, in each way of finding it (D1)', async () => {
  const tagsOf = async (query: string) => {
    const { body } = await api.http().get(`/api/v1/inventory?${query}`).set(ADMIN_HEADER).expect(200);
    const { data, totals } = body as { data: { attrs: { tags: string[] } }[]; totals?: { count: number } };
    return { tags: [...new Set(data.flatMap(({ attrs }) => attrs.tags))], rows: data.length, count: totals?.count };
  };
  const rare = ROWS / 8_000;
  await owner.query(`update cloud_resources set attrs = jsonb_set(attrs, '{tags}', '["dead"]') where provider_id = '500000005'`);
  expect(await tagsOf('tag=rare&totals=true')).toEqual({ tags: ['rare'], rows: rare, count: rare });
  expect(await tagsOf('tag=web&limit=200&sort=-name&totals=true')).toEqual({ tags: ['web'], rows: 200, count: ROWS - ROWS / 4_000 - rare });
  expect(await tagsOf('tag=rare&q=web')).toEqual({ tags: ['rare'], rows: rare, count: undefined });
  expect(await listed(`tag=rare&q=${NAME.slice(3, 20)}`)).toEqual([]);
  expect(await tagsOf('tag=dead&status=deleted')).toMatchObject({ tags: ['dead'], rows: 1 });
  expect(await tagsOf('tag=dead')).toMatchObject({ rows: 0 });
  expect(await tagsOf(`tag=rare&as_of=${new Date().toISOString()}`)).toMatchObject({ tags: ['rare'], rows: rare });
});

/** The searches run inside a function of the owner, whose plan an explain of the caller does not show. */
it.each([
  ['cloud_resources_by_text', `arcadia_search_text(name, provider_id, attrs) ilike '%${NAME.slice(3, 20)}%'`],
  ['cloud_resources_by_tag', `attrs -> 'tags' ? 'rare'`],
])('searches by the index %s', async (index, condition) => {
  const plan = await owner.query<{ 'QUERY PLAN': string }>(
    `explain select id from cloud_resources where ${condition} and deleted_at is null`,
  );
  expect(plan.rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index);
});

it('finds only what its tenant owns for a tenant [TEN-4]', async () => {
  expect(await listed(`q=${NAME.slice(3, 20)}`, tenantHeader('t1'))).toEqual(['500000001']);
  expect(await listed(`q=${NAME.slice(3, 20)}`, tenantHeader('t2'))).toEqual([]);
  expect(await listed('tag=rare', tenantHeader('t2'))).toEqual([]);
});

it('lists by price as the prices of the rows say, with the same rows on two pages as on one', async () => {
  const page = async (query: string) =>
    (await api.http().get(`/api/v1/inventory?${query}`).set(ADMIN_HEADER)).body as {
      data: { id: string }[];
      page: { next_cursor: string };
    };
  const whole = await page('sort=-price&limit=40');
  const first = await page('sort=-price&limit=20');
  const second = await page(`sort=-price&limit=20&cursor=${first.page.next_cursor}`);
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(whole.data.map(({ id }) => id));
});
