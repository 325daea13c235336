import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../client/client';
import { BarChart } from '../../parts/chart';
import { money, monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { expectedAmount, lastMonths, useDays } from '../costs/cost-history';
import '../costs/costs.css';
import { TEXTS } from './texts';

const daysOf = (period: string): number => new Date(Date.UTC(Number(period.slice(0, 4)), Number(period.slice(5, 7)), 0)).getUTCDate();

/** The running month is an estimate until its invoice, and so is every day of it. */
export function MonthCard({ usage, isFailed }: { readonly usage: Schemas['MeResponse']['usage'] | undefined; readonly isFailed: boolean }) {
  const [period = ''] = lastMonths(1);
  const days = useDays(period);
  const sums = days.data?.values.map((parts) => parts.reduce((sum, value) => sum + value, 0)) ?? [];
  const soFar = usage?.month_to_date ?? undefined;
  // The last day that has ended is what a day costs now; the month is over at midnight UTC.
  const lastDay = sums.at(-2);
  const expected = soFar === undefined || lastDay === undefined ? null : expectedAmount(Number(soFar), lastDay * daysOf(period));
  const month = monthText(period);
  return (
    <Card label={TEXTS.month}>
      <div className="costs-top">
        <div>
          <p className="dim">{TEXTS.soFar(month)}</p>
          <p className="headline est">{soFar !== undefined ? money(soFar) : isFailed || usage ? '—' : '…'}</p>
          {soFar === undefined && (isFailed || usage) && <p className="mid">{isFailed ? TEXTS.unread : TEXTS.notSwept}</p>}
          {expected !== null && <p className="mid">{TEXTS.expected(money(String(expected)), month)}</p>}
          {usage?.last_invoiced && (
            <p className="mid">{TEXTS.last(monthText(usage.last_invoiced.period), money(usage.last_invoiced.amount))}</p>
          )}
          <p style={{ marginTop: 8 }}>
            <Link to="/costs" search={{ by: 'resource' }}>
              {TEXTS.costs}
            </Link>
          </p>
        </div>
        <div style={{ minWidth: 0 }}>
          {days.error && <ErrorState error={days.error} retry={() => void days.refetch()} />}
          {days.isPending && <Skeleton lines={4} />}
          {days.data && (
            <BarChart
              label={TEXTS.chart(month)}
              bars={days.data.bars}
              series={[{ id: 'all', name: TEXTS.month, color: 1 }]}
              values={sums.map((sum) => [sum])}
              height={132}
            />
          )}
        </div>
      </div>
    </Card>
  );
}
