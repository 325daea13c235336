import { answered, api, type Schemas } from '../../client/client';
import type { CsvColumns } from '../../parts/csv-rows';
import type { Column } from '../../parts/data-table';
import { calendarDay, moneyIn } from '../../parts/format';
import { PAGE } from '../../parts/list';
import { TenantName } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { MoneyList } from './money-list';
import { TEXTS } from './texts';

type Payment = Schemas['PaymentResponse'];

const { heads } = TEXTS;
const kindText = (kind: string): string => TEXTS.kinds[kind] ?? kind;
/** A return is money that went the other way. */
const signed = ({ kind, amount, currency }: Payment): string => moneyIn(kind === 'received' ? amount : `-${amount}`, currency);

const COLUMNS: readonly Column<Payment>[] = [
  { id: 'day', head: heads.day, width: 104, cell: ({ received_on: on }) => calendarDay(on) },
  { id: 'tenant', head: heads.tenant, width: 124, cell: ({ tenant_id: id }) => <TenantName id={id} /> },
  { id: 'invoice', head: heads.invoice, width: 116, cell: ({ invoice_number: number }) => <span className="mono">{number}</span> },
  { id: 'kind', head: heads.kind, width: 150, cell: ({ kind }) => kindText(kind) },
  { id: 'reference', head: heads.reference, cell: ({ reference }) => <span className="mono">{reference}</span> },
  { id: 'due', head: heads.toDue, width: 116, numeric: true, wide: true, cell: (one) => moneyIn(one.to_due, one.currency) },
  { id: 'wallet', head: heads.toWallet, width: 116, numeric: true, wide: true, cell: (one) => moneyIn(one.to_wallet, one.currency) },
  { id: 'amount', head: heads.amount, width: 116, numeric: true, cell: signed },
];

const CSV: CsvColumns<Payment> = [
  ['day', (one) => one.received_on],
  ['tenant', (one) => one.tenant_id],
  ['invoice', (one) => one.invoice_number],
  ['kind', (one) => one.kind],
  ['reference', (one) => one.reference],
  ['currency', (one) => one.currency],
  ['amount', (one) => one.amount],
  ['to_due', (one) => one.to_due],
  ['to_wallet', (one) => one.to_wallet],
];

const SPECS = [
  { name: 'kind', label: TEXTS.filters.kind, options: Object.entries(TEXTS.kinds).map(([value, label]) => ({ value, label })) },
  { name: 'reference', label: TEXTS.filters.reference },
  { name: 'received_on', label: TEXTS.filters.received_on },
];

/** Payments of invoices and their returns. */
export function PaymentsScreen() {
  const { isAdmin } = useSession();
  return (
    <MoneyList<Payment, Schemas['PaymentResponseList']>
      name="payments"
      title={TEXTS.payments}
      sub={TEXTS.subs.payments}
      read={(query, signal) => answered(api.GET('/api/v1/payments', { params: { query: { ...query, limit: PAGE } as never }, signal }))}
      columns={COLUMNS}
      specs={SPECS}
      csv={CSV}
      item={(one, isForAdmin) => [
        isForAdmin ? one.tenant_id : one.invoice_number,
        signed(one),
        [calendarDay(one.received_on), kindText(one.kind), one.reference].join(' · '),
      ]}
      empty={isAdmin ? TEXTS.empty.payments : TEXTS.empty.ownPayments}
    />
  );
}
