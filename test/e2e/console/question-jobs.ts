import type { Locator } from 'playwright-core';
import { until } from '../../support/until';
import type { Stack } from './console-world';

interface Addressed {
  readonly data: readonly {
    readonly name: string;
    readonly tenant_id: string;
    readonly attrs: { readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] } };
  }[];
}

/** docs/operations.md, "Questions of every day", has the ways with their clicks. */
export function questionJobs({ world, open }: Stack): void {
  it('answers each question of every day in at most three clicks from the page after the sign-in', async () => {
    const { page } = await open('second admin', '/inbox'); // the operator may not approve an order of its own
    const places = page.getByRole('navigation').first();
    const place = (name: string) => places.getByRole('link', { name: new RegExp(`^${name}\\b`) }).first();
    const choice = (name: string) => page.getByRole('button', { name, exact: true });
    const costs = page.getByRole('table', { name: 'Costs', exact: true });
    const ways: readonly (readonly [question: string, clicks: readonly Locator[], answer: Locator])[] = [
      ['what costs most', [place('Costs'), choice('Resource')], costs.getByRole('link').first()],
      [
        'what changed last night',
        [place('Events'), choice('Last night')],
        page.locator('button[aria-pressed="true"]', { hasText: 'Last night' }),
      ],
      ['which order needs somebody', [page.getByRole('button', { name: /asks for approval/ }).first()], choice('Approve…')],
      ['what will this month cost', [place('Costs')], page.getByText(/^About \$[\d,.]+ by the end of/)],
      [
        'why is the bill of acme higher than last month',
        [place('Costs'), costs.getByRole('link', { name: 'acme', exact: true })],
        page.getByRole('table', { name: /^Why it differs from/ }).getByRole('row').nth(1), // prettier-ignore
      ],
    ];
    for (const [question, clicks, answer] of ways) {
      await place('Inbox').click();
      await page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
      for (const click of clicks) await click.click();
      await answer.waitFor();
      expect({ question, isShort: clicks.length <= 3 }).toEqual({ question, isShort: true });
    }
  });

  it('names the owner of an address, and why, after the address and Enter', async () => {
    const { data } = await world().call<Addressed>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&limit=1');
    const [droplet] = data;
    const address = droplet?.attrs.networks.v4.find(({ type }) => type === 'public');
    const { page } = await open('admin', '/inbox');
    await page.keyboard.press('/');
    await page.getByPlaceholder('Search resources, or type a command').fill(address?.ip_address ?? 'none');
    await page.getByRole('button', { name: new RegExp(`^${droplet?.name}`) }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: droplet?.name }).waitFor();
    const owner = page.getByRole('region', { name: 'Owner' });
    await owner.getByText('acme').first().waitFor();
  });

  it('changes what holds for all: reminders, an exchange rate, a list price, the default limits; a dialog keeps what is typed', async () => {
    const watched = await open('admin', '/billing-settings');
    const { page } = watched;
    const dialog = page.getByRole('dialog').first();
    const found: string[] = [];
    const finish = async (button: string, reason?: string) => {
      if (reason) await dialog.getByLabel('Reason').fill(reason);
      found.push(...(await watched.axeInBothSchemes(button)));
      await dialog.getByRole('button', { name: button, exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    const get = async <T>(path: string) => (await world().call<{ readonly data: T }>('admin', path)).data;

    await page.getByRole('button', { name: 'Edit Reminders' }).click();
    await dialog.getByRole('button', { name: 'Add a step' }).click();
    await dialog.getByLabel('Days after').last().fill('1.5');
    await dialog.getByText('must be a whole number from 0 to 365').waitFor();
    await dialog.getByLabel('Days after').last().fill('63');
    await finish('Save', 'a last reminder');
    await page.getByRole('cell', { name: '63 days after' }).waitFor();

    const add = page.getByRole('button', { name: 'Add a rate' }).first();
    await add.click();
    await dialog.getByLabel('Currency').fill('USD');
    await dialog.getByLabel(/^A US dollar costs/).fill('0.9231');
    await dialog.getByLabel('Source').fill('ECB');
    await dialog.getByRole('button', { name: 'Add a rate' }).click();
    await dialog.getByText('must not be USD').first().waitFor();
    expect(await dialog.getByLabel('Currency').getAttribute('aria-invalid')).toBe('true');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Go on editing' }).click();
    expect(await dialog.getByLabel('Source').inputValue()).toBe('ECB');
    await dialog.getByLabel('Currency').fill('EUR');
    await finish('Add a rate');
    expect(await get('/api/v1/billing/fx-rates?currency=EUR')).toMatchObject([{ rate: '0.9231', source: 'ECB' }]);
    await until(() => add.evaluate((element) => element === element.ownerDocument.activeElement), { what: 'the focus on its button' });

    await watched.go('/list-prices?q=snapshot');
    await page.getByRole('row', { name: /^Snapshot/ }).first().click(); // prettier-ignore
    await dialog.getByLabel(/^Price,/).fill('0.07');
    await dialog.getByLabel('Note').fill('price list of December 2026');
    await finish('Set a price', 'checked at the provider');
    await page.getByText('price list of December 2026').first().waitFor();

    await watched.go('/tenants');
    await page.getByRole('button', { name: 'Default limits…' }).click();
    await dialog.getByLabel('Droplets').fill('21');
    await finish('Save', 'room for one more');
    expect(await get('/api/v1/tenants/default/limits')).toMatchObject({ max_droplets: 21 });
    expect(found).toEqual([]);
    watched.faults.splice(0); // of the currency that was refused
  });

  it('renames a tenant, and shows what a status would stop, or why it would be refused, before it is changed', async () => {
    type Named = { readonly data: { readonly name: string } };
    const { name } = (await world().call<Named>('admin', '/api/v1/tenants/acme')).data;
    const watched = await open('admin', '/tenants/acme');
    const { page } = watched;
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Edit Profile', exact: true }).click();
    await dialog.getByLabel('Name').fill('Acme Limited');
    await dialog.getByLabel('Notes').fill('Pays late in summer.');
    expect(await watched.axeInBothSchemes('profile of a tenant')).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Acme Limited' }).waitFor();
    await page.getByText('Pays late in summer.').waitFor();
    await page.getByRole('button', { name: 'Status…' }).click();
    const choose = async (status: string) => {
      await dialog.getByLabel('Status').first().click();
      await page.getByRole('option', { name: status }).click();
    };
    await choose('Closed');
    await dialog.getByText(/409 tenant_not_empty/).waitFor(); // prettier-ignore
    await choose('Suspended');
    await dialog.getByText('start something new').waitFor();
    await dialog.getByLabel('Reason').fill('unpaid since May');
    const suspend = dialog.getByRole('button', { name: 'Change to suspended' });
    expect(await suspend.isDisabled()).toBe(true); // until its id is typed
    await dialog.getByLabel('Type acme to confirm').fill('acme');
    expect(await watched.axeInBothSchemes('status of a tenant')).toEqual([]);
    await suspend.click();
    await page.locator('.head .pill', { hasText: 'Suspended' }).waitFor();
    await world().call('admin', '/api/v1/tenants/acme', { method: 'PATCH', body: { status: 'active', name, notes: null, reason: 'paid' } });
  });

  it('has the newest events of a tenant on its home, and a dash where the cost of the month is not known', async () => {
    const newest = await world().call<{ data: { type: string; at: string }[] }>('tenant', '/api/v1/events?sort=-sequence&limit=1');
    const { page } = await open('tenant', '/overview');
    const happened = page.getByRole('region', { name: 'What happened' });
    await happened.locator(`time[datetime="${newest.data[0]?.at}"]`).first().waitFor();
    await page.route('**/api/v1/me', async (route) => {
      const response = await route.fetch();
      const me = (await response.json()) as { data: { usage: object } };
      return route.fulfill({ response, json: { ...me, data: { ...me.data, usage: { ...me.data.usage, month_to_date: null } } } });
    });
    await page.reload();
    await page.locator('.headline', { hasText: '—' }).waitFor();
    await page.getByText('It is not known before every kind was listed once.').waitFor();
  });

  it('says of an empty list that only its filters match nothing, and shows the whole list again', async () => {
    const watched = await open('tenant', '/inventory?q=no-such-name');
    const { page } = watched;
    const places = ['/inventory?q=no-such-name', '/sagas?q=no-such-name', '/payments?reference=no-such-name'];
    for (const path of places) {
      await watched.go(path);
      await page.getByRole('heading', { name: 'Nothing matches the filters' }).waitFor();
      await page.getByRole('button', { name: 'Clear the filters' }).click();
      await page.getByRole('heading', { name: 'Nothing matches the filters' }).waitFor({ state: 'detached' });
      expect(page.url()).not.toContain('no-such-name');
    }
  });
}

/** Questions about tenants that come later, and about documents that were issued. */
export function laterQuestionJobs({ world, open }: Stack): void {
  it('offers a tenant that owns nothing, with its name, and assigns to none before one is chosen', async () => {
    const body = { id: 'newcomer', name: 'Newcomer Ltd', reason: 'signed' };
    await world().call('admin', '/api/v1/tenants', { method: 'POST', body });
    const { data } = await world().call<{ data: { id: string }[] }>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&limit=1');
    const { page } = await open('admin', `/resources/${data[0]?.id}`);
    await page.getByRole('button', { name: 'Assign…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('a test');
    expect(await dialog.getByRole('button', { name: 'Assign', exact: true }).isDisabled()).toBe(true);
    await dialog.getByLabel('Tenant').fill('newcomer');
    await page.getByRole('option', { name: 'newcomer · Newcomer Ltd' }).click();
    expect(await dialog.getByRole('button', { name: 'Assign', exact: true }).isDisabled()).toBe(false);
    await page.keyboard.press('Escape');
  });

  it('says that what runs was ordered only after a comparison since the last change', async () => {
    const { data } = await world().call<{ data: { id: string }[] }>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&limit=50');
    const details = await Promise.all(
      data.map(({ id }) => world().call<{ data: { id: string; desired_state: object | null } }>('admin', `/api/v1/inventory/${id}`)),
    );
    const ordered = details.find((one) => one.data.desired_state !== null)?.data.id;
    const { page } = await open('admin', '/inbox');
    const answer = (detected_at: string | null) =>
      page.route('**/api/v1/drift?*', (route) =>
        route.fulfill({ json: { as_of: null, completeness: {}, detected_at, page: { next_cursor: null }, data: [] } }),
      );
    await answer(null);
    await page.goto(`${world().api}/console/resources/${ordered}`);
    const card = page.getByRole('region', { name: 'Ordered and actual' });
    await card.getByText('It was never compared with what runs.').waitFor();
    await answer('2020-01-01T00:00:00Z');
    await page.reload();
    await card.getByText(/Last compared/).waitFor();
    expect(await card.getByText('What runs is what was ordered.').count()).toBe(0);
  });

  it('waits for a document that is being printed, and then downloads it', async () => {
    const { data } = await world().call<{ data: { id: string; number: string }[] }>(
      'tenant',
      '/api/v1/tenant-invoices?status=issued&limit=1',
    );
    const watched = await open('tenant', `/invoices/${data[0]?.id}`);
    const { page } = watched;
    let asked = 0;
    await page.route('**/document.pdf', (route) =>
      ++asked === 1
        ? route.fulfill({ status: 409, json: { status: 409, code: 'document_pending', detail: 'It is being printed.' } })
        : route.fulfill({ status: 200, contentType: 'application/pdf', body: '%PDF-1.7' }),
    );
    const file = page.waitForEvent('download');
    await page.getByRole('link', { name: 'PDF' }).first().click();
    await page.getByText('Being printed…').waitFor();
    expect((await file).suggestedFilename()).toBe(`${data[0]?.number}.pdf`);
    await until(() => asked === 2, { what: 'the second try' });
    watched.faults.splice(0); // the refusal that this test asked for
  });

  it('does not load a long list anew at an event, but says that it is old, and reads it when asked to', async () => {
    const watched = await open('admin', '/inbox');
    const { page } = watched;
    let reads = 0;
    await page.route('**/api/v1/audit?*', async (route) => {
      reads++;
      const url = new URL(route.request().url());
      const isSecond = url.searchParams.has('cursor');
      url.searchParams.delete('cursor');
      const response = await route.fetch({ url: url.href });
      const answer = (await response.json()) as { data: { id: string }[] };
      // The log of the demo is shorter than two pages, so its page is given twice.
      const data = isSecond ? answer.data.map((entry) => ({ ...entry, id: `second-${entry.id}` })) : answer.data;
      return route.fulfill({ response, json: { ...answer, data, page: { next_cursor: isSecond ? null : 'second' } } });
    });
    await watched.go('/audit');
    await page.locator('tbody tr').first().waitFor();
    await page.locator('.tb').evaluate((table) => table.scrollTo(0, table.scrollHeight));
    await until(() => reads === 2, { what: 'the second page' });
    await world().call('admin', '/api/v1/tenants', { method: 'POST', body: { id: 'latecomer', reason: 'signed' } });
    await page.getByText('Something has changed since this list was read.').waitFor();
    expect(reads).toBe(2);
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.getByText('Something has changed since this list was read.').waitFor({ state: 'detached' });
    expect(reads).toBeGreaterThan(2);
  });
}
