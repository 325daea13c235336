import type { Locator } from 'playwright-core';
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
}
