import { BillingProfiles, DraftChanges, InvoiceIssue, TaxRules, TenantInvoiceService, WalletBalances, Wallets } from '#libs/tenant-billing';
import { newMoneyWorld, type MoneyWorld } from './money-world';
import { BECAUSE } from './rating-world';

let world: MoneyWorld;
beforeAll(async () => {
  world = await newMoneyWorld(['birch', 'dora']);
});
afterAll(() => world.close());

/** All rows of a list that is read page by page. */
async function readPages<Row>(
  read: (cursor: {
    readonly cursor?: string;
  }) => Promise<{ readonly data: readonly Row[]; readonly page: { readonly next_cursor: string | null } }>,
): Promise<Row[]> {
  const { data, page } = await read({});
  const rows = [...data];
  for (let next = page.next_cursor; next !== null;) {
    const more = await read({ cursor: next });
    rows.push(...more.data);
    next = more.page.next_cursor;
  }
  return rows;
}

describe('wallets', () => {
  const grant = (kind: 'money' | 'promotion', amount: string) =>
    world
      .service(Wallets)
      .grant('birch', { kind, source: 'granted', amount, currency: 'USD', expires_at: null, reason: 'a test' }, BECAUSE);

  it('lower the net by the promotion at the approval, before tax, and pay by money at the issue; both come back [TBL-8]', async () => {
    const profiles = world.service(BillingProfiles);
    const issuer = await profiles.issuer('default');
    const tax_ids = [{ kind: 'ABN', id: '51 824 753 556' }];
    await profiles.replaceIssuer(
      'default',
      { ...issuer, name: 'Harbour', address: 'Quay 1', country: 'AU', tax_ids },
      issuer.version,
      BECAUSE,
    );
    await world.service(TaxRules).addSet('default', 'AU', BECAUSE);
    const profile = { ...(await profiles.profile('birch')), legal_name: 'Birch', address: 'Road 1', country: 'AU', is_business: true };
    await profiles.replaceProfile('birch', profile, profile.version, BECAUSE);
    await grant('promotion', '10.00');
    await grant('money', '30.00');
    const [invoices, issues] = [world.service(TenantInvoiceService), world.service(InvoiceIssue)];
    const lines = [{ description: 'Work', quantity: '1', unit: 'hour', unit_price: '100.00' }];
    const { id, ...draft } = await invoices.createOneOff('birch', lines, BECAUSE);
    expect(draft).toMatchObject({ net: '90.00', tax: '9.00', total: '99.00' });
    const changes = world.service(DraftChanges);
    expect(await changes.read(id)).toMatchObject({ outdated: false, lines: [] });
    await grant('promotion', '2.50');
    expect(await changes.read(id)).toMatchObject({
      outdated: true,
      net_before: '90.00',
      net_after: '87.50',
      lines: [{ change: 'changed', kind: 'promotion', before: '-10.00', after: '-12.50' }],
    });
    await invoices.refresh(id, null, BECAUSE);
    expect((await changes.read(id)).outdated).toBe(false);
    await invoices.approve(id, null, BECAUSE);
    expect(await world.balance('birch', 'promotion')).toBe(0);
    await invoices.unapprove(id, null, BECAUSE);
    expect(await world.balance('birch', 'promotion')).toBe(1_250);
    const page = { limit: 1 };
    const balances = world.service(WalletBalances);
    const [first, second] = await readPages((cursor) => balances.list({ kind: 'tenant', tenantId: 'birch' }, { ...page, ...cursor }, {}));
    expect([first, second]).toMatchObject([
      { tenant_id: 'birch', kind: 'money', balance: '30.00' },
      { tenant_id: 'birch', kind: 'promotion', balance: '12.50' },
    ]);
    expect((await balances.list({ kind: 'tenant', tenantId: 'dora' }, { limit: 9 }, { tenant_id: 'birch' })).data).toEqual([]);
    await invoices.approve(id, null, BECAUSE);
    await expect(changes.read(id)).rejects.toMatchObject({ code: 'verb_not_possible' });
    expect(await issues.issue(id, null, BECAUSE)).toMatchObject({ due: '66.25', payment_status: 'partly_paid' });
    expect(await world.balance('birch')).toBe(0);
    await issues.void(id, null, BECAUSE);
    expect([await world.balance('birch'), await world.balance('birch', 'promotion')]).toEqual([3_000, 1_250]);
  });
});
