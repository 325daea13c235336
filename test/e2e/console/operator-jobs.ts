import { until } from '../../support/until';
import type { Listed, Stack } from './console-world';

interface Counted {
  readonly totals: { readonly count: number };
}
interface Rules {
  readonly data: readonly { readonly field: string | null; readonly reason: string; readonly expired: boolean }[];
}

/** The daily work of operators on lists and forms: all that match, the past, rules, times, keys, firewalls. They share the running system. */
export function operatorJobs({ world, open }: Stack): void {
  it('changes all that match a filter, also what is not on the page, only when their number is typed', async () => {
    const filter = 'kind=dns_record';
    const { totals } = await world().call<Counted>('admin', `/api/v1/inventory?${filter}&totals=true&limit=1`);
    expect(totals.count).toBeGreaterThan(200); // more than a page
    const watched = await open('admin', '/inventory');
    const { page } = watched;
    const bar = page.getByRole('region', { name: 'Selection' });
    await page.getByRole('checkbox', { name: 'Select all loaded rows' }).check();
    await bar.getByText(/match\. To select them all, set a filter first\.$/).waitFor();
    await watched.go(`/inventory?${filter}`);
    await page.getByRole('cell', { name: 'DNS record' }).first().waitFor();
    await page.getByRole('checkbox', { name: 'Select all loaded rows' }).check();
    await bar.getByRole('button', { name: `Select all ${totals.count} that match` }).click();
    await bar.getByText(`All ${totals.count} that match are selected`).waitFor();
    const sent = page.waitForRequest((request) => request.url().endsWith('/bulk?dry_run=true'));
    await bar.getByRole('button', { name: 'Protect…', exact: true }).click();
    expect((await sent).postDataJSON()).toEqual({ action: 'protect', filter: { kind: 'dns_record' } });
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: `Protect ${totals.count}`, exact: true });
    await dialog.getByLabel('Reason').fill('frozen for the audit');
    expect(await confirm.isDisabled()).toBe(true); // until the number is typed
    await dialog.getByLabel(`Type ${totals.count} to confirm`).fill(String(totals.count));
    await until(() => confirm.isEnabled(), { what: 'the button of the change' });
    expect(await watched.axeInBothSchemes('change of all that match')).toEqual([]);
  });

  it('shows the inventory of a past time, marked as such and without changes, and refuses a time to come beside its field', async () => {
    const watched = await open('admin', '/inventory');
    const { page } = watched;
    await page.getByRole('button', { name: 'As it is now' }).click();
    const time = page.getByLabel('Time');
    await time.fill('2099-01-01T12:00');
    await page.getByRole('button', { name: 'Go to this time' }).click();
    await page.getByText('Time is in the future').waitFor();
    await time.fill('2020-01-01T12:00');
    await page.getByRole('button', { name: 'Go to this time' }).click();
    await page.getByText(/^The past: 1 Jan 2020/).waitFor();
    await page.getByRole('heading', { name: 'Nothing matches the filters' }).waitFor();
    await watched.go(`/inventory?as_of=${new Date().toISOString()}`);
    await page.locator('tbody tr[data-index]').first().waitFor();
    expect(await page.getByRole('main').getByRole('checkbox').count()).toBe(0);
    expect(await page.getByRole('main').getByRole('link', { name: 'Order' }).count()).toBe(0);
    expect(await watched.axeInBothSchemes('the past')).toEqual([]);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.getByRole('checkbox', { name: 'Select all loaded rows' }).waitFor();
  });

  it('makes an ignore rule, refuses an end in the past, ends it, and lists it among those that have ended', async () => {
    const rules = async () => (await world().call<Rules>('admin', '/api/v1/drift-rules')).data;
    const watched = await open('admin', '/drift-rules');
    const { page } = watched;
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'New rule' }).first().click();
    const create = dialog.getByRole('button', { name: 'Create the rule' });
    await dialog.getByLabel('Reason').fill('they tag for themselves');
    expect(await create.isDisabled()).toBe(true); // a rule for everything is a mistake
    await dialog
      .getByRole('combobox', { name: 'Field' })
      .or(dialog.getByRole('textbox', { name: 'Field' }))
      .first()
      .fill('Tags');
    await page.getByRole('option', { name: 'Tags' }).click();
    const ends = dialog.getByLabel('Until');
    const end = await ends.inputValue();
    await ends.fill('2020-01-01T12:00');
    await dialog.getByText('is in the past').waitFor();
    expect(await create.isDisabled()).toBe(true);
    await ends.fill(end);
    expect(await watched.axeInBothSchemes('form of an ignore rule')).toEqual([]);
    await create.click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /^Tags of everything/ }).click();
    await dialog.getByRole('button', { name: 'End it now…' }).click();
    await dialog.getByRole('button', { name: 'End the rule' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await rules()).find(({ reason }) => reason === 'they tag for themselves')).toMatchObject({ field: 'tags', expired: true });
    await page.getByRole('button', { name: 'Ended' }).click();
    await page.getByRole('row', { name: /^Tags of everything ended/ }).waitFor();
  });

  it('narrows the audit log to a time, and gives the same time to its file', async () => {
    const { page } = await open('admin', '/audit');
    const asked = page.waitForRequest((request) => request.url().includes('/api/v1/audit?') && request.url().includes('since='));
    await page.getByRole('button', { name: 'Last day' }).click();
    const since = new URL((await asked).url()).searchParams.get('since') ?? '';
    expect(Math.abs(Date.now() - Date.parse(since) - 86_400_000)).toBeLessThan(60_000);
    expect(await page.getByRole('link', { name: 'CSV' }).getAttribute('href')).toContain(`since=${encodeURIComponent(since)}`);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('menuitem', { name: 'until' }).click();
    await page.getByLabel('until').fill('2020-01-01T12:00');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('heading', { name: 'Nothing matches the filters' }).waitFor();
  });

  it('goes from one record to the next in the order of its list by keys', async () => {
    const { data } = await world().call<Listed>('admin', '/api/v1/inventory?kind=load_balancer&sort=name&names=true&limit=3');
    const [first, second] = data.map(({ name }) => name);
    const { page } = await open('admin', '/inventory?kind=load_balancer&sort=name');
    await page.locator('tbody tr[data-index="0"]').click();
    await page.getByRole('heading', { level: 1, name: first }).waitFor();
    await page.keyboard.press(']');
    await page.getByRole('heading', { level: 1, name: second }).waitFor();
    await page.keyboard.press('[');
    await page.getByRole('heading', { level: 1, name: first }).waitFor();
  });

  it('takes the rules of a firewall as rows, with what is wrong beside them, and shows the price of a volume before its plan', async () => {
    const watched = await open('admin', '/order?kind=create_firewall');
    const { page } = watched;
    await page.getByLabel('Name').fill('acme-console');
    const inbound = page.getByRole('group', { name: 'Rules for what comes in' });
    await page.getByRole('group', { name: 'Rules for what goes out' }).getByLabel('Destinations of rule 3').first().waitFor(); // everything goes out
    await inbound.getByRole('button', { name: 'Add a rule' }).click();
    const ports = inbound.getByRole('textbox', { name: 'Ports of rule 1' });
    const sources = inbound.getByLabel('Sources of rule 1').first();
    await ports.fill('9000-80');
    await sources.fill('10.0.0.300');
    await page.keyboard.press('Enter');
    await inbound.getByText('10.0.0.300 is no address').waitFor();
    await inbound.getByText('a port, a range such as 8000-9000, or 0 for all').waitFor();
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByText('Inbound rules have a rule that is not complete').waitFor(); // nothing is asked of the server
    expect(await watched.axeInBothSchemes('rules of a firewall')).toEqual([]);
    await ports.fill('8000-9000');
    await sources.focus();
    await page.keyboard.press('Backspace');
    await sources.fill('203.0.113.0/24');
    await page.keyboard.press('Enter');
    const asked = page.waitForRequest((request) => request.url().endsWith('/sagas?dry_run=true'));
    await page.getByRole('button', { name: 'Show the plan' }).click();
    const { input } = (await asked).postDataJSON() as { readonly input: { readonly inbound_rules: unknown } };
    expect(input.inbound_rules).toEqual([{ protocol: 'tcp', ports: '8000-9000', sources: { addresses: ['203.0.113.0/24'] } }]);
    await page.getByRole('region', { name: 'Plan' }).waitFor();
    await watched.go('/order?kind=create_volume');
    await page.getByLabel('Size in GiB').fill('200');
    await page.getByLabel('Name').fill('acme-data-9');
    await page.getByLabel('Region').fill('fra1');
    await page.getByRole('option', { name: /^fra1/ }).click();
    await page.getByRole('status', { name: 'Price' }).getByText('+$20.00').waitFor();
  });
}
