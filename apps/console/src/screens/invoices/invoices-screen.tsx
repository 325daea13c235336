import { Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { CsvButton } from '../../parts/csv';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { calendarDay, moneyIn, monthText } from '../../parts/format';
import { IconFileDollar, IconPlus } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState, Note } from '../../parts/states';
import { Status, statusWord } from '../../parts/status';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { lastMonths } from '../costs/cost-history';
import { InvoiceBulkBar } from './invoice-bulk-bar';
import { INVOICE_CSV, InvoiceProblems, InvoiceSum, PaymentStatus } from './invoice-states';
import { TEXTS } from './texts';

export type Invoice = Schemas['TenantInvoiceResponse'];

const MONTHS = 13;
const STATUSES = ['draft', 'ready', 'issued', 'void'];
const PAYMENTS = ['unpaid', 'partly_paid', 'paid', 'written_off'];

const nameOf = ({ number, draft_number: draft }: Invoice): string => number ?? draft ?? '';
const periodOf = ({ period }: Invoice): string => (period === null ? TEXTS.oneOff : monthText(period));

const COLUMNS: readonly Column<Invoice>[] = [
  { id: 'number', head: TEXTS.heads.number, cell: (invoice) => <span className="nm mono">{nameOf(invoice)}</span> },
  { id: 'tenant', head: TEXTS.heads.tenant, width: 100, cell: ({ tenant_id: id }) => <TenantName id={id} /> },
  { id: 'period', head: TEXTS.heads.period, width: 130, cell: periodOf },
  { id: 'state', head: TEXTS.heads.state, width: 88, cell: ({ status }) => <Status of="invoice" value={status} /> },
  { id: 'payment', head: TEXTS.heads.payment, width: 104, cell: (invoice) => <PaymentStatus invoice={invoice} /> },
  { id: 'problems', head: TEXTS.heads.problems, width: 104, wide: true, cell: ({ problems }) => <InvoiceProblems problems={problems} /> },
  { id: 'total', head: TEXTS.heads.total, width: 98, numeric: true, cell: (invoice) => <InvoiceSum invoice={invoice} /> },
  {
    id: 'due',
    head: TEXTS.heads.due,
    width: 98,
    numeric: true,
    cell: ({ due, currency, status }) => (status === 'issued' ? moneyIn(due, currency) : ''),
  },
  {
    id: 'issued',
    head: TEXTS.heads.issued,
    width: 108,
    numeric: true,
    wide: true,
    cell: ({ issued_on: on }) => (on ? calendarDay(on) : ''),
  },
  { id: 'dueOn', head: TEXTS.heads.dueOn, width: 108, numeric: true, wide: true, cell: ({ due_on: on }) => (on ? calendarDay(on) : '') },
];
const ADMIN_ONLY = new Set(['tenant', 'problems']);

export function InvoicesScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const tenants = useTenantOptions();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const read = (cursor: string | undefined, signal: AbortSignal) =>
    answered(api.GET('/api/v1/tenant-invoices', { params: { query: { ...filters, limit: 100, cursor } as never }, signal }));
  const list = useList<Invoice, Schemas['TenantInvoiceResponseList']>(['invoices', filters], read);
  const columns = useMemo(() => COLUMNS.filter(({ id }) => isAdmin || !ADMIN_ONLY.has(id)), [isAdmin]);
  const clear = useCallback(() => setSelected(new Set()), []);
  const specs: readonly FilterSpec[] = [
    { name: 'period', label: TEXTS.filters.period, options: lastMonths(MONTHS).map((value) => ({ value, label: monthText(value) })) },
    { name: 'payment_status', label: TEXTS.filters.payment_status, options: optionsOf('payment', PAYMENTS), display: wordsOf('payment') },
    ...(isAdmin
      ? [
          { name: 'status', label: TEXTS.filters.status, options: optionsOf('invoice', STATUSES), display: wordsOf('invoice') },
          { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants },
          { name: 'problem', label: TEXTS.filters.problem },
        ]
      : []),
    { name: 'number', label: TEXTS.filters.number },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        beside={<Views />}
        actions={
          <>
            <CsvButton name="invoices.csv" columns={INVOICE_CSV} read={read} isEmpty={list.rows.length === 0} />
            {isAdmin && (
              <Link className="btn" to="/invoices/new" search={filters.tenant_id ? { tenant_id: filters.tenant_id } : {}}>
                <IconPlus size={16} stroke={1.75} aria-hidden />
                {TEXTS.create.button}
              </Link>
            )}
            {isAdmin && <BuildButton built={(period) => change({ period })} />}
          </>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={columns}
        rowId={({ id }) => id}
        rowName={nameOf}
        onOpen={({ id }) => void navigate({ to: '/invoices/$id', params: { id } })}
        selection={isAdmin ? { ids: selected, set: setSelected } : undefined}
        item={(invoice) => <InvoiceItem invoice={invoice} isAdmin={isAdmin} />}
        filters={specs}
        empty={<EmptyState {...(isAdmin ? TEXTS.empty : TEXTS.emptyTenant)} />}
        foot={isAdmin && <InvoiceBulkBar rows={list.rows.filter(({ id }) => selected.has(id))} clear={clear} />}
      />
    </Screen>
  );
}

