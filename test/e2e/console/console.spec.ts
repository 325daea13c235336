import { until } from '../../support/until';
import { ConsoleWorld, describeInBrowser, type WatchedPage } from './console-world';
import { moneyJobs } from './money-jobs';
import { steeringJobs } from './steering-jobs';
import { webhookJobs } from './webhook-jobs';

interface Listed {
  readonly data: readonly { readonly id: string; readonly name: string; readonly provider_id: string }[];
}

let world: ConsoleWorld;
const opened: WatchedPage[] = [];
const open = async (...args: Parameters<ConsoleWorld['open']>) => {
  const page = await world.open(...args);
  opened.push(page);
  return page;
};

describeInBrowser('the console in a browser', () => {
  beforeAll(async () => {
    world = await ConsoleWorld.start();
  });
  afterAll(() => world?.close());
  afterEach(async () => {
    const faults = opened.flatMap((page) => page.faults);
    for (const page of opened.splice(0)) await page.close();
    // No page may have an error of the console, a report of the policy, a failed or a foreign request.
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });

  it('signs in by the line that npm start prints first, loses the token from the address, keeps it from scripts, and signs out', async () => {
    expect(world.link).toMatch(/^console: http:\/\/127\.0\.0\.1:\d+\/console#token=[\w-]+\.[\w-]+\.[\w-]+$/);
    const { page } = await open('admin', '/inventory');
    await page.getByRole('row', { name: /acme/ }).first().waitFor();
    expect(page.url()).toBe(`${world.api}/console/inventory`);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('eyJ');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('has no finding of axe-core on any route, for both callers and in both schemes', async () => {
    const { data: droplets } = await world.call<Listed>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme');
    const { data: sweeps } = await world.call<Listed>('admin', '/api/v1/sweeps');
    const { data: charged } = await world.call<Listed>('admin', '/api/v1/billing/invoices?limit=1');
    const { data: cards } = await world.call<Listed>('admin', '/api/v1/rate-cards');
    const { data: zones } = await world.call<Listed>('admin', '/api/v1/inventory?kind=dns_zone&tenant_id=acme');
    const { data: databases } = await world.call<Listed>('admin', '/api/v1/inventory?kind=managed_db');
    const { data: sagas } = await world.call<Listed>('admin', '/api/v1/sagas');
    const resource = `/resources/${droplets[0]?.id}`;
    const zone = `/dns/${zones[0]?.id}`;
    const order = '/order?kind=provision_droplet';
    const routes = {
      admin: [
        '/inbox',
        '/inventory',
        resource,
        '/drift',
        '/sagas',
        '/sagas/bulk',
        '/order',
        order,
        '/projects',
        '/ownership-rules',
        '/ownership-moves',
        '/provider-invoices',
        `/provider-invoices/${charged[0]?.id}`,
        '/cost-lines',
        '/pnl',
        '/month-runs',
        '/rate-cards',
        `/rate-cards/${cards[0]?.id}`,
        `/rate-cards/${cards[0]?.id}/edit`,
        '/rate-overrides',
        '/payments',
        '/credit-notes',
        '/wallets',
        '/billing-settings',
        '/invoices',
        '/tenants',
        '/tenants/acme',
        '/sweeps',
        `/sweeps/${sweeps[0]?.id}`,
        '/provider',
        '/kinds',
        '/webhooks',
        '/notifications',
        '/dns',
        zone,
        '/expiring',
        `/resources/${databases[0]?.id}`,
        `/sagas/${sagas[0]?.id}`,
        '/audit',
        '/events',
        '/costs',
        '/costs?by=day',
      ],
      tenant: ['/overview', '/inventory', resource, order, '/sagas', '/events', '/costs', '/webhooks', '/notifications', zone, '/kinds'],
    } as const;
    const found: string[] = [];
    for (const who of ['admin', 'tenant'] as const) {
      const watched = await open(who, routes[who][0]);
      for (const route of routes[who]) {
        await watched.go(route);
        await watched.page.getByRole('heading', { level: 1 }).waitFor();
        await until(async () => (await watched.page.locator('[aria-busy]').count()) === 0);
        found.push(...(await watched.axeInBothSchemes(`${who} ${route}`)));
      }
    }
    expect(found).toEqual([]);
  });

  it('gives the page of every record a title and the way back, also where the record cannot be read', async () => {
    const watched = await open('admin', '/inbox');
    const { page } = watched;
    const none = '00000000-0000-4000-8000-000000000000';
    const pages = [
      ['/resources', 'Resource', 'Inventory'],
      ['/tenants', 'Tenant', 'Tenants'],
      ['/sagas', 'Saga', 'Sagas'],
      ['/sagas/bulk', 'Bulk job', 'Bulk jobs'],
      ['/invoices', 'Invoice', 'Invoices'],
      ['/provider-invoices', 'Provider invoice', 'Provider invoices'],
      ['/rate-cards', 'Rate card', 'Rate cards'],
      ['/sweeps', 'Sweep', 'Sweeps'],
      ['/webhooks', 'Webhook', 'Webhooks'],
      ['/dns', 'DNS zone', 'DNS zones'],
    ] as const;
    const shows = async (title: string, list: string) => {
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: list, exact: true }).waitFor();
    };
    for (const [path, what, list] of pages) {
      await watched.go(`${path}/${none}`);
      await shows(`There is no such ${what.toLowerCase()}`, list);
    }
    expect(await watched.axeInBothSchemes('a record that is missing')).toEqual([]);
    await page.route('**/api/v1/sweeps/*', (route) =>
      route.fulfill({ status: 403, json: { code: 'forbidden', detail: 'Only for operators.' } }),
    );
    await watched.go(`/sweeps/${none}`);
    await shows('This sweep is not for you', 'Sweeps');
    await page.route('**/api/v1/tenants/*', (route) => route.fulfill({ status: 500, json: { code: 'internal', detail: 'No answer.' } }));
    await watched.go(`/tenants/${none}`);
    await shows('Tenant', 'Tenants'); // while it is asked again
    await shows('Tenant not read', 'Tenants');
    await page.unroute('**/api/v1/tenants/*');
    await page.getByRole('button', { name: 'Retry' }).click();
    await shows('There is no such tenant', 'Tenants');
    await page.getByRole('link', { name: 'Back to Tenants' }).click();
    await page.getByRole('heading', { level: 1, name: 'Tenants' }).waitFor();
    await watched.go('/nowhere');
    await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
    watched.faults.splice(0); // the refusals that this test asked for
  });

  it('works by keyboard alone: goes to a place, moves in the table, opens, searches', async () => {
    const { page } = await open('admin', '/sagas');
    await page.getByRole('heading', { level: 1, name: 'Sagas' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('heading', { level: 1, name: 'Inventory' }).waitFor(); // the list of sagas has a first row too
    const first = page.locator('tbody tr[data-index="0"]');
    await first.waitFor();
    await first.focus();
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    const third = page.locator('tbody tr[data-index="2"]');
    await until(async () => (await page.evaluate('document.activeElement?.dataset.index')) === '2');
    const name = (await third.locator('td').nth(1).textContent()) ?? '';
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.keyboard.press('/');
    await page.getByPlaceholder('Search resources, or type a command').fill('acme-web-01');
    await page
      .getByRole('button', { name: /^acme-web-01/ })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'acme-web-01' }).waitFor();
    expect(page.url()).toContain('/console/resources/');
  });

  it('has no finding of axe-core in a dialog, menu or drawer: keys, search, filter, views, bulk change, power, order', async () => {
    const watched = await open('admin', '/inventory');
    const { page } = watched;
    const rows = page.locator('tbody tr[data-index]');
    await rows.first().waitFor();
    const found: string[] = [];
    const check = async (name: string, what: string) => {
      await page.locator(what).first().waitFor();
      await until(async () => (await page.locator('[aria-busy]').count()) === 0);
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
    await page.goto(`${world.api}/console/inventory?kind=droplet&tenant_id=acme`);
    await rows.first().click();
    await page.getByRole('button', { name: 'Power', exact: true }).click();
    await page.getByRole('menuitem').first().click();
    await check('power', '[role="dialog"]');
    expect(found).toEqual([]);
  });

  it('changes many at once only after the counts of a dry run: what changes, and what stays as it is', async () => {
    const { page } = await open('admin', '/inventory?kind=droplet&tenant_id=acme');
    const dialog = page.getByRole('dialog');
    const change = async (verb: string, rows: number, changed: number, stays: number) => {
      for (let row = 0; row < rows; row += 1) await page.locator(`tbody tr[data-index="${row}"]`).getByRole('checkbox').check();
      await page.getByRole('button', { name: `${verb}…`, exact: true }).click();
      await dialog.getByText('Will change').waitFor();
      const counts = await dialog.locator('dd').allTextContents();
      expect(counts.slice(0, 2)).toEqual([String(changed), String(stays)]);
      const confirm = dialog.getByRole('button', { name: `${verb} ${changed}`, exact: true });
      expect(await confirm.isDisabled()).toBe(true); // until there is a reason
      await dialog.getByLabel('Reason').fill('checked in the console');
      await confirm.click();
      await page
        .getByRole('status')
        .filter({ hasText: `Done: ${changed}` })
        .waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
    };
    await change('Protect', 2, 2, 0);
    await change('Unprotect', 3, 2, 1);
    const protectedOnes = await world.call<Listed>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&protected=true');
    expect(protectedOnes.data).toEqual([]);
  });

  it('keeps at most 60 rows of a long table in the page, its filters in the address, and an address as a view', async () => {
    const { page } = await open('admin', '/inventory');
    const rows = page.locator('tbody tr[data-index]');
    await rows.first().waitFor();
    expect(Number(await page.getByRole('table').getAttribute('aria-rowcount'))).toBeGreaterThan(200);
    expect(await rows.count()).toBeLessThanOrEqual(60);
    const kept = await page.locator('tbody tr[data-index="15"]').elementHandle();
    await page.locator('.tb').evaluate((table) => table.scrollTo(0, 600));
    await page.locator('tbody tr[data-index="45"]').waitFor();
    expect(await kept?.evaluate((row) => row.isConnected)).toBe(true); // scrolling builds the rows that come into view, and no others
    await page.locator('.tb').evaluate((table) => table.scrollTo(0, table.scrollHeight));
    await page.locator('tbody tr[data-index="200"]').waitFor();
    expect(await rows.count()).toBeLessThanOrEqual(60);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('menuitem', { name: 'kind' }).click();
    await page.getByRole('combobox', { name: 'kind' }).fill('Volume');
    await page.getByRole('option', { name: 'Volume' }).click();
    await page.waitForURL(/kind=volume/);
    await page.getByRole('button', { name: 'Remove filter kind' }).waitFor();
    await page.reload();
    await page.getByRole('cell', { name: 'Volume' }).first().waitFor();
    expect(await page.getByRole('cell', { name: 'Droplet' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'CSV' }).getAttribute('href')).toBe('/api/v1/inventory.csv?kind=volume');
    await page.getByRole('button', { name: 'Views', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    await page.getByLabel('Name of the view').fill('All volumes');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove filter kind' }).click();
    await page.waitForURL((url) => url.search === '');
    await page.reload();
    await page.getByRole('button', { name: 'Views', exact: true }).click();
    await page.getByRole('menuitem', { name: 'All volumes' }).click();
    await page.waitForURL(/kind=volume/);
  });

  it('lets a tenant do its whole job: price, order, power, protection, and the destroy that protection refuses', async () => {
    const name = 'acme-console-01';
    type Droplets = { readonly droplets: readonly { readonly name: string; readonly status: string }[] };
    const atProvider = async () => {
      const { droplets } = await world.atProvider<Droplets>('/v2/droplets?per_page=200');
      return droplets.find((droplet) => droplet.name === name)?.status;
    };
    const watched = await open('tenant', '/order');
    const { page } = watched;
    await page.getByRole('link', { name: 'New droplet' }).click();
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByText('Name is needed').waitFor(); // nothing is asked of the server before
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Size', { exact: true }).first().fill('2 vcpu 4 gib');
    await page.getByRole('radio', { name: 's-2vcpu-4gb', exact: true }).check();
    expect(await page.getByRole('status', { name: 'Price' }).textContent()).toContain('$24.00 a month');
    await page.getByLabel('Region').fill('fra1');
    await page.getByRole('option', { name: /^fra1/ }).click();
    await page.getByLabel('Image').fill('ubuntu-24-04-x64');
    await page.getByRole('option', { name: /^ubuntu-24-04-x64/ }).click();
    await page.getByLabel('Project').fill('Acme Stores');
    await page.getByRole('option', { name: /^Acme Stores/ }).click();
    await page.getByLabel('Reason').fill('seen in the console');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page
      .getByRole('region', { name: 'Plan' })
      .getByText(/create/i)
      .first()
      .waitFor();
    expect(await atProvider()).toBeUndefined();
    await page.getByRole('button', { name: /^Create the droplet/ }).click();
    const isDone = async (title: string) => {
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${title}`) }).waitFor();
      await page.locator('.head .pill.ok').waitFor({ timeout: 40_000 });
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) }).waitFor();
    };
    await isDone('Create');
    expect(await atProvider()).toBe('active');

    const dialog = page.getByRole('dialog');
    for (const [deed, status] of [
      ['Power off', 'off'],
      ['Power on', 'active'],
    ] as const) {
      await page.getByRole('button', { name: 'Power', exact: true }).click();
      await page.getByRole('menuitem', { name: `${deed}…` }).click();
      await dialog.getByRole('region', { name: 'Plan' }).waitFor();
      await dialog.getByRole('button', { name: deed }).click();
      await isDone('Power');
      expect(await atProvider()).toBe(status);
    }

    await page.getByRole('button', { name: 'Protect…' }).click();
    expect(await dialog.getByRole('button', { name: 'Protect', exact: true }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('the shop runs on it');
    await dialog.getByRole('button', { name: 'Protect', exact: true }).click();
    await page.locator('.head .pill', { hasText: 'Protected' }).waitFor();
    const address = page.url();
    const plan = page.getByRole('region', { name: 'Plan' });
    const planDestroy = async () => {
      await page.getByRole('link', { name: 'Destroy…' }).click();
      await page.getByRole('button', { name: 'Show the plan' }).click();
    };
    await planDestroy();
    await plan.getByText(/resource_protected/).waitFor();
    expect(await page.getByRole('button', { name: 'Destroy…' }).count()).toBe(0);

    await page.goto(address);
    await page.getByRole('button', { name: 'Unprotect…' }).click();
    await dialog.getByLabel('Reason').fill('the shop has moved');
    await dialog.getByRole('button', { name: 'Unprotect', exact: true }).click();
    await page.getByRole('button', { name: 'Protect…' }).waitFor();
    await planDestroy();
    await page.getByRole('button', { name: 'Destroy…' }).click();
    const button = dialog.getByRole('button', { name: 'Destroy', exact: true });
    expect(await button.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${name} to confirm`).fill(name);
    await button.click();
    await page.getByRole('heading', { level: 1, name: /^Destroy/ }).waitFor();
    await page.locator('.head .pill.ok').waitFor({ timeout: 40_000 });
    expect(await atProvider()).toBeUndefined();
  });

  moneyJobs({ world: () => world, open });

  it('asks before it uses a token that another site posts, and keeps the session that there is until then', async () => {
    const watched = await open('admin', '/sagas');
    const { page } = watched;
    const status = await page.evaluate(async (token) => {
      const body = new URLSearchParams({ token });
      return (await fetch('/console/session', { method: 'POST', body })).status;
    }, world.tokens.tenant);
    expect(status).toBe(403); // this origin is not one of CONSOLE_ORIGINS
    watched.faults.splice(0);
    const offer = async () => {
      await page.goto(world.mainApplication);
      await page.getByRole('button', { name: 'Open the console' }).click();
      await page.getByRole('heading', { name: 'Continue to the console?' }).waitFor();
    };
    await offer();
    expect(await watched.axeInBothSchemes('offer')).toEqual([]);
    await page.getByRole('button', { name: 'Not me' }).click();
    await page.getByRole('link', { name: 'Sweeps' }).waitFor(); // still the session of the admin
    await offer();
    await page.getByRole('button', { name: /^Continue as / }).click();
    await page.getByRole('link', { name: 'My resources' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'My resources' }).waitFor();
  });

  it('goes on after the api was killed in the middle of an order: the order ends, the page follows, nothing is ordered twice', async () => {
    const name = 'acme-survivor-01';
    type Planned = { readonly data: { readonly id: string } };
    type Droplets = { readonly droplets: readonly { readonly name: string }[] };
    const input = { name, size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' };
    const { data: saga } = await world.call<Planned>('tenant', '/api/v1/sagas', {
      method: 'POST',
      body: { kind: 'provision_droplet', input },
    });
    const watched = await open('tenant', `/sagas/${saga.id}`);
    await watched.page.getByRole('heading', { level: 1, name: `Create ${name}` }).waitFor();
    world.killApi();
    await until(() => watched.faults.length > 0, { what: 'a request that failed' });
    await watched.page.locator('.head .pill.ok').waitFor({ timeout: 120_000 });
    await watched.page.locator('.banner').waitFor({ state: 'hidden' });
    watched.faults.splice(0); // of the time without an api
    const { droplets } = await world.atProvider<Droplets>('/v2/droplets?per_page=200');
    expect(droplets.filter((droplet) => droplet.name === name)).toHaveLength(1);
  });

  it('shows an operator what a suspect sweep misses, by name, and releases it only when the count is typed', async () => {
    type Volume = { volume?: { droplet_ids: number[]; region: { slug: string } } };
    type Sweeps = { readonly data: readonly { readonly status: string }[] };
    const volumeOf = (id: string) => world.atProvider<Volume>(`/v2/volumes/${id}`);
    const { data: volumes } = await world.call<Listed>('admin', '/api/v1/inventory?kind=volume&limit=200');
    for (const { provider_id: id } of volumes) {
      const { volume } = await volumeOf(id);
      for (const droplet of volume?.droplet_ids ?? [])
        await world.atProvider(`/v2/volumes/${id}/actions`, {
          method: 'POST',
          body: { type: 'detach', droplet_id: droplet, region: volume?.region.slug },
        });
    }
    for (const { provider_id: id } of volumes) {
      await until(async () => ((await volumeOf(id)).volume?.droplet_ids ?? []).length === 0);
      await world.atProvider(`/v2/volumes/${id}`, { method: 'DELETE' });
    }
    const watched = await open('admin', '/sweeps');
    const { page } = watched;
    await page.getByRole('button', { name: 'Sweep…' }).click();
    await page.getByRole('menuitem', { name: 'Sweep volumes again' }).click();
    await page.getByRole('heading', { level: 1, name: 'Volume sweep' }).waitFor();
    const isSuspect = async () => {
      const { data } = await world.call<Sweeps>('admin', '/api/v1/sweeps?kind=volume&limit=1');
      const status = data[0]?.status;
      if (status !== 'running' && status !== 'suspect')
        await world.call('admin', '/api/v1/sweeps', { method: 'POST', body: { kind: 'volume' } }); // it began before the volumes were deleted
      return status === 'suspect';
    };
    await until(isSuspect, { what: 'a suspect sweep of volumes', withinMs: 120_000 });
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.getByRole('link', { name: /^Volume sweep did not list/ }).click({ timeout: 40_000 }); // the latest, which counts
    await page.getByText('This list may be wrong').waitFor();
    await page
      .getByRole('row', { name: new RegExp(volumes[0]?.name ?? 'none') })
      .first()
      .waitFor();
    await page.getByRole('button', { name: /^Release \d+ as missing/ }).click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Release', exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    expect(await watched.axeInBothSchemes('release')).toEqual([]);
    const typed = dialog.getByLabel(/^Type \d+ to confirm/);
    const count = /Type (\d+)/.exec((await dialog.textContent()) ?? '')?.[1] ?? '';
    await typed.fill(count);
    expect(await confirm.isDisabled()).toBe(true); // and a reason
    await dialog.getByLabel('Reason').fill('the volumes were deleted on purpose');
    await confirm.click();
    await page.locator('.head .pill', { hasText: 'Released' }).waitFor();
  });

  it('reverts a drift with its plan: the size that somebody changed at the provider is put back', async () => {
    const { data } = await world.call<Listed>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&q=acme-web-01');
    const droplet = data.find(({ name }) => name === 'acme-web-01');
    await world.call('admin', `/api/v1/inventory/${droplet?.id}/adopt`, { method: 'POST', body: {} });
    await world.atProvider(`/v2/droplets/${droplet?.provider_id}/actions`, {
      method: 'POST',
      body: { type: 'rename', name: 'acme-renamed' },
    });
    const atProvider = () => world.atProvider<{ droplet: { name: string } }>(`/v2/droplets/${droplet?.provider_id}`);
    await until(async () => (await atProvider()).droplet.name === 'acme-renamed');
    const watched = await open('admin', `/resources/${droplet?.id}`);
    const { page } = watched;
    await world.call('admin', '/api/v1/sweeps', { method: 'POST', body: { kind: 'droplet' } });
    await page.getByRole('heading', { level: 1, name: 'acme-renamed' }).waitFor({ timeout: 40_000 });
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.getByRole('button', { name: 'Compare now' }).click();
    await page.getByRole('row', { name: /acme-renamed/ }).click();
    await page.getByRole('button', { name: 'Plan the way back' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('region', { name: 'Plan' }).getByText('acme-web-01').first().waitFor();
    expect(await watched.axeInBothSchemes('plan of a revert')).toEqual([]);
    await dialog.getByRole('button', { name: 'Put back' }).click();
    await page.getByRole('heading', { name: /^Put back/ }).waitFor();
    await page.locator('.head .pill.ok').waitFor({ timeout: 40_000 });
    expect((await atProvider()).droplet.name).toBe('acme-web-01');
  });

  const stack = { world: () => world, open };
  steeringJobs(stack);
  webhookJobs(stack);
});
