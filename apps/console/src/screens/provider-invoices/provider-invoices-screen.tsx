import { useNavigate } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { calendarDay, money, monthText, percent, plainDelta, plainMoney } from '../../parts/format';
import { IconChecks, IconCircleX, IconHourglass } from '../../parts/icons';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen, SubNav } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Badge, Status, statusWord } from '../../parts/status';
import { lastMonths } from '../costs/cost-history';
import { COST_PLACES, TEXTS } from './texts';

type Invoice = Schemas['InvoiceResponse'];

const MONTHS = 24;
const STATES = ['discovered', 'ingesting', 'ingested', 'failed'];
const RESULTS = ['reconciled', 'mismatch', 'released'];

export const invoiceName = ({ invoice_number: number, invoice_uuid: uuid }: Pick<Invoice, 'invoice_number' | 'invoice_uuid'>): string =>
  number ?? `…${uuid.slice(-6)}`;
const shareText = (share: number | null): string => (share === null ? '' : percent(share));

const COLUMNS: readonly Column<Invoice>[] = [
  { id: 'number', head: TEXTS.heads.number, cell: (invoice) => <b style={{ fontWeight: 550 }}>{invoiceName(invoice)}</b> },
  { id: 'month', head: TEXTS.heads.month, width: 136, cell: ({ period }) => monthText(period) },
  { id: 'issued', head: TEXTS.heads.issued, width: 104, wide: true, cell: ({ issued_on: on }) => calendarDay(on) },
  { id: 'state', head: TEXTS.heads.state, width: 104, cell: ({ status }) => <Status of="ingest" value={status} /> },
  { id: 'adds', head: TEXTS.heads.reconciliation, width: 136, cell: (invoice) => <Reconciliation invoice={invoice} /> },
  {
    id: 'difference',
    head: TEXTS.heads.difference,
    width: 104,
    numeric: true,
    cell: ({ reconciliation: { difference } }) => (difference === null ? '' : plainDelta(difference)),
  },
  { id: 'matched', head: TEXTS.heads.matched, width: 84, numeric: true, wide: true, cell: (one) => shareText(one.matched_line_ratio) },
  {
    id: 'owned',
    head: TEXTS.heads.attributed,
    width: 108,
    numeric: true,
    wide: true,
    cell: (one) => shareText(one.attributed_amount_ratio),
  },
  { id: 'finance', head: TEXTS.heads.finance, width: 104, wide: true, cell: (invoice) => <Finance invoice={invoice} /> },
  { id: 'amount', head: TEXTS.heads.amount, width: 116, numeric: true, cell: ({ amount }) => plainMoney(amount) },
];

/** Whether the lines add up to the amount; nothing before they are read. */
export function Reconciliation({ invoice, pill = false }: { readonly invoice: Invoice; readonly pill?: boolean }) {
  const { status } = invoice.reconciliation;
  return status && <Status of="reconciliation" value={status} pill={pill} />;
}

function Finance({ invoice: { pushed_to_finance_at: pushed, push_error: error } }: { readonly invoice: Invoice }) {
  const { finance } = TEXTS;
  if (error !== null) {
    return (
      <Badge tone="bad" icon={IconCircleX}>
        {finance.error}
      </Badge>
    );
  }
  return (
    <Badge tone={pushed ? 'ok' : 'mute'} icon={pushed ? IconChecks : IconHourglass}>
      {pushed ? finance.pushed : finance.waits}
    </Badge>
  );
}

/** The provider's invoices with their reconciliation. */
export function ProviderInvoicesScreen() {
  const navigate = useNavigate();
  const { filters } = useFilters();
  const list = useList<Invoice, Schemas['InvoiceResponseList']>(['provider-invoices', filters], (cursor, signal) =>
    answered(api.GET('/api/v1/billing/invoices', { params: { query: { ...filters, limit: PAGE, cursor } as never }, signal })),
  );
  const words = (of: 'ingest' | 'reconciliation', values: readonly string[]) =>
    values.map((value) => ({ value, label: statusWord(of, value) }));
  const specs: readonly FilterSpec[] = [
    { name: 'period', label: TEXTS.filters.period, options: lastMonths(MONTHS).map((value) => ({ value, label: monthText(value) })) },
    { name: 'reconciliation', label: TEXTS.filters.reconciliation, options: words('reconciliation', RESULTS) },
    { name: 'status', label: TEXTS.filters.status, options: words('ingest', STATES) },
  ];
  return (
    <Screen fixed>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} places={<SubNav label={TEXTS.places} places={COST_PLACES} />} />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/provider-invoices/$id', params: { id } })}
        item={(invoice) => (
          <div className="item">
            <span />
            <b style={{ fontWeight: 550 }}>{monthText(invoice.period)}</b>
            <span className="tn">{money(invoice.amount)}</span>
            <span className="l2">
              <Reconciliation invoice={invoice} />
              <span className="dim">{invoiceName(invoice)}</span>
            </span>
          </div>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
    </Screen>
  );
}
