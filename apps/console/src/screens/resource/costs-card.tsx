import type { ResourceDetail } from '../../client/client';
import { BarChart } from '../../parts/chart';
import { money, monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { PlainTable } from '../../parts/plain-table';
import { ErrorState, Skeleton } from '../../parts/states';
import { lastMonths, useMonths } from '../costs/cost-history';
import { TEXTS } from './texts';

const { costs: WORDS } = TEXTS;
const HEIGHT_PX = 120;

/** What a resource cost in each of the latest months. The running month is an estimate. */
export function CostsCard({ resource, isAdmin }: { readonly resource: ResourceDetail; readonly isAdmin: boolean }) {
  const months = useMonths('kind', isAdmin, { urn: resource.urn });
  const running = lastMonths(1)[0];
  const { bars = [], values = [] } = months.data ?? {};
  const rows = bars.map((bar, at) => {
    const sum = (values[at] ?? []).reduce((total, value) => total + value, 0);
    return { ...bar, open: bar.id === running, sum };
  });
  const isFree = rows.every(({ sum }) => sum === 0);
  return (
    <Card title={WORDS.title}>
      {months.error && <ErrorState error={months.error} retry={() => void months.refetch()} />}
      {months.isPending && <Skeleton lines={4} />}
      {months.data && isFree && <p className="pad mid">{WORDS.none}</p>}
      {months.data && !isFree && (
        <>
          <div className="pad">
            <BarChart label={WORDS.label} {...months.data} bars={rows} height={HEIGHT_PX} />
          </div>
          <PlainTable
            label={WORDS.title}
            rows={rows.toReversed()}
            rowId={({ id }) => id}
            columns={[
              {
                id: 'month',
                head: WORDS.month,
                cell: ({ id, open }) => (
                  <>
                    {monthText(id)}
                    {open && <span className="dim"> {WORDS.soFar}</span>}
                  </>
                ),
              },
              {
                id: 'amount',
                head: WORDS.amount,
                numeric: true,
                width: 'money-col',
                cell: ({ sum, open, unknown }) =>
                  unknown ? <span className="dim">{WORDS.unknown}</span> : <span className={open ? 'est' : ''}>{money(String(sum))}</span>,
              },
            ]}
          />
        </>
      )}
    </Card>
  );
}
