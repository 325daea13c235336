import type { Type } from '@nestjs/common';
import { BillingRunService, RateAssignments } from '#libs/tenant-billing';
import { documentedOperations } from './operations';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';
import { ACME_HEADER, ADMIN_HEADER } from '../../support/principals';

/** Amounts that nothing but a buy figure has: a rate learned from an invoice, a share of it, and a line of an invoice. */
const CANARIES = ['7919.31', '1583.86', '2375.79', '6007.77'];

/** The last month. */
const LAST = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1)).toISOString().slice(0, 7);

/** The month before it, which is not rated: tenants get what was accrued. */
const UNRATED = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 2)).toISOString().slice(0, 7);

let world: TenancyWorld;
beforeAll(async () => {
  world = await newTenancyWorld();
  await world.owner.query(`
    insert into list_prices (product, source, valid_from, amount, unit, origin)
    values ('droplet:s-canary', 'observed', '2012-01-01', 7919.31, 'month', 'an invoice'), ('volume', 'observed', '2012-01-02', 7919.31, 'gib_month', 'an invoice');
    insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
    select id, '-infinity', 'infinity', case kind when 'droplet' then 'droplet:s-canary' else 'volume' end, 1, case kind when 'droplet' then 'weekly' end
      from cloud_resources;
    insert into cloud_invoices (account_id, invoice_uuid, period, issued_on, amount, status, reconciliation)
    select account_id, 'canary', date_trunc('month', now() - interval '1 month'), now(), 6007.77, 'ingested', 'reconciled' from cloud_resources limit 1;
    insert into cloud_cost_lines (invoice_id, line_no, product, kind, description, resource_id, tenant_id, amount, is_tax)
    select i.id, 1, 'Droplets', 'droplet', 'web', r.id, 'acme', 6007.77, false
      from cloud_invoices i, (select id from cloud_resources where tenant_id = 'acme' order by id limit 1) r;
    insert into cloud_sweeps (account_id, kind, trigger, status, lease_until, started_at)
    select account_id, 'droplet', 'first', 'complete', now(), now() - interval '100 days' from cloud_resources limit 1;
    update cloud_resources set first_seen_at = now() - interval '200 days'`);
  const because = { by: { sub: 'ops', role: 'platform_admin' } };
  const model = { type: 'cost_plus', percent: '100' };
  const service = <T>(type: Type<T>) => world.app.get(type, { strict: false });
  await service(RateAssignments).createOverride({ tenant_id: 'acme', model, valid_from: LAST, reason: 'a test' }, because);
  const { id } = await service(BillingRunService).create(LAST, because);
  await service(BillingRunService).run(id);
});
afterAll(() => world.close());

const QUERIES = [
  '',
  '?totals=true',
  '?sort=-price',
  '?names=true',
  '?basis=accrued&group_by=resource',
  '?basis=accrued&group_by=day,product',
  '?group_by=product',
  `?period=${UNRATED}&basis=accrued&group_by=resource`,
];

/** Everything that a caller can read with these queries. */
async function readAll(header: Record<string, string>): Promise<string[]> {
  const own = world.resources.find(({ tenant, status }) => tenant === 'acme' && status === 'active')?.id ?? '';
  const operations = (await documentedOperations(world)).filter(({ method, open, endless }) => method === 'get' && !open && !endless);
  const texts: string[] = [];
  for (const { path } of operations)
    for (const query of /costs|inventory|pnl/.test(path) ? [...QUERIES, `?period=${LAST}`, `?period=${LAST}&basis=accrued`] : ['']) {
      const { text, body } = await world
        .http()
        .get(`${path.replace('{id}', own)}${query}`)
        .set(header)
        .buffer(true);
      texts.push(`${path}${query} ${text ?? ''}${JSON.stringify(body)}`);
    }
  return texts;
}
const leaks = (texts: readonly string[]) => texts.filter((text) => CANARIES.some((canary) => text.includes(canary)));

