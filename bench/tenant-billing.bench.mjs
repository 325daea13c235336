// Tenant billing: the rating of a month of LINES=1000000 lines of TENANTS=1000 tenants, beside bare statements that compute the same sums with and without
// writing the lines; a month of TENANTS tenants from drafts to issued invoices; documents of 40 lines per second; and the costs of one tenant with
// TENANT_LINES=100000 rated lines. One line in fifty is of a resource that changed its owner in the month (docs/measurements.md R1).
import { openTenantBilling, pgClient, report, round, startDatabase } from './stage.mjs';

const LINES = Number(process.env.LINES ?? 1_000_000);
const TENANTS = Number(process.env.TENANTS ?? 1_000);
const TENANT_LINES = Number(process.env.TENANT_LINES ?? 100_000);
const PRINTS = Number(process.env.PRINTS ?? 40);
const RESOURCES = Math.max(TENANTS, LINES / 10);
const [MONTH, SMALL_MONTH, ONE_TENANTS_MONTH] = ['2026-01', '2026-02', '2026-03'];
const BECAUSE = { by: { sub: 'bench', role: 'platform_admin' }, reason: 'a measurement' };

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const { service, close } = await openTenantBilling({ DATABASE_URL: server.appUrl, DO_API_TOKEN: 'dop_v1_bench', COSTS_FRESH_MS: '0' });

async function timed(work) {
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - from, cpu_ms: Math.round((user + system) / 1000), result };
}

/** The lines of a month: `tenantOf` is SQL on the number `k` of a line. */
async function invoice(month, lines, tenantOf, resourceOf) {
  const id = (await owner.query('select gen_random_uuid() as id')).rows[0].id;
  await owner.query(
    `insert into cloud_invoices (id, account_id, invoice_uuid, period, issued_on, amount, status, document_hash, reconciliation, counted_since)
     values ($1::uuid, '00000000-0000-0000-0000-000000000001', $1::uuid::text, $2::date, $2::date + 31, 0, 'ingested', 'hash', 'reconciled', '2026-06-01')`,
    [id, `${month}-01`],
  );
  await owner.query(
    `insert into cloud_cost_lines (invoice_id, line_no, product, kind, description, resource_id, match_method, tenant_id, hours, started_at, ended_at, amount, is_tax)
     select $1, k, 'Droplets', 'droplet', 'web-' || k || ' (s-1vcpu-1gb)', r.id, 'provider_id', ${tenantOf}, 100 + k % 500, $2::date, $2::date + interval '1 month',
            (k % 997)::numeric / 100 + 0.01, false
       from generate_series(1, $3::int) k join cloud_resources r on r.provider_id = (${resourceOf})::text`,
    [id, `${month}-01`, lines],
  );
  await owner.query('update cloud_invoices set amount = (select sum(amount) from cloud_cost_lines where invoice_id = $1) where id = $1', [
    id,
  ]);
}

async function rate(month) {
  const runs = service('BillingRunService');
  const { id } = await runs.create(month, BECAUSE);
  await runs.run(id);
  return (await runs.list({ limit: 1 }, month)).data[0].totals;
}

await owner.query(
  `insert into cloud_accounts (id, provider_account_id, identified_by) values ('00000000-0000-0000-0000-000000000001', 'team-1', 'team') on conflict do nothing`,
);
await owner.query(
  `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, content_hash, tenant_id, first_seen_at, last_seen_at)
   select '00000000-0000-0000-0000-000000000001', 'droplet', k, 'do:droplet:' || k, 'web-' || k, 'fra1', 'active', 's-1vcpu-1gb', '', 't' || k % $2::int, '2025-01-01', now()
     from generate_series(1, $1::int) k`,
  [RESOURCES, TENANTS],
);
await owner.query(
  `insert into cloud_resource_events (resource_id, type, source, at, changes)
   select id, 'attributed', 'admin', '2026-01-15', jsonb_build_object('tenant_id', jsonb_build_object('old', 't0', 'new', tenant_id))
     from cloud_resources where provider_id::int % 50 = 1`,
);
await owner.query(
  `insert into billing_profiles (tenant_id, legal_name, address, country, is_business, changed_by)
   select 't' || n, 'Tenant ' || n, 'A street', 'AU', true, 'bench' from generate_series(0, $1 - 1) n`,
  [TENANTS],
);
const profiles = service('BillingProfiles');
const { version, ...issuer } = await profiles.issuer('default');
await profiles.replaceIssuer('default', { ...issuer, name: 'Bench', address: 'Quay', country: 'AU', grace_days: 0 }, version, BECAUSE);
const OWNERS = `'t' || (1 + (k - 1) % ${RESOURCES}) % ${TENANTS}`;
await invoice(MONTH, LINES, OWNERS, `1 + (k - 1) % ${RESOURCES}`);
await owner.query('vacuum analyze');

