import { BulkInvoiceService, MOST_INVOICES } from '#libs/tenant-billing';
import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

/** As many drafts as a task reads together, before all others in the order of ids. */
const addDrafts = (tenants: string, problems: readonly object[]) =>
  world.owner.query(
    `insert into tenant_invoices (id, issuer_id, tenant_id, kind, period, currency, decimals, auto, problems, changed_by)
     select ('00000000-0000-0000-0000-' || right(md5($1 || n), 12))::uuid, 'default', $1 || n, 'standard', '2019-01-01', 'USD', 2, 'issue', $2, 'ops'
       from generate_series(1, $3) n`,
    [tenants, JSON.stringify(problems), MOST_INVOICES],
  );

it('carries a good draft on behind a thousand that are stopped and a thousand of a month that is not ready', async () => {
  await addDrafts('stopped-', [{ code: 'profile_incomplete', severity: 'critical', path: 'tenants', detail: 'stopped' }]);
  await addDrafts('waiting-', []);
  await world.fillProfile('grove', { auto: 'issue' });
  await world.closeMonth('2020-07', [usage('grove', '7')]);
  await world.service(BulkInvoiceService).carryOn(new AbortController().signal);
  expect(await world.listed({ period: '2020-07' })).toMatchObject([{ tenant_id: 'grove', status: 'issued', total: '7.00' }]);
  expect(await world.listed({ status: ['ready'] })).toEqual([]);
}, 120_000);