/** Bodies of starts: plans with prices, and refusals with amounts. The size has a list price of its own. */
const STARTS = (own: string) => [
  { kind: 'destroy_droplet', input: { resource_id: own, expected_name: 'acme-web-0', final_snapshot: true } },
  { kind: 'resize_droplet', input: { resource_id: own, size_slug: 's-listed' } },
  { kind: 'snapshot_droplet', input: { resource_id: own } },
  { kind: 'provision_droplet', input: { name: 'web', size_slug: 's-listed', region: 'fra1', image: 'debian-12-x64' } },
  { kind: 'provision_droplet', input: { name: 'web', size_slug: 's-canary', region: 'fra1', image: 'debian-12-x64' } },
];

/** Everything that a caller gets for a change: plans, refusals of limits, and what an empty body is answered with. */
async function changeAll(header: Record<string, string>): Promise<{ texts: string[]; codes: string[] }> {
  const own = world.resources.find(({ tenant, status }) => tenant === 'acme' && status === 'active')?.id ?? '';
  const operations = (await documentedOperations(world)).filter(({ method, open }) => method !== 'get' && !open);
  const requests = [
    ...operations.map(({ method, path }) => ({ method, path: path.replace('{id}', own), body: {} as object })),
    ...STARTS(own).flatMap((body) =>
      ['?dry_run=true', ''].map((query) => ({ method: 'post' as const, path: `/api/v1/sagas${query}`, body })),
    ),
  ];
  const responses = [];
  for (const { method, path, body } of requests) responses.push(await world.call(method, path).set(header).send(body).buffer(true));
  return {
    texts: responses.map(({ text, body }, nr) => `${requests[nr]?.path} ${text ?? ''}${JSON.stringify(body)}`),
    codes: responses.flatMap(({ body }) => JSON.stringify(body).match(/"code":"(\w+)"/)?.[1] ?? []),
  };
}

it('gives a tenant no buy price in a plan, a refusal or any other answer to a change [TNT-6]', async () => {
  await world.owner.query(`
    insert into provider_catalogue (name, taken_at) values ('offers', now());
    insert into provider_sizes (slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available) values
      ('s-listed', 1024, 1, 25, 11.25, 0.01674, '{fra1}', true);
    insert into provider_regions (slug, name, available) values ('fra1', 'Frankfurt 1', true);
    insert into provider_images (slug, name, min_disk_gb, regions, status) values ('debian-12-x64', '12 x64', 7, '{fra1}', 'available');
    insert into tenant_limits (tenant_id, max_monthly_cost, max_snapshots, changed_by) values ('acme', 1.50, 0, 'ops')`);
  const { texts, codes } = await changeAll(ACME_HEADER);
  expect(leaks(texts)).toEqual([]);
  expect(texts.some((text) => text.includes('22.50'))).toBe(true); // its sell price: list price plus 100 %
  expect(codes).toContain('limit_exceeded');
});

it('gives a tenant no buy price in any answer or file, although admins read them, and its sell price of a rated month [TNT-6]', async () => {
  const texts = await readAll(ACME_HEADER);
  expect(leaks(texts)).toEqual([]);
  const sold = texts.filter((text) => text.includes('12015.54')).map((text) => text.split(/[ ?]/)[0]);
  expect([...new Set(sold)]).toEqual(['/api/v1/costs', '/api/v1/costs.csv']);
  const leaked = leaks(await readAll(ADMIN_HEADER));
  expect(leaked.some((text) => text.startsWith(`/api/v1/costs?period=${UNRATED}`))).toBe(true);
  const seen = leaked.map((text) => text.split(/[ ?]/)[0]);
  expect([...new Set(seen)]).toEqual(
    expect.arrayContaining(['/api/v1/inventory', '/api/v1/inventory.csv', '/api/v1/costs', '/api/v1/costs.csv']),
  );
});
