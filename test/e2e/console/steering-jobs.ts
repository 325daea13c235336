import { until } from '../../support/until';
import type { ConsoleWorld, WatchedPage } from './console-world';

export interface Stack {
  readonly world: () => ConsoleWorld;
  readonly open: (...args: Parameters<ConsoleWorld['open']>) => Promise<WatchedPage>;
}

interface One {
  readonly data: { readonly id: string; readonly status: string; readonly paused_at: string | null };
}
interface Many {
  readonly data: readonly { readonly id: string; readonly name: string; readonly status: string }[];
}
interface Records {
  readonly domain_records: readonly { readonly id: number; readonly type: string; readonly name: string; readonly data: string }[];
}

const ZONE = 'acme.com';
const RECORDS = `/v2/domains/${ZONE}/records`;

/** Whole jobs of operators: steering sagas, one and many, with the page of a list that hears of it. They share the running system. */
export function steeringJobs({ world, open }: Stack): void {
  const sagaOf = async (id: string) => (await world().call<One>('admin', `/api/v1/sagas/${id}`)).data;
  const start = async (kind: string, input: unknown) =>
    (await world().call<One>('admin', '/api/v1/sagas', { method: 'POST', body: { kind, input } })).data.id;

  it('pauses a saga and resumes it by its dialogs, and a list in another tab hears of it by the stream [OPV-2]', async () => {
    const id = await start('demo', { steps: ['echo', 'wait', 'echo'], wait_ms: 600_000 });
    const list = await open('admin', '/sagas?kind=demo');
    await list.page.getByRole('row', { name: /Demo/ }).first().waitFor();
    const watched = await open('admin', `/sagas/${id}`);
    const { page } = watched;
    const dialog = page.getByRole('dialog');
    const answer = async (button: string) => {
      await dialog.getByLabel('Reason').fill('acme asked us to wait');
      await dialog.getByRole('button', { name: button, exact: true }).click();
      await dialog.waitFor({ state: 'hidden' });
    };
    await page.getByRole('img', { name: /^waiting for the time to pass/ }).waitFor();
    await page.getByRole('button', { name: 'Pause…' }).click();
    expect(await dialog.getByRole('button', { name: 'Pause', exact: true }).isDisabled()).toBe(true); // until there is a reason
    await answer('Pause');
    await page.locator('.head .pill.wait').waitFor();
    await list.page.getByRole('row', { name: /Demo.*Paused/ }).waitFor();
    expect((await sagaOf(id)).paused_at).not.toBeNull();
    await page.getByRole('button', { name: 'Resume…' }).click();
    await answer('Resume');
    await page.locator('.head .pill.wait').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Change its limits…' }).click();
    await dialog.getByLabel('Tries of a step').fill('9');
    expect(await watched.axeInBothSchemes('limits of a saga')).toEqual([]);
    await answer('Set limits');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await dialog.getByRole('button', { name: 'Cancel and undo' }).click();
    await page.getByRole('heading', { level: 1 }).getByText('Undone').waitFor();
    await page.getByText(/^Undo of 1 Echo/).waitFor();
  });

  it('starts sagas that failed and were undone again, many at once: dry run, progress, a result for each', async () => {
    const reason = 'two of a kind';
    const failing = { kind: 'demo', input: { steps: ['echo', 'fail'] }, reason };
    const ids = await Promise.all(
      [1, 2].map(async () => (await world().call<One>('admin', '/api/v1/sagas', { method: 'POST', body: failing })).data.id),
    );
    for (const id of ids) await until(async () => (await sagaOf(id)).status === 'rolled_back', { what: 'the failed saga' });
    const watched = await open('admin', `/sagas?q=${encodeURIComponent(reason)}`);
    const { page } = watched;
    await page.getByRole('checkbox', { name: 'Select all loaded rows' }).check();
    await page.getByRole('button', { name: 'One verb for all…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('All 2 sagas refuse this verb now.').waitFor(); // a retry is for those that could not be undone
    expect(await dialog.getByRole('button', { name: 'Retry 2' }).isDisabled()).toBe(true);
    await dialog
      .getByRole('combobox', { name: 'Verb' })
      .or(dialog.getByRole('textbox', { name: 'Verb' }))
      .first()
      .click();
    await page.getByRole('option', { name: 'Start again' }).click();
    await dialog.getByText('Possible now').waitFor();
    expect(await dialog.locator('dd').allTextContents()).toEqual(['2', '2', '0', 'about a minute']);
    expect(await watched.axeInBothSchemes('bulk job of sagas')).toEqual([]);
    await dialog.getByLabel('Sagas a minute').fill('600');
    await dialog.getByLabel('Reason').fill('the cause is mended');
    await dialog.getByRole('button', { name: 'Start again 2' }).click();
    await page.getByRole('heading', { level: 1, name: /^Start again: 2 sagas/ }).waitFor();
    await page.locator('.head .pill.ok').waitFor();
    await page.getByText('2 done').waitFor();
    await page
      .getByRole('row', { name: /Demo Done/ })
      .first()
      .click();
    await page.getByRole('link', { name: 'The saga that repeats this one' }).waitFor();
  });

  it('changes a DNS record of the own zone as a tenant: form, plan of exactly that, deed', async () => {
    const atProvider = async () => (await world().atProvider<Records>(`${RECORDS}?per_page=200`)).domain_records;
    const { data: zones } = await world().call<Many>('tenant', '/api/v1/inventory?kind=dns_zone&sort=name');
    const zone = zones.find(({ name }) => name === ZONE);
    const before = (await atProvider()).find(({ type, name }) => type === 'CNAME' && name === 'www');
    expect({ zone: zone?.name, before: before?.type }).toEqual({ zone: ZONE, before: 'CNAME' });
    const watched = await open('tenant', '/dns');
    const { page } = watched;
    await page.getByRole('row', { name: new RegExp(`^${ZONE}`) }).click();
    await page.getByRole('heading', { level: 1, name: ZONE }).waitFor();
    await page.getByRole('row', { name: /^www CNAME/ }).click();
    const dialog = page.getByRole('dialog');
    expect(await watched.axeInBothSchemes('form of a record')).toEqual([]);
    await dialog.getByRole('textbox', { name: 'Data' }).fill('shop.acme.com');
    await dialog.getByRole('button', { name: 'Show the plan' }).click();
    await dialog.getByRole('region', { name: 'Plan' }).getByText('shop.acme.com').first().waitFor();
    expect((await atProvider()).find(({ id }) => id === before?.id)?.data).toBe(before?.data); // a plan changes nothing
    await dialog.getByRole('button', { name: 'Set the record' }).click();
    await page.getByRole('heading', { level: 1, name: /^Set DNS record www/ }).waitFor();
    await page.locator('.head .pill.ok').waitFor({ timeout: 40_000 });
    const after = (await atProvider()).filter(({ name }) => name === 'www');
    expect(after.map(({ data }) => data.replace(/\.$/, '').replace(/^shop$/, 'shop.acme.com'))).toEqual(['shop.acme.com']);
  });
}
