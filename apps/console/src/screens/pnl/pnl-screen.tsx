import { Link } from '@tanstack/react-router';
import { BarChart, Legend } from '../../parts/chart';
import { CsvButton } from '../../parts/csv';
import { Figures } from '../../parts/figures';
import { useFilters } from '../../parts/filters';
import { age, count, exactTime, money, monthName, monthText, percent, plainMoney } from '../../parts/format';
import { kindName } from '../../parts/kinds';
import { Card, PageHead, Screen, SubNav } from '../../parts/page';
import { PeriodSelect } from '../../parts/period-select';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState, ErrorState, Note, Skeleton } from '../../parts/states';
import { lastMonths } from '../costs/cost-history';
import { COST_PLACES } from '../provider-invoices/texts';
import { Equation } from './equation';
import { usePnl, useRuns, type Pnl, type PnlBy } from './pnl-data';
import { TEXTS } from './texts';

const MONTHS = 24;
const GROUPS = ['tenant', 'kind', 'month'] as const;

const AMOUNTS = ['buy_direct', 'buy_shared', 'sell', 'margin'] as const;

interface Row extends Pick<Pnl['total'], (typeof AMOUNTS)[number]> {
  readonly key: string;
  readonly name: string;
  readonly link?: React.ReactNode;
}

/** What tenants cost and pay in a month, and the equation that adds up to nothing. */
export function PnlScreen() {
  const { filters, change } = useFilters();
  const months = lastMonths(MONTHS).slice(1);
  const period = filters.period ?? months[0] ?? '';
  const by: PnlBy = GROUPS.find((group) => group === filters.by) ?? 'tenant';
  const runs = useRuns(period);
  const isRated = runs.data?.data.some(({ status }) => status === 'completed');
  const pnl = usePnl(period, by, runs.data?.data);
  const found = pnl.data?.data;
  const rows = found ? rowsOf(found, by, period) : [];
  const error = runs.error ?? pnl.error;
  return (
    <Screen>
      <PageHead
        title={TEXTS.title}
        sub={found && <span title={exactTime(found.rated_at)}>{TEXTS.sub(age(found.rated_at))}</span>}
        places={<SubNav label={TEXTS.title} places={COST_PLACES} />}
        actions={
          <>
            <div className="seg" role="group" aria-label={TEXTS.byLabel}>
              {GROUPS.map((group) => (
                <button key={group} type="button" aria-pressed={group === by} onClick={() => change({ by: group })}>
                  {TEXTS.by[group]}
                </button>
              ))}
            </div>
            <PeriodSelect label={TEXTS.month} months={months} value={period} choose={(next) => change({ period: next })} />
            <CsvButton
              name={`pnl-${period}-${by}.csv`}
              columns={[[by, ({ key }: Row) => key], ...AMOUNTS.map((name) => [name, (row: Row) => row[name]] as const)]}
              rows={rows}
            />
          </>
        }
      />
      {error && <ErrorState error={error} retry={() => void (runs.error ? runs.refetch() : pnl.refetch())} />}
      {(runs.isPending || (isRated === true && pnl.isPending)) && !error && <Skeleton />}
      {isRated === false && (
        <Card label={TEXTS.title}>
          <EmptyState
            title={TEXTS.none.title(monthText(period))}
            hint={TEXTS.none.hint}
            action={
              <Link className="btn" to="/month-runs" search={{ period }}>
                {TEXTS.none.button}
              </Link>
            }
          />
        </Card>
      )}
      {found && (
        <div className="grid">
          <Figures
            label={TEXTS.strip.label}
            figures={[
              { name: TEXTS.strip.sell, value: money(found.total.sell) },
              { name: TEXTS.strip.buy, value: money(buyOf(found.total)) },
              { name: TEXTS.strip.margin, value: money(found.total.margin), more: shareText(found.total) },
              { name: TEXTS.strip.payable, value: money(found.payable) },
            ]}
          />
          <Notes pnl={found} period={period} />
          <div className="two">
            <div className="grid">
              {by === 'month' && <MonthsChart pnl={found} period={period} choose={(month) => change({ period: month, by: 'tenant' })} />}
              <Card label={TEXTS.by[by]}>
                <PnlTable rows={rows} head={TEXTS.by[by]} total={found.total} />
              </Card>
            </div>
            <Equation pnl={found} />
          </div>
        </div>
      )}
    </Screen>
  );
}

