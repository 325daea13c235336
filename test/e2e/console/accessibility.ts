import type { Caller, Listed, Stack } from './console-world';

/** Every route, by area and caller; `:name` is the first record of that list. */
const ROUTES: Readonly<Record<string, readonly [Caller, readonly string[]]>> = {
  'the estate': [
    'admin',
    [
      '/inbox',
      '/inventory',
      '/resources/:droplet',
      '/resources/:database',
      '/drift',
      '/drift-rules',
      '/sagas',
      '/sagas/:saga',
      '/sagas/bulk',
      '/order',
      '/order?kind=provision_droplet',
      '/projects',
      '/ownership-rules',
      '/ownership-moves',
    ],
  ],
  'the money': [
    'admin',
    [
      '/costs',
      '/costs?by=day',
      '/provider-invoices',
      '/provider-invoices/:charged',
      '/cost-lines',
      '/pnl',
      '/month-runs',
      '/invoices',
      '/invoices/new?tenant_id=acme',
      '/payments',
      '/credit-notes',
      '/wallets',
    ],
  ],
  'the prices': [
    'admin',
    [
      '/rate-cards',
      '/rate-cards/:card',
      '/rate-cards/:card/edit',
      '/rate-overrides',
      '/list-prices',
      '/billing-settings',
      '/tenants',
      '/tenants/acme',
      '/expiring',
    ],
  ],
  'the operations': [
    'admin',
    [
      '/sweeps',
      '/sweeps/:sweep',
      '/provider',
      '/kinds',
      '/webhooks',
      '/notifications',
      '/dns',
      '/dns/:zone',
      '/audit',
      '/events',
      '/invoices/:none',
      '/nowhere',
    ],
  ],
  'the own estate': [
    'tenant',
    ['/overview', '/inventory', '/resources/:droplet', '/order?kind=provision_droplet', '/sagas', '/dns/:zone', '/kinds'],
  ],
  'the own money and events': ['tenant', ['/costs', '/costs?by=resource', '/events', '/webhooks', '/notifications', '/expiring']],
};

const LISTS = {
  droplet: '/api/v1/inventory?kind=droplet&tenant_id=acme',
  database: '/api/v1/inventory?kind=managed_db',
  zone: '/api/v1/inventory?kind=dns_zone&tenant_id=acme',
  saga: '/api/v1/sagas',
  sweep: '/api/v1/sweeps',
  charged: '/api/v1/billing/invoices?limit=1',
  card: '/api/v1/rate-cards',
} as const;

/** Every page and dialog is read by axe-core in both schemes. */
export function accessibility({ world, open }: Stack): void {
  const records = new Map([['none', '00000000-0000-4000-8000-000000000000']]);
  beforeAll(async () => {
    for (const [name, path] of Object.entries(LISTS)) {
      const { data } = await world().call<Listed>('admin', path);
      records.set(name, data[0]?.id ?? `no record of ${path}`);
    }
  });

  for (const [area, [who, routes]] of Object.entries(ROUTES)) {
    it(`has no finding of axe-core on any page of ${area}, as ${who}, in both schemes`, async () => {
      const paths = routes.map((route) => route.replace(/:([a-z]+)/, (_all, name: string) => records.get(name) ?? name));
      const found: string[] = [];
      const watched = await open(who, '/kinds');
      for (const path of paths) {
        await watched.go(path);
        await watched.page.getByRole('heading', { level: 1 }).waitFor();
        await watched.settled();
        found.push(...(await watched.axeInBothSchemes(`${who} ${path}`)));
        if (path.includes(records.get('none') ?? 'none')) watched.faults.splice(0); // the refusal of a record that is missing
      }
      expect(found).toEqual([]);
    });
  }

  it('has no finding of axe-core in a dialog, menu or drawer: keys, search, filter, views, bulk change, power, order', async () => {
    const watched = await open('admin', '/inventory');
    const { page } = watched;
    const rows = page.locator('tbody tr[data-index]');
    await rows.first().waitFor();
    const found: string[] = [];
    const check = async (name: string, what: string) => {
      await page.locator(what).first().waitFor();
      await watched.settled();
      found.push(...(await watched.axeInBothSchemes(name)));
      await page.keyboard.press('Escape');
      await page.locator(what).first().waitFor({ state: 'hidden' });
    };
    await page.keyboard.press('?');
    await check('keys', '[role="dialog"]');
    await page.keyboard.press('/');
    await check('search', '[role="dialog"]');
    await page.keyboard.press('f');
    await check('filters', '[role="menu"]');
    await page.getByRole('button', { name: 'Views', exact: true }).click();
    await check('views', '[role="menu"]');
    await page.getByRole('button', { name: 'Columns' }).click();
    await check('columns', '.mantine-Popover-dropdown');
    await rows.first().getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Protect…', exact: true }).click();
    await check('bulk change', '[role="dialog"]');
    await page.goto(`${world().api}/console/inventory?kind=droplet&tenant_id=acme`);
    await rows.first().click();
    await page.getByRole('button', { name: 'Power', exact: true }).click();
    await page.getByRole('menuitem').first().click();
    await check('power', '[role="dialog"]');
    expect(found).toEqual([]);
  });
}
