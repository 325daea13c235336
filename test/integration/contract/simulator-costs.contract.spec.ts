import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { HOW_TO_GET, loadOpenApiDocument } from './openapi-document';
import { checkedCalls, undriven } from './simulator-calls';
import { COST_GROUPS } from './simulator-resources';

const document = loadOpenApiDocument();
const suite = document === undefined ? describe.skip : describe;
if (document === undefined) {
  console.warn(HOW_TO_GET);
  it(`SKIPPED: ${HOW_TO_GET}`, () => {
    expect(document).toBeUndefined();
  });
}

const TYPES = 'ACHFailure Adjustment AttemptFailed Chargeback Credit CreditExpiration Invoice Payment Refund Reversal'.split(' ');
const UUID = '22737513-0ea7-4206-8ceb-98a575af7681';

suite('balance, billing history and invoices against the official document', () => {
  let simulator: RunningSimulator;
  const call = checkedCalls(() => simulator);
  const invoices = '/v2/customers/my/invoices';

  beforeAll(async () => {
    simulator = await startSimulator({ empty: true });
    const items = [
      { product: 'Droplets', resource_id: '572017320', description: 'web-01 (s-1vcpu-1gb)', amount: '6.00', project_name: 'Acme' },
      { product: 'Kubernetes Clusters', resource_uuid: UUID, group_description: 'shop', description: 'pool', amount: '12.34' },
      { product: 'Taxes', description: 'STATE SALES TAX (6.25%)', hours: null, amount: '1.15' },
    ];
    const body = JSON.stringify({
      invoices: [
        { invoice_uuid: UUID, invoice_period: '2026-04', items },
        ...[2, 3, 4].map((month) => ({ invoice_uuid: `older-${month}`, invoice_period: `2025-0${month}` })),
        { invoice_period: '2026-05', preview: true, items: items.slice(0, 1) },
      ],
      billing_history: TYPES.filter((type) => type !== 'Invoice').map((type) => ({ type, description: type, amount: '-1.00' })),
    });
    await fetch(`${simulator.url}/_simulator/account`, { method: 'PUT', body });
  });
  afterAll(() => simulator.close());

  it.each([
    '/v2/customers/my/balance',
    '/v2/customers/my/billing_history',
    '/v2/customers/my/billing_history?page=2&per_page=5',
    invoices,
    `${invoices}?per_page=2&page=2`,
    `${invoices}/${UUID}`,
    `${invoices}/${UUID}?per_page=1&page=3`,
    `${invoices}/preview`,
    `${invoices}/${UUID}/summary`,
    `${invoices}/preview/summary`,
  ])('returns a documented response to GET %s', async (path) => {
    expect((await call('GET', path)).status).toBe(200);
  });

  it('returns all ten types of billing history entries', async () => {
    const { billing_history: rows } = (await call('GET', '/v2/customers/my/billing_history?per_page=200')).body;
    expect([...new Set((rows as { type: string }[]).map(({ type }) => type))].sort((one, other) => one.localeCompare(other))).toEqual(
      TYPES,
    );
  });

  it.each([
    [`${invoices}/${UUID}/csv`, 'text/csv', 'DigitalOcean Invoice 2026 Apr'],
    [`${invoices}/preview/csv`, 'text/csv', 'DigitalOcean Invoice 2026 May'],
    [`${invoices}/${UUID}/pdf`, 'application/pdf', 'DigitalOcean Invoice 2026 Apr'],
  ])('sends the document of GET %s as an attachment', async (path, type, name) => {
    const { status, headers } = await call('GET', path);
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type });
    expect(headers.get('content-disposition')).toContain(`attachment; filename="${name} (`);
  });

  it('returns 404 for an unknown invoice', async () => {
    expect(await call('GET', `${invoices}/no-such-invoice/csv`)).toMatchObject({ status: 404, body: { id: 'not_found' } });
  });

  it('returns the generated history of the demo account as documented, line by line', async () => {
    const demo = await startSimulator();
    const body = JSON.stringify({ limits: { per_minute: 100_000, per_hour: 100_000 } });
    await fetch(`${demo.url}/_simulator/account`, { method: 'PUT', body });
    const ask = checkedCalls(() => demo);
    await ask('GET', '/v2/customers/my/billing_history?per_page=200');
    const { invoices: all } = (await ask('GET', `${invoices}?per_page=200`)).body as unknown as { invoices: { invoice_uuid: string }[] };
    expect(all).toHaveLength(24);
    for (const { invoice_uuid } of all) {
      await ask('GET', `${invoices}/${invoice_uuid}?per_page=200`);
      await ask('GET', `${invoices}/${invoice_uuid}/summary`);
    }
    await demo.close();
  });

  it('has called every endpoint of these groups', () => {
    expect(undriven(COST_GROUPS)).toEqual([]);
  });
});