type ViewSet = Readonly<Record<'status' | 'payment_status' | 'overdue', string | undefined>>;

const optionsOf = (of: 'invoice' | 'payment', values: readonly string[]) =>
  values.map((value) => ({ value, label: statusWord(of, value) }));

const wordsOf = (of: 'invoice' | 'payment') => (values: string) =>
  values
    .split(',')
    .map((value) => statusWord(of, value))
    .join(', ');

/** The lists that people ask for most, as one press each. */
function Views() {
  const { isAdmin } = useSession();
  const { filters, change } = useFilters();
  const none: ViewSet = { status: undefined, payment_status: undefined, overdue: undefined };
  const views = [
    { text: TEXTS.views.all, set: none },
    ...(isAdmin ? [{ text: TEXTS.views.drafts, set: { ...none, status: 'draft,ready' } }] : []),
    { text: TEXTS.views.open, set: { ...none, status: isAdmin ? 'issued' : undefined, payment_status: 'unpaid,partly_paid' } },
    { text: TEXTS.views.overdue, set: { ...none, overdue: 'true' } },
  ];
  const isOn = (set: ViewSet) => Object.entries(set).every(([name, value]) => filters[name] === value);
  return (
    <div className="seg" role="group" aria-label="Views">
      {views.map(({ text, set }) => (
        <button key={text} type="button" aria-pressed={isOn(set)} onClick={() => change(set)}>
          {text}
        </button>
      ))}
    </div>
  );
}

function BuildButton({ built }: { readonly built: (period: string) => void }) {
  const client = useQueryClient();
  const months = lastMonths(MONTHS).slice(1);
  const [asking, setAsking] = useState(false);
  const [period, setPeriod] = useState(months[0] ?? '');
  const [report, setReport] = useState<Schemas['BuildResponse'] | null>(null);
  const build = async (reason: string | undefined) => {
    const { data } = await answered(api.POST('/api/v1/tenant-invoices/build', { body: { period, ...(reason && { reason }) } }));
    await client.invalidateQueries({ queryKey: ['invoices'] });
    setReport(data);
    built(period);
  };
  return (
    <>
      {report && <Note tone={report.stopped > 0 ? 'warn' : 'info'}>{TEXTS.build.done(report, monthText(report.period))}</Note>}
      <button type="button" className="btn pri" onClick={() => setAsking(true)}>
        <IconFileDollar size={16} stroke={1.75} aria-hidden />
        {TEXTS.build.button}
      </button>
      {asking && (
        <Confirm
          title={TEXTS.build.title}
          button={TEXTS.build.button}
          reason="optional"
          ready={period !== ''}
          confirm={build}
          close={() => setAsking(false)}
        >
          <p className="mid" style={{ marginBottom: 10 }}>
            {TEXTS.build.text}
          </p>
          <Select
            label={TEXTS.build.month}
            data={months.map((value) => ({ value, label: monthText(value) }))}
            value={period}
            onChange={(value) => setPeriod(value ?? '')}
            allowDeselect={false}
            data-autofocus
          />
        </Confirm>
      )}
    </>
  );
}

function InvoiceItem({ invoice, isAdmin }: { readonly invoice: Invoice; readonly isAdmin: boolean }) {
  return (
    <div className="item">
      <span />
      <b className="trunc mono" style={{ fontWeight: 550 }}>
        {nameOf(invoice)}
      </b>
      <span className="tn">
        <InvoiceSum invoice={invoice} />
      </span>
      <span className="l2">
        {invoice.status === 'issued' ? <PaymentStatus invoice={invoice} /> : <Status of="invoice" value={invoice.status} />}
        <span className="dim">{[isAdmin ? invoice.tenant_id : null, periodOf(invoice)].filter(Boolean).join(' · ')}</span>
      </span>
    </div>
  );
}
