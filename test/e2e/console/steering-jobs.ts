import { until } from '../../support/until';
import type { Stack } from './console-world';

interface One {
  readonly data: {
    readonly id: string;
    readonly status: string;
    readonly paused_at: string | null;
  };
}
interface Redriven {
  readonly data: readonly { readonly redriven_from: string | null }[];
}
interface Many {
  readonly data: readonly { readonly id: string; readonly name: string; readonly status: string }[];
}
interface Owned {
  readonly data: { readonly tenant_id: string | null };
}
interface Records {
  readonly domain_records: readonly { readonly id: number; readonly type: string; readonly name: string; readonly data: string }[];
}

const ZONE = 'acme.com';
const RECORDS = `/v2/domains/${ZONE}/records`;

/** Whole jobs of operators: steering sagas, one and many, with the page of a list that hears of it. They share the running system. */
export function steeringJobs({ world, open }: Stack): void {
  const sagaOf = async (id: string) => (await world().call<One>('admin', `/api/v1/sagas/${id}`)).data;
  const start = async (kind: string, input: unknown, reason?: string) =>
    (await world().call<One>('admin', '/api/v1/sagas', { method: 'POST', body: { kind, input, ...(reason && { reason }) } })).data.id;

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

  it('starts twenty sagas that failed again, watched live while the api is killed in the middle: each of them exactly once', async () => {
    const reason = `twenty of a kind at ${Date.now()}`;
    const failing = { kind: 'demo', input: { steps: ['echo', 'fail'] }, reason };
    const ids = await Promise.all(Array.from({ length: 20 }, () => start(failing.kind, failing.input, reason)));
    const failed = `/api/v1/sagas?kind=demo&status=rolled_back&limit=200&q=${encodeURIComponent(reason)}`;
    await until(async () => (await world().call<Many>('admin', failed)).data.length === ids.length, { what: 'the failed sagas' });
    const watched = await open('admin', `/sagas?q=${encodeURIComponent(reason)}`);
    const { page } = watched;
    await until(async () => (await page.getByRole('row', { name: /Demo Undone/ }).count()) === ids.length, {
      what: 'the rows of all of them',
    });
    await page.getByRole('checkbox', { name: 'Select all loaded rows' }).check();
    await page.getByRole('button', { name: 'One verb for all…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('All 20 sagas refuse this verb now.').waitFor(); // a retry is for those that could not be undone
    expect(await dialog.getByRole('button', { name: 'Retry 20' }).isDisabled()).toBe(true);
    await dialog
      .getByRole('combobox', { name: 'Verb' })
      .or(dialog.getByRole('textbox', { name: 'Verb' }))
      .first()
      .click();
    await page.getByRole('option', { name: 'Start again' }).click();
    await dialog.getByText('Possible now').waitFor();
    expect((await dialog.locator('dd').allTextContents()).slice(0, 3)).toEqual(['20', '20', '0']);
    expect(await watched.axeInBothSchemes('bulk job of sagas')).toEqual([]);
    await dialog.getByLabel('Sagas a minute').fill('240');
    await dialog.getByLabel('Reason').fill('the cause is mended');
    await dialog.getByRole('button', { name: 'Start again 20' }).click();
    await page.getByRole('heading', { level: 1, name: /^Start again: 20 sagas/ }).waitFor();
    await page.getByText(/^[1-9]\d* done/).first().waitFor(); // prettier-ignore
    world().killApi();
    await world().apiIsBack();
    await page.locator('.head .pill.ok').waitFor({ timeout: 120_000 });
    await page.getByText('20 done').waitFor();
    watched.faults.splice(0); // of the time without an api
    const { data: all } = await world().call<Redriven>('admin', '/api/v1/sagas?kind=demo&limit=200');
    const again = all.flatMap(({ redriven_from: from }) => (from !== null && ids.includes(from) ? [from] : []));
    expect(again.toSorted()).toEqual(ids.toSorted());
    await page
      .getByRole('row', { name: /Demo Done/ })
      .first()
      .click();
    await page.getByRole('link', { name: 'The saga that repeats this one' }).waitFor();
  });

  it('writes an ownership rule after seeing what it moves, finds its move between tenants in the inbox, confirms it, and deletes the rule [TNT-7]', async () => {
    const named = await world().call<Many>('admin', '/api/v1/inventory?kind=droplet&tenant_id=bluebird&sort=name&limit=1');
    const [droplet] = named.data;
    const ownerOf = async () => (await world().call<Owned>('admin', `/api/v1/inventory/${droplet?.id}`)).data.tenant_id;
    // Only a rule decides about what neither an operator nor a project with a tenant has given away.
    const rule = { when: { name_glob: droplet?.name }, tenant_id: 'bluebird', position: 10, reason: 'as its project said' };
    const { data: first } = await world().call<One>('admin', '/api/v1/attribution-rules', { method: 'POST', body: rule });
    const { data: of } = await world().call<{ data: { project_id: string } }>('admin', `/api/v1/inventory/${droplet?.id}`);
    const project = `/api/v1/projects/${of.project_id}`;
    await world().call('admin', project, { method: 'PATCH', body: { unassigned: true, reason: 'rules decide about it' } });
    const watched = await open('admin', '/ownership-rules');
    const { page } = watched;
    const dialog = page.getByRole('dialog');
    const choose = async (label: string, option: string) => {
      await dialog
        .getByRole('combobox', { name: label })
        .or(dialog.getByRole('textbox', { name: label }))
        .first()
        .fill(option);
      await page.getByRole('option', { name: new RegExp(`^${option}(?: ·|$)`) }).click();
    };
    await page.getByRole('row', { name: new RegExp(`named ${droplet?.name} bluebird`) }).waitFor();
    await page.getByRole('button', { name: 'New rule' }).click();
    await choose('Tenant', 'harbour');
    const create = dialog.getByRole('button', { name: 'Create the rule' });
    await dialog.getByLabel('Name').fill(droplet?.name ?? '');
    await dialog.getByLabel('Order').fill('1');
    await dialog.getByLabel('Reason').fill('harbour took it over');
    expect(await create.isDisabled()).toBe(true); // until what it moves is on the page
    await dialog.getByRole('button', { name: 'Show what moves' }).click();
    await dialog.getByRole('row', { name: /bluebird → harbour Waits until you confirm it 1/ }).waitFor();
    expect(await watched.axeInBothSchemes('form of an ownership rule')).toEqual([]);
    await dialog.getByLabel('Order').fill('20');
    expect(await create.isDisabled()).toBe(true); // what is on the page was for other values
    await dialog.getByRole('button', { name: 'Show what moves' }).click();
    await dialog.getByText('Nothing moves now').waitFor(); // the first rule decides
    await create.click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('row', { name: /^20 .*harbour/ }).waitFor();
    await page.getByRole('row', { name: /^10 .*bluebird/ }).click();
    await dialog.getByRole('button', { name: 'Delete…' }).click();
    await dialog.getByRole('row', { name: /bluebird → harbour Waits until you confirm it 1/ }).waitFor();
    await dialog.getByRole('button', { name: 'Delete the rule' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await ownerOf()).toBe('bluebird'); // a rule moves nothing between tenants by itself
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.getByRole('link', { name: `${droplet?.name} of bluebird would go to harbour` }).click();
    await page
      .getByRole('row', { name: new RegExp(droplet?.name ?? '') })
      .getByRole('checkbox')
      .check();
    await page.getByRole('button', { name: 'Confirm…' }).click();
    await dialog.getByLabel('Reason').fill('by contract 12');
    await dialog.getByRole('button', { name: 'Move it' }).click();
    await page.getByRole('status').filter({ hasText: 'Done: 1 moved.' }).waitFor(); // prettier-ignore
    expect(await ownerOf()).toBe('harbour');
    expect((await world().call<One>('admin', `/api/v1/attribution-rules/${first.id}`)).data).toBeUndefined();
    await world().call('admin', project, { method: 'PATCH', body: { tenant_id: 'bluebird', reason: 'as before' } });
    const { data: rules } = await world().call<Many>('admin', '/api/v1/attribution-rules');
    for (const one of rules) await world().call('admin', `/api/v1/attribution-rules/${one.id}`, { method: 'DELETE' });
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