const buyOf = (figures: Pick<Pnl['total'], 'buy_direct' | 'buy_shared'>): string =>
  String(Number(figures.buy_direct) + Number(figures.buy_shared));
const shareText = ({ sell, margin }: Pick<Pnl['total'], 'sell' | 'margin'>): string =>
  Number(sell) === 0 ? '' : percent(Number(margin) / Number(sell));

/** A tenant leads to its lines, a kind too, a month to its tenants. */
function rowsOf(pnl: Pnl, by: PnlBy, period: string): readonly Row[] {
  if (by === 'tenant') {
    return pnl.tenants.map(({ tenant_id: id, ...figures }) => ({
      ...figures,
      key: id,
      name: id,
      link: (
        <Link className="trunc" to="/cost-lines" search={{ period, tenant_id: id }}>
          {id}
        </Link>
      ),
    }));
  }
  if (by === 'kind') {
    return pnl.kinds.map(({ kind, ...figures }) => ({
      ...figures,
      key: kind,
      name: kindName(kind),
      link: (
        <Link className="trunc" to="/cost-lines" search={{ period, kind }}>
          {kindName(kind)}
        </Link>
      ),
    }));
  }
  return pnl.months.toReversed().map(({ month, ...figures }) => ({
    ...figures,
    key: month,
    name: monthText(month),
    link: (
      <Link className="trunc" to="/pnl" search={{ period: month }}>
        {monthText(month)}
      </Link>
    ),
  }));
}

type Amounts = Pnl['total'];

function PnlTable({ rows, head, total }: { readonly rows: readonly Row[]; readonly head: string; readonly total: Amounts }) {
  const { heads } = TEXTS;
  const amount = (id: keyof Amounts, name: string, wide = false): PlainColumn<Row> => ({
    id,
    head: name,
    numeric: true,
    width: 'money-col',
    wide,
    cell: (row) => plainMoney(row[id]),
    total: plainMoney(total[id]),
  });
  const columns: readonly PlainColumn<Row>[] = [
    { id: 'name', head, cell: ({ link }) => <span className="nm">{link}</span>, total: TEXTS.total },
    amount('buy_direct', heads.direct, true),
    amount('buy_shared', heads.shared, true),
    amount('sell', heads.sell),
    amount('margin', heads.margin),
    {
      id: 'share',
      head: heads.share,
      numeric: true,
      width: 'short-col',
      wide: true,
      look: 'dim',
      cell: shareText,
      total: shareText(total),
    },
  ];
  return <PlainTable label={TEXTS.title} columns={columns} rows={rows} rowId={({ key }) => key} />;
}

/** What tenants pay of each month, parted into what it costs and what is left. A loss shows as the buy amount alone. */
function MonthsChart({ pnl, period, choose }: { readonly pnl: Pnl; readonly period: string; readonly choose: (month: string) => void }) {
  const series = [
    { id: 'buy', name: TEXTS.series.buy, color: 1 },
    { id: 'margin', name: TEXTS.series.margin, color: 3 },
  ];
  return (
    <Card title={TEXTS.chartTitle} right={<Legend series={series} />} pad>
      <BarChart
        label={TEXTS.chart}
        series={series}
        values={pnl.months.map((month) => [Number(buyOf(month)), Math.max(0, Number(month.margin))])}
        bars={pnl.months.map(({ month }) => ({ id: month, label: monthName(month), title: monthText(month) }))}
        chosen={period}
        onChoose={choose}
      />
    </Card>
  );
}

function Notes({ pnl, period }: { readonly pnl: Pnl; readonly period: string }) {
  const { length } = pnl.unreconciled_invoices;
  return (
    <>
      {pnl.stale && (
        <Note tone="warn" title={TEXTS.stale}>
          <Link to="/month-runs" search={{ period }}>
            {TEXTS.staleHow}
          </Link>
        </Note>
      )}
      {length > 0 && (
        <Note tone="warn" title={TEXTS.unreconciled(count(length))}>
          <Link to="/provider-invoices" search={{ period }}>
            {TEXTS.see}
          </Link>
        </Note>
      )}
    </>
  );
}
