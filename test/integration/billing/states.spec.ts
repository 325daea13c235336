import { BillingHistory, InvoiceLedger, InvoiceService } from '#libs/provider-billing';
import { Transaction } from '#libs/database';
import { errorCode, Money } from '#libs/kernel';
import {
  INVOICE_STATUSES,
  INVOICE_TRANSITIONS,
  RECONCILIATION_TRANSITIONS,
  RECONCILIATIONS,
  type InvoiceStatus,
  type Reconciliation,
} from '../../../libs/features/provider-billing/src/invoice.states';
import { newBillingWorld, type BillingWorld } from './billing-world';

const BECAUSE = { by: { sub: 'ops', role: 'platform_admin' }, reason: 'agreed with the provider' };

let world: BillingWorld;
let ledger: InvoiceLedger;
let accountId: string;
beforeAll(async () => {
  world = await newBillingWorld();
  ledger = world.get(InvoiceLedger);
  await world.get(BillingHistory).read();
  const [account] = await world.database.query<{ id: string }>('select id from cloud_accounts');
  accountId = account?.id ?? '';
});
afterAll(() => world.close());

let count = 0;
async function anInvoice(status: InvoiceStatus, reconciliation: Reconciliation | 'none'): Promise<string> {
  const [row] = await world.database.query<{ id: string }>(
    `insert into cloud_invoices (account_id, invoice_uuid, period, issued_on, amount, status, reconciliation, difference, ingested_at)
     values ($1, $2, '2026-04-01', '2026-05-01', 5, $3, $4, 1, case when $3 = 'ingested' then clock_timestamp() end) returning id`,
    [accountId, `states-${++count}`, status, reconciliation === 'none' ? null : reconciliation],
  );
  return row?.id ?? '';
}

const stored = async (id: string) =>
  (
    await world.database.query<{ status: InvoiceStatus; reconciliation: Reconciliation | null }>(
      'select * from cloud_invoices where id = $1',
      [id],
    )
  )[0];

/** Records an ingest of the invoice the way the product does, whatever its status is. */
async function ingest(id: string, reconciliation: Reconciliation): Promise<void> {
  const invoice = { id, accountId, invoiceUuid: '', period: '2026-04-01', askedAt: new Date().toISOString() };
  const zero = Money.parse('0');
  await world.get(Transaction).run((em) =>
    ledger.recordIngest(em, invoice, {
      documentHash: 'hash',
      lines: 1,
      matchedLines: 1,
      unreadableCells: 0,
      unlistedKinds: null,
      linesAmount: zero,
      taxAmount: zero,
      linesValue: zero,
      attributedValue: zero,
      summary: null,
      reconciliation,
      difference: zero,
    }),
  );
}

/** Gives an invoice a status the way the product does. Nothing makes an invoice `discovered` again. */
const MOVES: Readonly<Record<Exclude<InvoiceStatus, 'discovered'>, (id: string) => Promise<unknown>>> = {
  ingesting: (id) => ledger.claimInvoice(id),
  failed: (id) => ledger.recordFailure({ id, askedAt: new Date().toISOString() }, { code: 'unreadable_document', detail: 'Cut' }),
  ingested: (id) => ingest(id, 'reconciled'),
};
const TARGETS = Object.keys(MOVES) as (keyof typeof MOVES)[];
const PAIRS = INVOICE_STATUSES.flatMap((from) => TARGETS.map((to) => ({ from, to })));
const isAllowed = ({ from, to }: { from: InvoiceStatus; to: InvoiceStatus }) => INVOICE_TRANSITIONS[from].includes(to);

it.each([
  ['status', [...INVOICE_STATUSES]],
  ['reconciliation', [...RECONCILIATIONS]],
])('lists the words that the schema allows for the %s of an invoice', async (column, words) => {
  const [check] = await world.database.query<{ written: string }>(
    `select pg_get_constraintdef(oid) as written from pg_constraint
      where conrelid = 'cloud_invoices'::regclass and contype = 'c'
        and conkey = (select array[attnum] from pg_attribute where attrelid = 'cloud_invoices'::regclass and attname = $1)`,
    [column],
  );
  expect([...(check?.written ?? '').matchAll(/'(\w+)'/g)].map(([, word]) => word)).toEqual(words);
});

it('never makes an invoice discovered again', () => {
  expect(INVOICE_STATUSES.filter((status) => INVOICE_TRANSITIONS[status].includes('discovered'))).toEqual([]);
});

it.each(PAIRS.filter(isAllowed))('moves an invoice from $from to $to', async ({ from, to }) => {
  const id = await anInvoice(from, 'none');
  await MOVES[to](id);
  expect((await stored(id))?.status).toBe(to);
});

it.each(['ingesting', 'failed'] as const)('keeps an invoice with lines ingested, although it is to become %s (C6) [BIL-2]', async (to) => {
  const id = await anInvoice('ingested', 'reconciled');
  await MOVES[to](id);
  expect(await stored(id)).toMatchObject({
    status: 'ingested',
    reconciliation: 'reconciled',
    failure: to === 'failed' ? { code: 'unreadable_document', detail: 'Cut' } : null,
  });
});

it.each(PAIRS.filter((pair) => !isAllowed(pair) && pair.from !== 'ingested'))(
  'does not move an invoice from $from to $to, and changes nothing',
  async ({ from, to }) => {
    const id = await anInvoice(from, 'none');
    const before = await stored(id);
    const [refused] = await Promise.allSettled([MOVES[to](id)]);
    expect(refused.status === 'rejected' ? String(refused.reason) : 'cannot become ingested').toContain('cannot become ingested');
    expect(await stored(id)).toEqual(before);
  },
);

const RESULTS = (['none', ...RECONCILIATIONS] as const).flatMap((from) => RECONCILIATIONS.map((to) => ({ from, to })));
const mayFollow = ({ from, to }: (typeof RESULTS)[number]) => RECONCILIATION_TRANSITIONS[from].includes(to);

it.each(RESULTS.filter(mayFollow))('lets an ingest find $to where it was $from [BIL-5]', async ({ from, to }) => {
  const id = await anInvoice('ingesting', from);
  await ingest(id, to);
  expect((await stored(id))?.reconciliation).toBe(to);
});

it.each(RESULTS.filter((result) => !mayFollow(result)))(
  'does not let an ingest find $to where it was $from [BIL-5]',
  async ({ from, to }) => {
    const id = await anInvoice('ingesting', from);
    const before = await stored(id);
    await expect(ingest(id, to)).rejects.toThrow('cannot become ingested');
    expect(await stored(id)).toEqual(before);
  },
);

it.each(['none', ...RECONCILIATIONS] as const)('releases an invoice that is %s only when it is a mismatch [BIL-5]', async (from) => {
  const id = await anInvoice('ingested', from);
  const before = await stored(id);
  const refusal = await world
    .get(InvoiceService)
    .release(id, BECAUSE)
    .then(() => undefined, errorCode);
  expect(refusal).toBe(from === 'mismatch' ? undefined : 'invoice_not_releasable');
  const after = await stored(id);
  expect(from === 'mismatch' ? after?.reconciliation : after).toEqual(from === 'mismatch' ? 'released' : before);
});
