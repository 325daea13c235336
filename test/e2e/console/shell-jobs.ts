import { until } from '../../support/until';
import type { Stack } from './console-world';

/** What every page has: the session, titles and ways back, keys, and what becomes of a page while the api is away. */
export function shellJobs({ world, open }: Stack): void {
  it('signs in by the line that npm start prints first, loses the token from the address, keeps it from scripts, and signs out', async () => {
    expect(world().link).toMatch(/^console: http:\/\/127\.0\.0\.1:\d+\/console#token=[\w-]+\.[\w-]+\.[\w-]+$/);
    const { page } = await open('admin', '/inventory', { session: 'own' });
    await page.getByRole('row', { name: /acme/ }).first().waitFor();
    expect(page.url()).toBe(`${world().api}/console/inventory`);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('eyJ');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
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

  it('closes every dialog with Escape, and returns the focus to the control that opened it', async () => {
    const watched = await open('admin', '/tenants');
    const { page } = watched;
    const ways = [
      ['/tenants', 'Register…'],
      ['/audit', 'Check the chain…'],
      ['/rate-cards', 'New card'],
      ['/webhooks', 'New webhook'],
      ['/tenants/acme', 'Status…'],
    ] as const;
    for (const [path, name] of ways) {
      await watched.go(path);
      const button = page.getByRole('button', { name, exact: true }).first();
      await button.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await until(() => button.evaluate((element) => element === element.ownerDocument.activeElement), { what: `the focus on ${name}` });
    }
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

  it('asks before it uses a token that another site posts, and keeps the session that there is until then', async () => {
    const watched = await open('admin', '/sagas', { session: 'own' });
    const { page } = watched;
    const status = await page.evaluate(async (token) => {
      const body = new URLSearchParams({ token });
      return (await fetch('/console/session', { method: 'POST', body })).status;
    }, world().tokens.tenant);
    expect(status).toBe(403); // this origin is not one of CONSOLE_ORIGINS
    watched.faults.splice(0);
    const offer = async () => {
      await page.goto(world().mainApplication);
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
    await world().faults([{ id: 'create', match: { method: 'POST', path: '/v2/droplets' }, effect: { type: 'hold' } }]);
    const { data: saga } = await world().call<Planned>('tenant', '/api/v1/sagas', {
      method: 'POST',
      body: { kind: 'provision_droplet', input },
    });
    const watched = await open('tenant', `/sagas/${saga.id}`);
    await watched.page.getByRole('heading', { level: 1, name: `Create ${name}` }).waitFor();
    await until(async () => (await world().faults()).some(({ held }) => held > 0), { what: 'the order under way' });
    world().killApi();
    await until(() => watched.faults.length > 0, { what: 'a request that failed' });
    await world().faults([]);
    await world().apiIsBack();
    await watched.page.locator('.head .pill.ok').waitFor({ timeout: 120_000 });
    await watched.page.locator('.banner').waitFor({ state: 'hidden' });
    watched.faults.splice(0); // of the time without an api
    const { droplets } = await world().atProvider<Droplets>('/v2/droplets?per_page=200');
    expect(droplets.filter((droplet) => droplet.name === name)).toHaveLength(1);
  });
}
