import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../support/until';
import type { Stack } from './console-world';

/** A receiver of webhooks that refuses until it is told otherwise. */
class Receiver {
  readonly ids: string[] = [];
  readonly signatures: string[] = [];
  isBroken = true;
  private readonly server: Server = createServer((request, response) => {
    this.ids.push(String(request.headers['webhook-id']));
    this.signatures.push(String(request.headers['webhook-signature']));
    request.resume();
    response.writeHead(this.isBroken ? 500 : 204).end();
  });

  async url(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** The whole job of somebody whose receiver was broken: make the webhook, find what failed, send it again. */
export function webhookJobs({ open }: Pick<Stack, 'open'>): void {
  const receiver = new Receiver();
  afterAll(() => receiver.close());

  it('makes a webhook whose secret is shown once, finds the delivery that failed, sends it and earlier events again, and changes the secret [WHK-3]', async () => {
    const url = await receiver.url();
    const watched = await open('tenant', '/webhooks');
    const { page } = watched;
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'New webhook' }).click();
    await dialog.getByLabel('Address').fill(url);
    await dialog.getByLabel('Description').fill('orders of the shop');
    expect(await watched.axeInBothSchemes('form of a webhook')).toEqual([]);
    await dialog.getByRole('button', { name: 'Create' }).click();
    const secret = await dialog.getByLabel('Secret', { exact: true }).inputValue();
    expect(secret).toMatch(/^whsec_/);
    expect(await watched.axeInBothSchemes('secret of a webhook')).toEqual([]);
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('heading', { level: 1, name: /^orders of the shop/ }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await page.getByRole('button', { name: 'Send a test' }).click();
    const row = page.getByRole('row', { name: /^Test message/ });
    await row.getByText(/^Next try/).waitFor();
    await row.click();
    await dialog.getByText('500').first().waitFor();
    expect(await watched.axeInBothSchemes('delivery')).toEqual([]);
    receiver.isBroken = false;
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await dialog.getByText('Delivered').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await row.getByText('Delivered').waitFor();
    expect(new Set(receiver.ids).size).toBe(1); // the same webhook-id each time
    expect(receiver.ids.length).toBeGreaterThan(1);

    const sent = receiver.ids.length;
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Send events again…' }).click();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    const said = page.getByRole('status').filter({ hasText: /messages? (is|are) sent again/ });
    await said.waitFor();
    const replayed = Number(/\d[\d,]*/.exec((await said.textContent()) ?? '')?.[0].replace(',', ''));
    expect(replayed).toBeGreaterThan(0);
    await until(() => receiver.ids.length >= sent + replayed, { what: 'the events that are sent again' });

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'New secret…' }).click();
    await dialog.getByRole('button', { name: 'Make a new secret' }).click();
    const next = await dialog.getByLabel('Secret', { exact: true }).inputValue();
    expect([next.startsWith('whsec_'), next === secret]).toEqual([true, false]);
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await until(() => receiver.signatures.at(-1)?.split(' ').length === 2, { what: 'a message that both secrets sign' });

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Pause…' }).click();
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator('.head .pill.wait').waitFor();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await dialog.getByLabel(`Type ${new URL(url).host} to confirm`).fill(new URL(url).host);
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
    await until(async () => (await page.getByRole('row', { name: /orders of the shop/ }).count()) === 0);
  });

  it('keeps who is told by mail: the address and the events of the tenant', async () => {
    const { page } = await open('tenant', '/notifications');
    await page.getByLabel('Mail to').fill('ops@acme.example');
    await page
      .getByRole('combobox', { name: 'Events' })
      .or(page.getByRole('textbox', { name: 'Events' }))
      .first()
      .fill('saga failed');
    await page.getByRole('option', { name: 'Saga failed' }).click();
    await page.keyboard.press('Escape'); // the choices stay open for more
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Changed last by/).waitFor();
    await page.reload();
    await until(async () => (await page.getByLabel('Mail to').inputValue()) === 'ops@acme.example');
    await page.getByText('Saga failed').first().waitFor();
  });
}
