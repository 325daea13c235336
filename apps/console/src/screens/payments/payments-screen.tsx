import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { CsvButton } from '../../parts/csv';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters } from '../../parts/filters';
import { calendarDay, moneyIn } from '../../parts/format';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { SubNav } from '../../parts/sub-nav';
import { useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { PAYMENT_PLACES } from './money-places';
import { TEXTS } from './texts';

type Payment = Schemas['PaymentResponse'];

const { heads } = TEXTS;
const kindText = (kind: string): string => TEXTS.kinds[kind] ?? kind;
/** A return is money that went the other way. */
const signed = ({ kind, amount, currency }: Payment): string => moneyIn(kind === 'received' ? amount : `-${amount}`, currency);

const COLUMNS: readonly Column<Payment>[] = [
  { id: 'day', head: heads.day, width: 104, cell: ({ received_on: on }) => calendarDay(on) },
  { id: 'tenant', head: heads.tenant, width: 124, cell: ({ tenant_id: id }) => <b style={{ fontWeight: 550 }}>{id}</b> },
  { id: 'invoice', head: heads.invoice, width: 116, cell: ({ invoice_number: number }) => <span className="mono">{number}</span> },
  { id: 'kind', head: heads.kind, width: 150, cell: ({ kind }) => kindText(kind) },
  { id: 'reference', head: heads.reference, cell: ({ reference }) => <span className="mono">{reference}</span> },
  { id: 'due', head: heads.toDue, width: 116, numeric: true, wide: true, cell: (one) => moneyIn(one.to_due, one.currency) },
  { id: 'wallet', head: heads.toWallet, width: 116, numeric: true, wide: true, cell: (one) => moneyIn(one.to_wallet, one.currency) },
  { id: 'amount', head: heads.amount, width: 116, numeric: true, cell: signed },
];

/** Payments of invoices and their returns, the newest first. A tenant sees its own. */
export function PaymentsScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const list = useList<Payment, Schemas['PaymentResponseList']>(['payments', filters], (cursor, signal) =>
    answered(api.GET('/api/v1/payments', { params: { query: { ...filters, limit: PAGE, cursor } as never }, signal })),
  );
  const columns = useMemo(() => COLUMNS.filter(({ id }) => isAdmin || id !== 'tenant'), [isAdmin]);
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.payments}
        sub={TEXTS.subs.payments}
        beside={<SubNav label={TEXTS.label} places={PAYMENT_PLACES} />}
        actions={
          <CsvButton
            name="payments.csv"
            head={['day', 'tenant', 'invoice', 'kind', 'reference', 'currency', 'amount', 'to_due', 'to_wallet']}
            rows={list.rows.map((one) => [one.received_on, one.tenant_id, one.invoice_number, one.kind, one.reference, one.currency, one.amount, one.to_due, one.to_wallet])} // prettier-ignore
          />
        }
      />
      <FilterChips
        specs={[
          ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []),
          { name: 'kind', label: TEXTS.filters.kind, options: Object.entries(TEXTS.kinds).map(([value, label]) => ({ value, label })) },
          { name: 'reference', label: TEXTS.filters.reference },
          { name: 'received_on', label: TEXTS.filters.received_on },
        ]}
      />
      <ListCard
        list={list}
        label={TEXTS.payments}
        columns={columns}
        rowId={({ id }) => id}
        onOpen={({ invoice_id: id }) => void navigate({ to: '/invoices/$id', params: { id } })}
        item={(one) => (
          <div className="item">
            <span />
            <b style={{ fontWeight: 550 }}>{isAdmin ? one.tenant_id : one.invoice_number}</b>
            <span className="tn">{signed(one)}</span>
            <span className="l2 dim">
              {calendarDay(one.received_on)} · {kindText(one.kind)} · {one.reference}
            </span>
          </div>
        )}
        empty={<EmptyState {...(isAdmin ? TEXTS.empty.payments : TEXTS.empty.ownPayments)} />}
      />
    </Screen>
  );
}
