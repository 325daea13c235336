import { readFileSync } from 'node:fs';
import { verifyPdf } from '#libs/tenant-billing';
import { encodePng } from '../../../libs/features/tenant-billing/src/documents/png';
import { until } from '../../support/until';
import type { Stack, WatchedPage } from './console-world';

interface Invoices {
  readonly data: readonly { readonly id: string; readonly tenant_id: string; readonly number: string | null; readonly due: string }[];
}

/** The month before the running one, as the API and as people name it. */
const now = new Date();
const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1));
const PERIOD = last.toISOString().slice(0, 7);
const MONTH = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(last);

const logoOf = (width: number) => ({
  name: 'logo.png',
  mimeType: 'image/png',
  buffer: encodePng({ width, height: 1, rgb: Buffer.alloc(3 * width) }),
});

/** Words that only operators read. A tenant's page has none of them, and no answer behind it has such a field. */
const BUY_WORDS = /\b(buy|margin|provider charges|profit and loss)\b/i;
const BUY_FIELDS = /"(buy|buy_direct|buy_shared|margin|payable|explanation|digest)":(?!null)/;

/** Whole jobs of a finance person, one after another on the running stack: each goes on where the one before it ended. */
export function moneyJobs({ world, open }: Stack): void {
  const field = (watched: WatchedPage, name: string) => watched.page.getByRole('dialog').getByLabel(name);
  const confirm = (watched: WatchedPage, name: string | RegExp) => watched.page.getByRole('dialog').getByRole('button', { name }).click();

  it('raises a rate card: writes a version, sees what a past month would be under it, publishes it, and gives it to a tenant', async () => {
    type Charged = { readonly data: readonly { readonly reconciliation: { readonly status: string | null } }[] };
    await until(
      async () => {
        const { data } = await world().call<Charged>('admin', `/api/v1/billing/invoices?period=${PERIOD}`);
        return data.length > 0 && data.every(({ reconciliation }) => reconciliation.status === 'reconciled');
      },
      { what: "the provider's invoice of the month" },
    );
    const watched = await open('admin', '/rate-cards');
    const { page } = watched;
    await page.getByRole('button', { name: 'New card' }).click();
    await field(watched, 'Name').fill(`Plus 50 of ${Date.now()}`);
    await confirm(watched, 'New card');
    await page.getByRole('link', { name: 'New version' }).click();
    await page.getByLabel('First month').fill(PERIOD);
    await page.getByLabel('Percent on top').fill('fifty');
    await page.getByRole('button', { name: 'Save the version' }).click();
    await page.getByText('must be a number such as 15.00').waitFor(); // nothing is sent before
    await page.getByLabel('Percent on top').fill('50');
    await page.getByRole('button', { name: 'Save the version' }).click();
    await page.getByRole('cell', { name: 'cost + 50 %' }).waitFor();
    await page.getByRole('button', { name: 'Give to a tenant' }).click();
    await field(watched, 'Tenant').fill('acme');
    await page.getByRole('option', { name: 'acme' }).click();
    await field(watched, 'From').fill(PERIOD);
    await confirm(watched, 'Give to a tenant');
    await page.getByRole('link', { name: 'acme' }).waitFor();
    await page.getByRole('button', { name: 'Simulate', exact: true }).click();
    const acme = page.getByRole('table', { name: 'What a past month would be' }).getByRole('row', { name: /^acme/ });
    await acme.waitFor();
    const amounts = (await acme.locator('td.num').allTextContents()).map((text) => Number(text.replace(/[,+]/g, '')));
    const [before = 0, under = 0, delta = 0] = amounts;
    expect(before).toBeGreaterThan(0);
    expect(under).toBeCloseTo(before * 1.5, 1);
    expect(delta).toBeCloseTo(under - before, 1);
    expect(await watched.axeInBothSchemes('rate card')).toEqual([]);
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await field(watched, `Type ${PERIOD} to confirm`).fill(PERIOD);
    await field(watched, 'Reason').fill('prices of the new year');
    await confirm(watched, 'Publish');
    await page.getByText(/^Published .* by operator/).waitFor();
  });

  it('runs a month on its board: rates it, builds, approves and issues many with a result each, and everything adds up to 0.00', async () => {
    await world().call('admin', '/api/v1/billing/issuers/default', {
      method: 'PUT',
      body: { expected_version: 1, name: 'Harbour Hosting Pty Ltd', address: '1 Quay Street\nSydney', country: 'AU', grace_days: 0 },
    });
    const { data: tenants } = await world().call<{ data: { id: string }[] }>('admin', '/api/v1/tenants');
    for (const { id } of tenants) {
      const body = { expected_version: 0, legal_name: `${id} Pty Ltd`, address: '2 Hill Street\nPerth', country: 'AU', is_business: true };
      await world().call('admin', `/api/v1/tenants/${id}/billing-profile`, { method: 'PUT', body });
    }
    expect(tenants).toHaveLength(12);
    const watched = await open('admin', `/month-runs?period=${PERIOD}`);
    const { page } = watched;
    const sums = page.getByRole('region', { name: 'Sums of the month' }).locator('dd');
    expect(await sums.allTextContents()).toEqual(Array.from({ length: 5 }, () => 'not rated'));
    await page.getByRole('button', { name: `Rate ${MONTH}` }).click();
    await confirm(watched, `Rate ${MONTH}`);
    await page.locator('.head .pill', { hasText: 'Rated' }).waitFor({ timeout: 40_000 });
    const sum = page.locator('.eqn');
    await sum.waitFor();
    expect(await sum.locator('dd').last().textContent()).toBe('0.00');
    await page.getByRole('button', { name: 'Build drafts' }).click();
    await confirm(watched, 'Build drafts');
    await page.getByRole('row', { name: /acme/ }).waitFor();
    expect(await watched.axeInBothSchemes('month board')).toEqual([]);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    expect(file.suggestedFilename()).toBe(`month-${PERIOD}.csv`);
    const [head = '', ...lines] = readFileSync(await file.path(), 'utf8')
      .trim()
      .split(/\r?\n/);
    expect(head).toBe('tenant,number,period,status,payment,currency,net,tax,total,due,issued_on,due_on');
    expect(lines.filter((line) => line.startsWith('acme,'))).toEqual([
      expect.stringMatching(new RegExp(`^acme,DRAFT-\\w+,${PERIOD},draft,`)),
    ]);
    for (const verb of ['Approve', 'Issue']) {
      await page.getByRole('button', { name: `${verb} 12…` }).click();
      await page.getByRole('dialog').getByText('Will change').waitFor();
      await field(watched, 'Reason').fill('the month is checked');
      await confirm(watched, `${verb} 12`);
      await page.getByRole('status').filter({ hasText: `${verb}: 12 done` }).waitFor(); // prettier-ignore
    }
    await page.getByRole('row', { name: /acme/ }).getByText('Issued: here').waitFor({ state: 'attached' });
    await page.getByRole('link', { name: 'Profit and loss' }).last().click();
    await page.getByRole('heading', { level: 1, name: 'Profit and loss' }).waitFor();
    await page.locator('.eqn .fit', { hasText: '0.00' }).waitFor();
  });

  it('credits a line and records the payment of the rest: what is left to pay becomes 0.00', async () => {
    const issued = async () => {
      const { data } = await world().call<Invoices>('admin', `/api/v1/tenant-invoices?period=${PERIOD}&tenant_id=acme&status=issued`);
      return data[0];
    };
    const watched = await open('admin', `/invoices/${(await issued())?.id}`);
    const { page } = watched;
    await page.getByRole('button', { name: 'Credit', exact: true }).click();
    const line = page.getByRole('dialog').getByLabel(/^Credit of line 1,/);
    await line.fill('99999');
    await page.getByRole('dialog').getByText(/^at most/).waitFor(); // prettier-ignore
    await line.fill('1.25');
    await field(watched, 'Reason').fill('an outage of two hours');
    expect(await watched.axeInBothSchemes('credit')).toEqual([]);
    const before = Number((await issued())?.due);
    await confirm(watched, 'Credit $1.25');
    await page.getByText(/^Credit note CN-/).waitFor();
    expect(Number((await issued())?.due)).toBeCloseTo(before - 1.25, 2);
    await page.getByRole('button', { name: 'Record a payment' }).click();
    await field(watched, 'Reference').fill('BANK-118');
    await field(watched, 'Reason').fill('statement of today');
    await confirm(watched, 'Record it');
    await page.locator('.head .pill', { hasText: 'Paid' }).waitFor();
    await page.locator('.headline', { hasText: '0.00' }).waitFor();
  });

  it('downloads the document of an invoice with its proof, which a file from the browser still holds', async () => {
    const { data } = await world().call<Invoices>('admin', `/api/v1/tenant-invoices?period=${PERIOD}&tenant_id=acme&status=issued`);
    const { page } = await open('admin', `/invoices/${data[0]?.id}`);
    const link = page.getByRole('region', { name: 'Document and proof' }).getByRole('link', { name: 'PDF' });
    const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
    const { proof, isIdenticalPrint } = await verifyPdf(readFileSync(await file.path()));
    expect({ number: proof.document.number, isIdenticalPrint }).toEqual({ number: data[0]?.number, isIdenticalPrint: true });
  });

  it('keeps what is typed about the issuer while its logo is stored, and while somebody else changes it', async () => {
    const watched = await open('admin', '/billing-settings');
    const { page } = watched;
    const issuer = page.getByRole('region', { name: 'Issuer' });
    const prefix = issuer.getByLabel('Numbers begin with');
    const name = issuer.getByLabel('Legal name');
    const save = issuer.getByRole('button', { name: 'Save' });
    await name.fill('Harbour Hosting Holding');
    const store = (width: number) => issuer.locator('input[type=file]').setInputFiles(logoOf(width));
    const widthIs = (width: number) =>
      until(async () => (await page.evaluate(`document.querySelector('.logo-field img')?.naturalWidth`)) === width, { what: 'the logo' });
    await store(4);
    await widthIs(4);
    expect(await name.inputValue()).toBe('Harbour Hosting Holding');
    await save.click();
    await issuer.getByText('Saved.').waitFor();
    expect(await watched.axeInBothSchemes('issuer with a logo')).toEqual([]);
    await store(8);
    await widthIs(8);

    await prefix.fill('HH-');
    const { data } = await world().call<{ data: { version: number } }>('admin', '/api/v1/billing/issuers/default');
    const body = { expected_version: data.version, name: 'Harbour Hosting Group', address: '1 Quay Street', country: 'AU', grace_days: 0 };
    await world().call('admin', '/api/v1/billing/issuers/default', { method: 'PUT', body });
    await store(16);
    await issuer.getByRole('alert').first().waitFor(); // the picture was for a version that is no longer stored
    await issuer.getByText('Somebody else has changed this.').waitFor();
    expect([await prefix.inputValue(), await name.inputValue()]).toEqual(['HH-', 'Harbour Hosting Holding']);
    await save.click();
    await issuer.getByText('409').first().waitFor();
    await issuer.getByRole('button', { name: 'Drop mine' }).click();
    expect(await name.inputValue()).toBe('Harbour Hosting Group');
    watched.faults.splice(0); // of the refusals
  });

  it('writes an invoice of own lines, asks before it is left, issues it, and records its payment and what was paid back of it', async () => {
    type Stored = { readonly data: { readonly version: number; readonly problems: readonly unknown[] } };
    for (const path of ['/api/v1/billing/issuers/default', '/api/v1/tenants/acme/billing-profile']) {
      const { data } = await world().call<Stored>('admin', path);
      const named = path.includes('tenants') ? { legal_name: 'Acme Pty Ltd', is_business: true } : { name: 'Harbour Hosting Pty Ltd' };
      const body = { expected_version: data.version, address: '1 Quay Street', country: 'AU', ...named };
      if (data.problems.length > 0) await world().call('admin', path, { method: 'PUT', body });
    }
    const watched = await open('admin', '/invoices');
    const { page } = watched;
    await page.getByRole('link', { name: 'New invoice' }).click();
    await page.getByLabel('What the document prints').fill('Migration of two servers');
    await page.getByRole('navigation').first().getByRole('link', { name: 'Tenants' }).click(); // prettier-ignore
    await page.getByRole('dialog').getByText('What you typed is not saved').waitFor();
    expect(await watched.axeInBothSchemes('leaving a form')).toEqual([]);
    await confirm(watched, 'Go on editing');
    await page.getByLabel('Tenant', { exact: true }).first().fill('acme');
    await page.getByRole('option', { name: /acme/ }).first().click(); // prettier-ignore
    await page.getByLabel('Price of a unit').fill('a hundred');
    await page.getByRole('button', { name: 'Save the draft' }).click();
    await page.getByText('must be a number such as 12.50').waitFor();
    await page.getByText('needs 5 characters or more').waitFor(); // nothing is sent before
    await page.getByLabel('Price of a unit').fill('33.335');
    await page.getByLabel('Quantity').fill('3');
    await page.getByLabel('Reason').fill('agreed by mail');
    await page.getByRole('region', { name: 'Preview' }).getByText('$100.01').first().waitFor();
    expect(await watched.axeInBothSchemes('new invoice')).toEqual([]);
    await page.getByRole('button', { name: 'Save the draft' }).click();
    await page.getByRole('heading', { level: 1, name: /^DRAFT-/ }).waitFor();
    for (const verb of ['Approve', 'Issue']) {
      await page.getByRole('button', { name: verb, exact: true }).click();
      await field(watched, 'Reason').fill('the work is done');
      await confirm(watched, verb);
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.getByRole('button', { name: 'Record a payment' }).click();
    await field(watched, 'Reference').fill('BANK-300');
    await field(watched, 'Reason').fill('statement of today');
    await confirm(watched, 'Record it');
    await page.getByRole('button', { name: 'Return a payment' }).click();
    await field(watched, 'Amount (USD)').fill('5000');
    await page.getByRole('dialog').getByText(/^at most/).waitFor(); // prettier-ignore
    await field(watched, 'Amount (USD)').fill('20');
    const number = /[A-Z]+-\d+/.exec((await page.getByRole('heading', { level: 1 }).textContent()) ?? '')?.[0] ?? '';
    await field(watched, `Type ${number} to confirm`).fill(number);
    await field(watched, 'Reference').fill('BANK-300'); // that of the payment itself
    await field(watched, 'Reason').fill('one server less');
    await confirm(watched, 'Return $20.00');
    const reference = field(watched, 'Reference');
    await until(() => reference.evaluate((element) => element === element.ownerDocument.activeElement), { what: 'the focus on the field' });
    await reference.fill('BANK-301');
    expect(await watched.axeInBothSchemes('return of a payment')).toEqual([]);
    await confirm(watched, 'Return $20.00');
    await page.locator('.head .pill', { hasText: 'Partly paid' }).waitFor();
    await page.locator('.headline', { hasText: '20.00' }).waitFor();
    type Paid = { readonly data: readonly { readonly kind: string; readonly amount: string }[] };
    const { data } = await world().call<Paid>('admin', '/api/v1/payments?reference=BANK-301');
    expect(data).toMatchObject([{ kind: 'refunded', amount: '20.00' }]);
    watched.faults.splice(0); // of the reference that was taken
  });

  it('says in the inbox that there are more drafts than it reads, and leads to all of them', async () => {
    const { page } = await open('admin', '/rate-cards');
    await page.route(/tenant-invoices\?status=draft/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), page: { next_cursor: 'more' } } });
    });
    await page.goto(`${world().api}/console/inbox`);
    await page.getByText(/^More than \d+ things need a decision/).waitFor();
    await page.getByRole('link', { name: 'There are more than 200 drafts' }).click();
    await page.getByRole('heading', { level: 1, name: 'Invoices' }).waitFor();
    expect(new URL(page.url()).searchParams.get('status')).toBe('draft');
  });

  it('shows a tenant its invoice, payment, credit note and costs, and no buy figure on any page or in any answer [TBL-7]', async () => {
    const { data } = await world().call<Invoices>('tenant', '/api/v1/tenant-invoices');
    const found: string[] = [];
    const watched = await open('tenant', '/costs');
    const { page } = watched;
    const asked = new Set<string>();
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      if (pathname.startsWith('/api/v1/') && !pathname.endsWith('/stream')) asked.add(`${pathname}${search}`);
    });
    for (const route of ['/costs', '/invoices', ...data.map(({ id }) => `/invoices/${id}`), '/payments', '/credit-notes', '/wallets']) {
      await page.goto(`${world().api}/console${route}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await watched.settled();
      const text = (await page.getByRole('main').textContent()) ?? '';
      if (BUY_WORDS.test(text)) found.push(`${route}: ${BUY_WORDS.exec(text)?.[0]}`);
      found.push(...(await watched.axeInBothSchemes(`tenant ${route}`)));
    }
    for (const path of asked) {
      const text = JSON.stringify(await world().call<unknown>('tenant', path));
      if (BUY_FIELDS.test(text)) found.push(`${path}: ${BUY_FIELDS.exec(text)?.[0]}`);
    }
    expect(data.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });
}
