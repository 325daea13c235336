import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { answered, api } from '../../client/client';
import { CsvButton } from '../../parts/csv';
import { useFilters } from '../../parts/filters';
import { age, count, exactTime, moneyIn, monthText } from '../../parts/format';
import { IconAlertTriangle } from '../../parts/icons';
import { ListCard, PAGE } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { PeriodSelect } from '../../parts/period-select';
import { EmptyState, ErrorState, Note } from '../../parts/states';
import { Badge, Status } from '../../parts/status';
import { lastMonths } from '../costs/cost-history';
import { BulkSummary, type BulkResult } from '../invoices/invoice-bulk-dialog';
import { INVOICE_CSV } from '../invoices/invoice-states';
import { InvoiceBulkBar } from '../invoices/invoice-bulk-bar';
import { Equation } from '../pnl/equation';
import { isOpenRun, usePnl, useRatedMonth, useRuns, type Run } from '../pnl/pnl-data';
import { billOf, MonthActions } from './month-actions';
import { monthColumns, WhatNext } from './month-columns';
import { MonthFigures } from './month-figures';
import { isInvoiced, isStopped, netOf, netsOf, type MonthRow } from './month-rows';
import { ProblemsCard } from './problems-card';
import './month-runs.css';
import { TEXTS } from './texts';

const MONTHS = 24;
/** Pixels of the head, a row, and what is below the rows. */
const HEAD_PX = 76;
const ROW_PX = 36;

const readMonth = (period: string, cursor: string | undefined, signal: AbortSignal) =>
  answered(
    api.GET('/api/v1/tenant-invoices', {
      params: { query: { period, kind: 'standard', sort: 'tenant_id', limit: PAGE, ...(cursor && { cursor }) } },
      signal,
    }),
  );

/** The month board: one row for each tenant from draft to paid, what stops, and whether everything adds up. */
export function MonthRunScreen() {
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const months = lastMonths(MONTHS).slice(1);
  const period = filters.period ?? months[0] ?? '';
  const before = lastMonths(MONTHS + 1)[lastMonths(MONTHS + 1).indexOf(period) + 1] ?? period;
  const runs = useRuns(period);
  const all = runs.data?.data;
  const run = all?.[0];
  const rated = all?.find(({ status }) => status === 'completed');
  const pnl = usePnl(period, 'tenant', all);
  const month = useRatedMonth(period, all);
  const last = useRatedMonth(before, useRuns(before).data?.data).data?.data;
  const rows = useMemo(() => month.data?.data.tenants ?? [], [month.data]);
  const nets = useMemo(() => last && netsOf(last.tenants), [last]);
  // A month without a rating has no tenants, which is no list that is being read.
  const query = { error: month.error, isPending: runs.isPending || (rated !== undefined && month.isPending), refetch: month.refetch };
  const columns = useMemo(() => monthColumns(before, nets), [before, nets]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [done, setDone] = useState<BulkResult | null>(null);
  const stopped = rows.filter(isStopped).length;
  const { empty } = TEXTS;
  return (
    <Screen>
      <PageHead
        title={monthText(period)}
        crumbs={[{ text: TEXTS.title, to: '/month-runs' }, { text: period.slice(0, 4) }]}
        badges={
          <>
            {run && <Status of="run" value={run.status} pill />}
            {stopped > 0 && (
              <Badge tone="warn" icon={IconAlertTriangle} pill>
                {TEXTS.stopped(stopped)}
              </Badge>
            )}
          </>
        }
        sub={rated && <span title={exactTime(rated.finished_at ?? rated.requested_at)}>{ratedText(rated)}</span>}
        beside={<PeriodSelect label={TEXTS.month} months={months} value={period} choose={(next) => change({ period: next })} />}
        actions={
          <>
            <CsvButton
              name={`month-${period}.csv`}
              columns={INVOICE_CSV}
              read={(...page) => readMonth(period, ...page)}
              isEmpty={rows.length === 0}
            />
            <MonthActions period={period} run={run} isRated={rated !== undefined} rows={rows} done={setDone} />
          </>
        }
      />
      <div className="grid">
        {done && (
          <Note tone={done.outcome.refused > 0 ? 'warn' : 'info'}>
            <BulkSummary {...done} />
          </Note>
        )}
        {run && isOpenRun(run) && <Note tone="info">{TEXTS.run.progress(count(run.progress.tenants), count(run.progress.lines))}</Note>}
        {run?.failure && (
          <Note tone="bad" title={TEXTS.run.failed}>
            {run.failure.detail} <span className="mono dim">{run.failure.code}</span>
          </Note>
        )}
        {runs.error && <ErrorState error={runs.error} retry={() => void runs.refetch()} />}
        <MonthFigures
          rows={month.data?.data.tenants}
          pnl={pnl.data?.data}
          lacking={lackingOf(all, rated, runs.error ?? pnl.error ?? month.error)}
        />
        <div className="two">
          <div className="mb-list" style={{ height: HEAD_PX + Math.max(4, rows.length) * ROW_PX }}>
            <ListCard
              list={{ query, rows, onEnd: () => undefined }}
              label={TEXTS.title}
              columns={columns}
              rowId={({ tenant_id: id }) => id}
              rowName={({ tenant_id: id }) => id}
              onOpen={({ invoice_id: id, tenant_id }) => void navigate({ to: id === null ? `/tenants/${tenant_id}` : `/invoices/${id}` })}
              selection={{ ids: selected, set: setSelected }}
              item={(row) => <MonthItem row={row} />}
              empty={<EmptyState {...(rated ? empty.rated(period) : empty.unrated(period))} />}
              foot={
                <InvoiceBulkBar
                  rows={rows
                    .filter(({ tenant_id: id }) => selected.has(id))
                    .filter(isInvoiced)
                    .map(billOf)}
                  clear={() => setSelected(new Set())}
                />
              }
            />
          </div>
          <div className="grid">
            {pnl.error && <ErrorState error={pnl.error} retry={() => void pnl.refetch()} />}
            {pnl.data && <Equation pnl={pnl.data.data} />}
            <ProblemsCard rows={rows} run={rated} />
            <p className="sm" style={{ display: 'flex', gap: 16, flexWrap: 'wrap' }}>
              <Link to="/provider-invoices" search={{ period }}>
                {TEXTS.seeProvider}
              </Link>
              <Link to="/pnl" search={{ period }}>
                {TEXTS.seePnl}
              </Link>
            </p>
          </div>
        </div>
      </div>
    </Screen>
  );
}

/** Why the sums of a month are not there. */
function lackingOf(all: readonly Run[] | undefined, rated: Run | undefined, error: Error | null): 'unrated' | 'reading' | 'unread' {
  if (error) return 'unread';
  return all && !rated ? 'unrated' : 'reading';
}

const ratedText = ({ finished_at: finished, requested_at: requested }: Run): string => TEXTS.rated(age(finished ?? requested));

function MonthItem({ row }: { readonly row: MonthRow }) {
  return (
    <div className="item">
      <span />
      <b style={{ fontWeight: 550 }}>{row.tenant_id}</b>
      <span className="tn">{moneyIn(netOf(row), row.currency ?? 'USD')}</span>
      <span className="l2">
        {row.state !== 'not_built' && <Status of="invoice" value={row.state} />}
        <WhatNext row={row} />
      </span>
    </div>
  );
}
