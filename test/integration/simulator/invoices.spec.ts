import { type Answer, newTestWorld, type TestWorld } from '../../support/simulator-world';

const ITEMS = [
  { product: 'Droplets', resource_id: '1', description: 'web-01 (s-1vcpu-1gb)', amount: '6.00', project_name: 'Acme, "the" shop' },
  { product: 'Droplets', description: 'taxi-01 (s-1vcpu-1gb)', hours: '0', amount: '0.01', end_time: '2026-04-01T00:20:00Z' },
  { product: 'Spaces Bandwidth', description: 'two\nlines', amount: '1234567.80' },
  { product: 'Credits', description: 'Goodwill', hours: null, amount: '-1044.30' },
  { product: 'Taxes', description: 'GST (10%)', hours: null, amount: '0.60', truth: { kind: 'tax' } },
];

describe('invoices', () => {
  let world: TestWorld;
  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
  });
  afterEach(() => world.close());

  const put = (...invoices: Record<string, unknown>[]) => world.control.change({ invoices });
  const get = (path: string): Promise<Answer> => world.call('GET', `/v2/customers/my/${path}`);
  const april = (more: object = {}) => ({ invoice_uuid: 'april', invoice_period: '2026-04', items: ITEMS, ...more });

  it('have the exact sum of their lines as amount unless another amount is given', async () => {
    await put(april(), april({ invoice_uuid: 'wrong', invoice_period: '2026-03', amount: '1' }));
    expect((await get('invoices')).body).toMatchObject({ invoices: [{ amount: '1233530.11' }, { amount: '1.00' }], meta: { total: 2 } });
  });

  it('return lines without their truth, and omit missing ids', async () => {
    await put(april());
    const { text } = await get('invoices/april?per_page=200');
    expect(text).not.toContain('truth');
    expect(text).not.toContain('null');
    expect((await world.control.account()).invoices[0]?.items[4]?.truth).toEqual({ kind: 'tax' });
  });

  it('are written in the current CSV format of the provider', async () => {
    await put(april());
    const { text } = await get('invoices/april/csv');
    expect(text).toBe(
      [
        'product,group_description,description,hours,start,end,USD,project_name,category',
        'Droplets,,web-01 (s-1vcpu-1gb),720,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$6.00,"Acme, ""the"" shop",iaas',
        'Droplets,,taxi-01 (s-1vcpu-1gb),0,2026-04-01 00:00:00 +0000,2026-04-01 00:20:00 +0000,$0.01,,iaas',
        'Spaces Bandwidth,,"two\nlines",720,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$1234567.80,,iaas',
        'Credits,,Goodwill,,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,-$1044.30,,iaas',
        'Taxes,,GST (10%),,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$0.60,,iaas',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [{ bom: true, crlf: true }, /^\uFEFFproduct,.*\r\n[^]*\r\n$/],
    [{ header: 'no_category' }, /^product,.*,USD,project_name\n/],
    [{ header: 'oldest' }, /^product,.*,USD\n/],
    [{ thousands: true }, /,"\$1,234,567.80",/],
    [{ dollars: false }, /,1234567.80,/],
    [{ negative: '$-1.23' }, /,\$-1044.30,/],
    [{ negative: '($1.23)', thousands: true }, /,"\(\$1,044.30\)",/],
    [{ negative: '($1.23)', dollars: false }, /,\(1044.30\),/],
    [{ final_second_end: true }, /,2026-04-30 23:59:59 \+0000,\$6.00/],
  ])('are written in the style %j', async (csv_style, expected) => {
    await put(april({ csv_style }));
    expect(Buffer.from(await (await raw('invoices/april/csv')).arrayBuffer()).toString('utf8')).toMatch(expected);
  });

  const raw = (path: string) =>
    fetch(`${world.simulator.url}/v2/customers/my/${path}`, {
      headers: { authorization: `Bearer ${world.simulator.token}`, accept: 'application/json' },
    });

  it('send a given document byte for byte, for any Accept header', async () => {
    await put(april({ csv: 'a,"b\r\n' }));
    const answer = await raw('invoices/april/csv');
    expect({ type: answer.headers.get('content-type'), text: await answer.text() }).toEqual({ type: 'text/csv', text: 'a,"b\r\n' });
  });

  it('are summed up by product, overages, taxes and credits', async () => {
    await put(april({ summary: { user_company: 'Override' } }));
    expect((await get('invoices/april/summary')).body).toMatchObject({
      amount: '1233530.11',
      billing_period: '2026-04',
      user_company: 'Override',
      product_charges: { amount: '6.01', items: [{ name: 'Droplets', amount: '6.01', count: '2' }] },
      overages: { amount: '1234567.80' },
      taxes: { amount: '0.60' },
      credits_and_adjustments: { amount: '-1044.30' },
    });
  });

  it('return the preview beside the list, and under the uuid preview', async () => {
    expect((await get('invoices/preview')).status).toBe(404);
    await put(april({ preview: true }), april({ invoice_uuid: 'march', invoice_period: '2026-03', items: [] }));
    expect((await get('invoices')).body).toMatchObject({
      invoices: [{ invoice_uuid: 'march' }],
      invoice_preview: { invoice_uuid: 'april' },
    });
    expect((await get('invoices/preview')).body.meta.total).toBe(5);
    expect((await get('billing_history')).body.meta.total).toBe(1);
  });

  it('each have a row in the history, dated the first of the next month, among the given rows', async () => {
    await put(april(), april({ invoice_uuid: 'december', invoice_period: '2025-12', items: [] }));
    await world.control.change({ billing_history: [{ description: 'Payment (MC 2018)', amount: '-5', date: '2026-04-02T08:00:00Z' }] });
    expect((await get('billing_history')).body).toMatchObject({
      billing_history: [
        { description: 'Invoice for April 2026', invoice_uuid: 'april', date: '2026-05-01T08:44:38Z', type: 'Invoice' },
        { type: 'Payment', amount: '-5.00' },
        { description: 'Invoice for December 2025', date: '2026-01-01T08:44:38Z' },
      ],
    });
  });

  it.each([
    [{ invoice_period: '2026-13' }, /YYYY-MM/],
    [{ items: [{ amount: '0.005' }] }, /items\[0\].amount/],
    [{ items: [{ amount: 1.5 }] }, /decimal text/],
    [{ csv_style: { crlf: 'yes' } }, /csv_style.crlf/],
  ])('refuse %j', async (invoice, reason) => {
    await expect(put(invoice)).rejects.toThrow(reason);
  });

  it('are available as a readable PDF', async () => {
    await put(april());
    const { text } = await get('invoices/april/pdf');
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    expect(text.slice(start, start + 4)).toBe('xref');
  });
});
