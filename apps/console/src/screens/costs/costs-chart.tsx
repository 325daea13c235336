import { useQuery } from '@tanstack/react-query';
import { answered, api } from '../../client/client';
import { BarChart, Legend, type Bar } from '../../parts/chart';
import { lessOf, money, monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { useSession } from '../../shell/session';
import { barBefore, expectedAmount, lastMonths, partOf, useDays, useMonths, type Costs, type Group, type History } from './cost-history';
import { TEXTS } from './texts';

interface CostsChartProps {
  readonly costs: Costs;
  readonly by: Group;
  readonly period: string;
  readonly filters: { readonly tenant_id?: string | undefined; readonly kind?: string | undefined };
  readonly choose: (month: string) => void;
}

/** The headline amount of the month, and the months or days around it as bars. A bar chooses its month. */
export function CostsChart({ costs, by, period, filters, choose }: CostsChartProps) {
  const { isAdmin } = useSession();
  const part = partOf(by);
  const months = useMonths(part, isAdmin, filters);
  const days = useDays(period, filters, by === 'day');
  const expected = useExpected(costs, period, filters);
  const shown = by === 'day' ? days : months;
  const title = by === 'day' ? TEXTS.days(monthText(period)) : TEXTS.months(TEXTS.groups[part].toLowerCase());
  return (
    <Card title={title} right={shown.data && <Legend series={shown.data.series} />}>
      <div className="costs-top">
        <div>
          <p className="dim">{TEXTS.soFar(monthText(period), costs.estimate)}</p>
          <p className={costs.estimate ? 'headline est' : 'headline'}>{money(costs.amount)}</p>
          {expected !== null && <p className="mid">{TEXTS.expected(money(String(expected)), monthText(period))}</p>}
          {by !== 'day' && <Unknown bars={months.data?.bars ?? []} />}
          <Before history={months.data} period={period} isOpen={period === lastMonths(1)[0]} amount={costs.amount} />
        </div>
        <div style={{ minWidth: 0 }}>
          {shown.error && <ErrorState error={shown.error} retry={() => void shown.refetch()} />}
          {shown.isPending && <Skeleton lines={5} />}
          {shown.data && by === 'day' && <BarChart label={TEXTS.chart(title)} {...shown.data} />}
          {shown.data && by !== 'day' && (
            <BarChart
              label={TEXTS.chart(title)}
              {...shown.data}
              bars={shown.data.bars.map((bar) => withExpected(bar, expected, isAdmin))}
              chosen={period}
              onChoose={choose}
            />
          )}
        </div>
      </div>
    </Card>
  );
}

/** The months that a tenant gets no amount of, in words, because a box in the chart has its reason on hover only. */
function Unknown({ bars }: { readonly bars: readonly Bar[] }) {
  const months = bars.filter(({ unknown }) => unknown).map(({ title }) => title);
  return months.length > 0 && <p className="mid">{TEXTS.noInvoice(months)}</p>;
}

/** The running month is an estimate with an end; the accrued months of a tenant are estimates. */
function withExpected(bar: Bar, expected: number | null, isAdmin: boolean): Bar {
  const isRunning = bar.id === lastMonths(1)[0];
  return { ...bar, open: isRunning || !isAdmin, ...(isRunning && expected !== null && { expected }) };
}

/** What the running month is going to cost: null for a closed one, and until the price of now is known. */
function useExpected(costs: Costs, period: string, { tenant_id, kind }: CostsChartProps['filters']): number | null {
  const { isAdmin } = useSession();
  const isRunning = period === lastMonths(1)[0];
  const query = { totals: 'true', limit: 1, ...(tenant_id && { tenant_id }), ...(kind && { kind }) };
  const rate = useQuery({
    queryKey: ['inventory', 'rate', query],
    queryFn: () => answered(api.GET('/api/v1/inventory', { params: { query: query as never } })),
    enabled: isRunning && isAdmin, // the price of now is a list price, which is not what a tenant pays
  });
  const monthly = isAdmin ? rate.data?.totals?.monthly : undefined;
  return isRunning && monthly !== undefined ? expectedAmount(Number(costs.amount), Number(monthly)) : null;
}

interface BeforeProps {
  readonly history: History | undefined;
  readonly period: string;
  readonly isOpen: boolean;
  readonly amount: string;
}

/** A closed month against the one before it. A running one has no fair comparison, so it names the amount of the last month. */
function Before({ history, period, isOpen, amount }: BeforeProps) {
  const at = history ? barBefore(history, period) : -1;
  const before = history?.bars[at];
  if (!history || !before) return null;
  const values = history.values[at] ?? [];
  const last = history.totals.get(before.id) ?? '0';
  const text = isOpen
    ? TEXTS.was(monthText(before.id), money(last))
    : TEXTS.before(monthText(before.id), TEXTS.delta(lessOf(amount, last)));
  const credits = history.series.flatMap(({ name }, index) => {
    const value = values[index] ?? 0;
    return value < 0 ? [TEXTS.credit(name, money(String(-value)))] : [];
  });
  return (
    <p className="mid">
      {text} {isOpen && credits.join(' ')}
    </p>
  );
}
