import { createHmac } from 'node:crypto';
import { until } from '../../support/until';
import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const PATH = '/finance/api/v1/integrations/cloud/import-invoice';
const RULE = { match: { path: '/finance/*' }, times: 1 };
const INVOICE = {
  source: 'digitalocean',
  external_id: '22737513-0ea7-4206-8ceb-98a575af7681',
  vendor: { name: 'DigitalOcean', category: 'cloud' },
  invoice_number: '418071234',
  period: '2026-04',
  issued_on: '2026-05-01',
  currency: 'USD',
  amount_net_minor: 7_902,
  amount_tax_minor: 790,
  amount_gross_minor: 8_692,
  lines: [
    { description: 'web-01 (s-1vcpu-1gb)', amount_minor: 7_902 },
    { description: 'GST (10%)', amount_minor: 790, is_tax: true },
  ],
};

function tokenOf(claims: object = {}, { secret = 'finance-secret', alg = 'HS512' } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const body = { aud: 'skyai-finance', roles: ['admin'], tenant_id: 'platform-admin', iat, exp: iat + 60, ...claims };
  const signed = `${part({ alg, typ: 'JWT' })}.${part(body)}`;
  return `${signed}.${createHmac('sha512', secret).update(signed).digest('base64url')}`;
}

describe('the finance service', () => {
  let world: TestWorld;
  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
    await world.control.change({ settings: { finance_secret: 'finance-secret' } });
  });
  afterEach(() => world.close());

  const push = async (change: object = {}, token = tokenOf()) => {
    const { status, text } = await world.call('POST', PATH, { ...INVOICE, ...change }, token);
    return { status, ...(JSON.parse(text) as { action?: string; invoice?: { id: string }; error?: string; message?: string }) };
  };
  const books = async () => (await world.control.account()).finance_invoices;

  it('creates an invoice and its vendor once, and updates the invoice from then on', async () => {
    const first = await push();
    const second = await push({ amount_net_minor: 7_900, amount_gross_minor: 8_690, lines: [{ description: 'all', amount_minor: 8_690 }] });
    expect([first, second]).toMatchObject([
      { status: 201, action: 'created' },
      { status: 200, action: 'updated', invoice: { id: first.invoice?.id } },
    ]);
    const { finance_invoices, finance_vendors } = await world.control.account();
    expect(finance_invoices).toMatchObject([{ id: first.invoice?.id, amount_gross_minor: 8_690, pushes: 2, tenant_id: 'platform-admin' }]);
    expect(finance_vendors).toMatchObject([{ name: 'DigitalOcean', category: 'cloud', id: finance_invoices[0]?.vendor_id }]);
  });

  it('keeps tenants, sources and external ids apart', async () => {
    await push();
    await push({ source: 'other' });
    await push({ external_id: 'other' });
    expect((await push({}, tokenOf({ tenant_id: 'other' }))).status).toBe(201);
    expect(await books()).toHaveLength(4);
    expect((await world.control.account()).finance_vendors).toHaveLength(2);
  });

  it.each([
    ['a wrong signature', () => tokenOf({}, { secret: 'other' })],
    ['another algorithm', () => tokenOf({}, { alg: 'HS256' })],
    ['no JWT', () => 'dop_v1_simulator'],
    ['no token', () => ''],
    ['another audience', () => tokenOf({ aud: 'arcadia' })],
    ['an expired validity', () => tokenOf({ iat: 1_700_000_000, exp: 1_700_000_060 })],
    ['a validity that is too long', () => tokenOf({ exp: Math.floor(Date.now() / 1000) + 90 })],
    ['a lesser role', () => tokenOf({ roles: ['member'] })],
    ['no tenant', () => tokenOf({ tenant_id: undefined })],
  ])('responds with 401 to a token with %s', async (_, token) => {
    expect(await push({}, token())).toMatchObject({ status: 401, error: 'unauthorized' });
    expect(await books()).toEqual([]);
  });

  it('only decodes tokens while it has no secret', async () => {
    await world.control.change({ settings: { finance_secret: null } });
    expect((await push({}, tokenOf({}, { secret: 'other' }))).status).toBe(201);
  });

  it('checks expiry by the clock of the machine, which wrote the token', async () => {
    await world.control.advance(86_400_000);
    expect((await push()).status).toBe(201);
  });

  it.each([
    [{ amount_net_minor: 7_903 }, /is not amount_gross_minor/],
    [{ amount_net_minor: 79.02 }, /amount_net_minor must be an integer/],
    [{ amount_gross_minor: '8692' }, /amount_gross_minor must be an integer/],
    [{ lines: [{ description: 'web-01', amount_minor: 8_691 }] }, /the lines come to 8691/],
    [{ lines: [...INVOICE.lines, { description: 'GST', amount_minor: 0.5 }] }, /lines\[2\]/],
    [{ amount_net_minor: 7_802, amount_tax_minor: 890 }, /the tax lines come to 790/],
    [{ period: '2026-4' }, /period/],
    [{ issued_on: '01.05.2026' }, /issued_on/],
    [{ vendor: { name: 'DigitalOcean' } }, /vendor.category/],
    [{ external_id: '' }, /external_id/],
  ])('refuses %j', async (change, reason) => {
    expect(await push(change)).toMatchObject({ status: 422, error: 'unprocessable_entity', message: expect.stringMatching(reason) });
  });

  it('responds with 400 to a body that is not a JSON object', async () => {
    expect((await world.call('POST', PATH, [INVOICE], tokenOf())).status).toBe(400);
  });

  it('accepts an invoice of 50,000 lines', async () => {
    const lines = Array.from({ length: 50_000 }, (_, nth) => ({ description: `line ${nth}`, amount_minor: 1 }));
    const answer = await push({ amount_net_minor: 50_000, amount_tax_minor: 0, amount_gross_minor: 50_000, lines });
    expect(answer.status).toBe(201);
  });

  it('has no rate window, and records every request in the ledger', async () => {
    await world.control.allow({ per_minute: 1, per_hour: 1 });
    for (let nth = 0; nth < 3; nth++) await push();
    expect(await world.control.calls()).toMatchObject([{ path: PATH, status: 201 }, { status: 200 }, { status: 200 }]);
  });

  it('stores the invoice although the response is lost', async () => {
    await world.control.faults([{ ...RULE, effect: { type: 'lose_answer' } }]);
    await expect(push()).rejects.toThrow('fetch failed');
    expect((await push()).action).toBe('updated');
  });

  it('is reset or refuses before any change', async () => {
    await world.control.faults([{ ...RULE, id: 'one', effect: { type: 'reset' } }]);
    await expect(push()).rejects.toThrow('fetch failed');
    await world.control.faults([{ ...RULE, id: 'two', effect: { type: 'status', status: 503 } }]);
    expect((await push()).status).toBe(503);
    expect(await books()).toEqual([]);
  });

  it('stores a lost import late, although the token has expired by then', async () => {
    await world.control.faults([{ ...RULE, effect: { type: 'late_commit', ms: 120_000 } }]);
    await expect(push()).rejects.toThrow('fetch failed');
    expect(await books()).toEqual([]);
    await world.control.advance(120_000);
    await until(async () => (await books()).length === 1);
  });

  it('holds a request until its rule is removed', async () => {
    await world.control.faults([{ ...RULE, id: 'held', effect: { type: 'hold', after: true } }]);
    const pushed = push();
    await world.control.untilHeld('held');
    expect(await books()).toHaveLength(1);
    await world.control.faults([]);
    expect((await pushed).action).toBe('created');
  });

  it('truncates a response', async () => {
    await world.control.faults([{ ...RULE, effect: { type: 'truncate' } }]);
    await expect(push()).rejects.toThrow(SyntaxError);
  });
});
