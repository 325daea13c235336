import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../client/client';
import { BarChart } from '../../parts/chart';
import { money, monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { lastMonths, useDays } from '../costs/cost-history';
import '../costs/costs.css';
import { TEXTS } from './texts';

/** The running month is an estimate until its invoice, and so is every day of it. */
export function MonthCard({ usage }: { readonly usage: NonNullable<Schemas['MeResponse']['usage']> | null }) {
  const [period = ''] = lastMonths(1);
  const days = useDays(period);
  const soFar = days.data?.values.flat().reduce((sum, value) => sum + value, 0);
  const month = monthText(period);
  return (
    <Card label={TEXTS.month}>
      <div className="costs-top">
        <div>
          <p className="dim">{TEXTS.soFar(month)}</p>
          <p className="headline est">{soFar === undefined ? '…' : money(String(soFar))}</p>
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
          {days.data && <BarChart label={TEXTS.chart(month)} {...days.data} height={132} />}
        </div>
      </div>
    </Card>
  );
}
