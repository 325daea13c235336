import { BillingPush, CreditNotes, Payments } from '#libs/tenant-billing';
import { Money } from '#libs/kernel';
import { JWT_SECRET } from '../../support/settings';
import { startTestProvider } from '../../support/test-provider';
import { newInvoiceWorld, type InvoiceWorld } from './invoice-world';
import { payment } from './money-world';
import { BECAUSE } from './rating-world';

const PATH = '/finance/api/v1/integrations/cloud/tenant-invoice';
const NOTHING = Money.parse('0');

let provider: Awaited<ReturnType<typeof startTestProvider>>;
let world: InvoiceWorld;
beforeAll(async () => {
  provider = await startTestProvider({ empty: true });
  await provider.simulator.change({ settings: { finance_secret: JWT_SECRET } });
  world = await newInvoiceWorld({ ...provider.settings, SKYAI_FINANCE_URL: `${provider.provider.url}/finance` });
});
afterAll(async () => {
  await world.close();
  await provider.provider.close();
});

async function issue(tenant: string): Promise<string> {
  const line = { description: 'Work', quantity: '1', unit: 'each', unit_price: '100.00' };
  const { id } = await world.invoices.createOneOff(tenant, [line], BECAUSE);
  await world.invoices.approve(id, null, BECAUSE);
  await world.issuing.issue(id, null, BECAUSE);
  return id;
}
const versionOf = async (id: string) => (await world.reader.get({ kind: 'platform' }, id)).version;

it('tells finance of each issued invoice, credit note, void notice and payment, once each, although answers are lost [BIL-8]', async () => {
  const [kept, voided] = [await issue('acme'), await issue('birch')];
  await world.issuing.void(voided, null, BECAUSE);
  const lines = [{ line_no: 1, net: Money.parse('40.00') }];
  const rest = { refund: NOTHING, wallet: NOTHING, out_of_band: NOTHING };
  const note = await world.service(CreditNotes).credit(kept, { lines, rest }, await versionOf(kept), BECAUSE);
  const paid = payment(6_000);
  await world.service(Payments).record(kept, paid, await versionOf(kept), BECAUSE);

  const match = { method: 'POST', path: PATH };
  await provider.simulator.faults([{ id: 'lost', match: { ...match, probability: 0.5 }, effect: { type: 'lose_answer' } }]);
  const push = world.service(BillingPush);
  for (let rounds = 0; await push.isDue(); rounds += 1) {
    expect(rounds).toBeLessThan(100);
    await push.deliver();
    await world.owner.query('update billing_outbox set next_attempt_at = clock_timestamp(), lease_until = null where delivered_at is null');
  }
  expect((await provider.simulator.fired())['lost']).toBeGreaterThan(0);
  const { finance_documents: told } = (await provider.simulator.account()) as unknown as {
    finance_documents: { event: string; customer_id: string; total: string; document: { number?: string; reference?: string } }[];
  };
  const seen = told.map(
    ({ event, customer_id, total, document }) => `${event} ${customer_id} ${total} ${document.reference ?? document.number}`,
  );
  expect(seen.sort()).toEqual([
    `credit_note.issued acme 40.00 ${note.number}`,
    `payment.recorded acme 60.00 ${paid.reference}`,
    'tenant_invoice.issued acme 100.00 INV-00001',
    'tenant_invoice.issued birch 100.00 INV-00002',
    'tenant_invoice.voided birch 100.00 INV-00002',
  ]);
  expect(JSON.stringify(told)).not.toMatch(/"(buy|explanation)"/);
});