// The floors: the same join and the same sums by tenant, with owners as they are now; and the same with a row for each line, as the product keeps one.
const SUMS = `select r.tenant_id, sum(l.amount) as buy, sum(l.amount * 1.0) as sell, count(*) from cloud_cost_lines l join cloud_invoices i on i.id = l.invoice_id
  left join cloud_resources r on r.id = l.resource_id where i.period = '${MONTH}-01' group by 1`;
const ROWS = `insert into bare_lines select 'default', i.period, row_number() over (order by r.tenant_id, l.line_no), r.tenant_id, 'tenant_direct', l.kind, l.product,
    l.description, l.resource_id, r.name, r.region, l.hours, 'hour', l.amount, l.amount * 1.0, jsonb_build_object('invoice', i.invoice_uuid, 'line_no', l.line_no)
  from cloud_cost_lines l join cloud_invoices i on i.id = l.invoice_id left join cloud_resources r on r.id = l.resource_id where i.period = '${MONTH}-01'`;
await owner.query(`create table bare_lines (issuer_id text, period date, line_no int, tenant_id text, bucket text, line_kind text, product text, description text,
  resource_id uuid, resource_name text, region text, quantity numeric, unit text, buy numeric, sell numeric, explanation jsonb, primary key (issuer_id, period, line_no))`);
await owner.query('create index on bare_lines (tenant_id, period)');
const sums = await timed(() => owner.query(SUMS));
const rows = await timed(() => owner.query(ROWS));
await owner.query('drop table bare_lines');
const before = process.memoryUsage().rss;
let most = before;
const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 200);
const rating = await timed(() => rate(MONTH));
clearInterval(watch);

await invoice(SMALL_MONTH, TENANTS * 40, `'t' || k % ${TENANTS}`, `1 + (k - 1) % ${TENANTS}`);
await owner.query('analyze');
await rate(SMALL_MONTH);
const [invoices, bulk] = [service('TenantInvoiceService'), service('BulkInvoiceService')];
const build = await timed(() => invoices.build(SMALL_MONTH, BECAUSE));
const approve = await timed(() => bulk.apply({ verb: 'approve', filter: { period: SMALL_MONTH, status: ['draft'] } }, BECAUSE));
const issue = await timed(() => bulk.apply({ verb: 'issue', filter: { period: SMALL_MONTH, status: ['ready'] } }, BECAUSE));

const files = service('DocumentFiles');
const [first, ...due] = await files.due(PRINTS + 1);
await files.render(first.id); // loads the package and its fonts
const print = await timed(async () => {
  for (const { id } of due) await files.render(id);
});

await invoice(ONE_TENANTS_MONTH, TENANT_LINES, `'t7'`, `7 + ((k - 1) % ${Math.floor(RESOURCES / TENANTS)}) * ${TENANTS}`);
await owner.query('analyze');
await rate(ONE_TENANTS_MONTH);
await owner.query('vacuum analyze');
const costs = service('CostService');
const figures = {};
for (const groupBy of [[], ['kind'], ['resource']]) {
  const times = [];
  for (let k = 0; k < 22; k++) {
    const { ms } = await timed(() => costs.read({ kind: 'tenant', tenantId: 't7' }, { period: ONE_TENANTS_MONTH, groupBy, filters: {} }));
    if (k > 1) times.push(ms);
  }
  times.sort((a, b) => a - b);
  figures[groupBy[0] ?? 'sum'] = { p50_ms: round(times[9], 1), p95_ms: round(times[18], 1) };
}
await close();
await owner.end();
await server.stop();
report('tenant-billing', {
  lines: LINES,
  tenants: TENANTS,
  rating: {
    s: round(rating.ms / 1000, 1),
    cpu_ms: rating.cpu_ms,
    rss_mb_more: round((most - before) / 1e6, 0),
    rated: rating.result.lines,
    bare_sums_s: round(sums.ms / 1000, 2),
    bare_rows_s: round(rows.ms / 1000, 2),
    share_of_bare_rows: round(rows.ms / rating.ms, 2),
  },
  month: {
    build_s: round(build.ms / 1000, 1),
    approve_s: round(approve.ms / 1000, 1),
    issue_s: round(issue.ms / 1000, 1),
    total_s: round((build.ms + approve.ms + issue.ms) / 1000, 1),
    issued: issue.result.done,
  },
  documents_per_second: round(PRINTS / (print.ms / 1000), 1),
  costs_of_a_tenant: figures,
});
