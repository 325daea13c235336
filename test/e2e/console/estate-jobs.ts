import { until } from '../../support/until';
import type { Listed, Stack } from './console-world';

/** Whole jobs with resources: lists, changes of many, an order with all that follows, a sweep that lists too little, a drift. */
export function estateJobs({ world, open }: Stack): void {
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

  it('changes many at once only after the counts of a dry run: what changes, and what stays as it is', async () => {
    const { page } = await open('admin', '/inventory?kind=droplet&tenant_id=acme');
    const dialog = page.getByRole('dialog');
    const previews: string[] = [];
    page.on('request', (request) => request.url().endsWith('/bulk?dry_run=true') && previews.push(request.url()));
    const change = async (verb: string, rows: number, changed: number, stays: number) => {
      for (let row = 0; row < rows; row += 1) await page.locator(`tbody tr[data-index="${row}"]`).getByRole('checkbox').check();
      await page.getByRole('button', { name: `${verb}…`, exact: true }).click();
      await dialog.getByText('Will change').waitFor();
      const counts = await dialog.locator('dd').allTextContents();
      expect(counts.slice(0, 2)).toEqual([String(changed), String(stays)]);
      const confirm = dialog.getByRole('button', { name: `${verb} ${changed}`, exact: true });
      expect(await confirm.isDisabled()).toBe(true); // until there is a reason
      await dialog.getByLabel('Reason').fill('checked in the console');
      previews.splice(0);
      await confirm.click();
      await page
        .getByRole('status')
        .filter({ hasText: `Done: ${changed}` })
        .waitFor();
      expect(previews).toEqual([]); // what has happened is not previewed again
      await page.getByRole('button', { name: 'Close' }).click();
    };
    await change('Protect', 2, 2, 0);
    await change('Unprotect', 3, 2, 1);
    const protectedOnes = await world().call<Listed>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&protected=true');
    expect(protectedOnes.data).toEqual([]);
  });

  it('lets a tenant do its whole job: price, order, power, protection, and the destroy that protection refuses', async () => {
    const name = 'acme-console-01';
    type Droplets = { readonly droplets: readonly { readonly name: string; readonly status: string }[] };
    const atProvider = async () => {
      const { droplets } = await world().atProvider<Droplets>('/v2/droplets?per_page=200');
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
    expect(await button.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('the shop is closed');
    await button.click();
    await page.getByRole('heading', { level: 1, name: /^Destroy/ }).waitFor();
    await page.locator('.head .pill.ok').waitFor({ timeout: 40_000 });
    expect(await atProvider()).toBeUndefined();
  });

  it('shows an operator what a suspect sweep misses, by name, and releases it in the inbox only when the count is typed', async () => {
    type Volume = { volume?: { droplet_ids: number[]; region: { slug: string } } };
    type Sweeps = { readonly data: readonly { readonly status: string }[] };
    const volumeOf = (id: string) => world().atProvider<Volume>(`/v2/volumes/${id}`);
    const { data: volumes } = await world().call<Listed>('admin', '/api/v1/inventory?kind=volume&limit=200');
    for (const { provider_id: id } of volumes) {
      const { volume } = await volumeOf(id);
      for (const droplet of volume?.droplet_ids ?? [])
        await world().atProvider(`/v2/volumes/${id}/actions`, {
          method: 'POST',
          body: { type: 'detach', droplet_id: droplet, region: volume?.region.slug },
        });
    }
    for (const { provider_id: id } of volumes) {
      await until(async () => ((await volumeOf(id)).volume?.droplet_ids ?? []).length === 0);
      await world().atProvider(`/v2/volumes/${id}`, { method: 'DELETE' });
    }
    const watched = await open('admin', '/sweeps');
    const { page } = watched;
    await page.getByRole('button', { name: 'Sweep…' }).click();
    await page.getByRole('menuitem', { name: 'Sweep volumes again' }).click();
    await page.getByRole('heading', { level: 1, name: 'Volume sweep' }).waitFor();
    const isSuspect = async () => {
      const { data } = await world().call<Sweeps>('admin', '/api/v1/sweeps?kind=volume&limit=1');
      const status = data[0]?.status;
      if (status !== 'running' && status !== 'suspect')
        await world().call('admin', '/api/v1/sweeps', { method: 'POST', body: { kind: 'volume' } }); // it began before the volumes were deleted
      return status === 'suspect';
    };
    await until(isSuspect, { what: 'a suspect sweep of volumes', withinMs: 120_000 });
    const named = page.getByRole('row', { name: new RegExp(volumes[0]?.name ?? 'none') });
    const item = page.getByRole('button', { name: /^Volume sweep did not list/ }).first();
    const isNamed = async () => {
      await watched.go('/inbox');
      await item.click({ timeout: 40_000 });
      await page.getByRole('link', { name: 'Open the sweep' }).click();
      await page.getByText('This list may be wrong').waitFor();
      await watched.settled();
      return (await named.count()) > 0; // a sweep that began meanwhile takes the place of the one that was clicked
    };
    await until(isNamed, { what: 'the page of the latest suspect sweep' });
    // It is decided in the inbox, with the same question as on its page.
    await watched.go('/inbox');
    await item.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('table', { name: 'Missing' }).waitFor();
    expect(await watched.axeInBothSchemes('an open item of the inbox')).toEqual([]);
    await page.keyboard.press('a');
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Release', exact: true });
    await confirm.waitFor();
    expect(await confirm.isDisabled()).toBe(true);
    expect(await watched.axeInBothSchemes('release')).toEqual([]);
    const typed = dialog.getByLabel(/^Type \d+ to confirm/);
    const count = /Type (\d+)/.exec((await dialog.textContent()) ?? '')?.[1] ?? '';
    await typed.fill(count);
    expect(await confirm.isDisabled()).toBe(true); // and a reason
    await dialog.getByLabel('Reason').fill('the volumes were deleted on purpose');
    await confirm.click();
    await page
      .getByRole('status')
      .filter({ hasText: `Volume sweep released, with ${count} missing.` })
      .waitFor();
    await item.waitFor({ state: 'detached' });
    const { data: released } = await world().call<Sweeps>('admin', '/api/v1/sweeps?kind=volume&status=released&limit=1');
    expect(released).toHaveLength(1);
  });

  it('reverts a drift with its plan: the size that somebody changed at the provider is put back', async () => {
    const { data } = await world().call<Listed>('admin', '/api/v1/inventory?kind=droplet&tenant_id=acme&q=acme-web-01');
    const droplet = data.find(({ name }) => name === 'acme-web-01');
    await world().call('admin', `/api/v1/inventory/${droplet?.id}/adopt`, { method: 'POST', body: {} });
    await world().atProvider(`/v2/droplets/${droplet?.provider_id}/actions`, {
      method: 'POST',
      body: { type: 'rename', name: 'acme-renamed' },
    });
    const atProvider = () => world().atProvider<{ droplet: { name: string } }>(`/v2/droplets/${droplet?.provider_id}`);
    await until(async () => (await atProvider()).droplet.name === 'acme-renamed');
    const watched = await open('admin', `/resources/${droplet?.id}`);
    const { page } = watched;
    await world().call('admin', '/api/v1/sweeps', { method: 'POST', body: { kind: 'droplet' } });
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
}
