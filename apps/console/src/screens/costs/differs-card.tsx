import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { lessOf, monthName, monthText, plainDelta, plainMoney } from '../../parts/format';
import { KindIcon } from '../../parts/kinds';
import { Card } from '../../parts/page';
import { useSession } from '../../shell/session';
import { ErrorState, Skeleton } from '../../parts/states';
import { invoicedMonths, lastMonths, type Costs } from './cost-history';
import { TEXTS } from './texts';

type Row = Schemas['CostsGroupResponse'];

const { differs: WORDS } = TEXTS;
const MOST_ROWS = 30;
const MONTHS_BACK = 24;

interface Compared {
  readonly row: Row;
  /** Decimals. */
  readonly before: string | null;
  readonly now: string | null;
}

/** Every resource of either month with both amounts, the largest difference first. Pure. */
export function compared(before: readonly Row[], now: readonly Row[]): readonly Compared[] {
  const found = new Map<string, Compared>();
  for (const row of before) found.set(row.resource ?? '', { row, before: row.amount, now: null });
  for (const row of now) {
    const key = row.resource ?? '';
    found.set(key, { row, before: found.get(key)?.before ?? null, now: row.amount });
  }
  const sizeOf = (one: Compared) => Math.abs(Number(deltaOf(one)));
  return [...found.values()].filter((one) => sizeOf(one) >= 0.005).sort((a, b) => sizeOf(b) - sizeOf(a));
}

const deltaOf = ({ before, now }: Compared): string => lessOf(now ?? '0', before ?? '0');

interface DiffersCardProps {
  /** Of the month. */
  readonly costs: Costs;
  readonly period: string;
  readonly filters: { readonly tenant_id?: string | undefined; readonly kind?: string | undefined };
}

/** Why the month differs from the one before it: each resource with both amounts, side by side. */
export function DiffersCard({ costs, period, filters }: DiffersCardProps) {
  const { isAdmin } = useSession();
  const months = lastMonths(MONTHS_BACK);
  const before = months[months.indexOf(period) + 1];
  const both = useQuery({
    queryKey: ['costs', 'differs', period, filters],
    queryFn: async () => {
      const read = async (month: string) => {
        const query = { ...filters, period: month, group_by: 'resource' };
        return (await answered(api.GET('/api/v1/costs', { params: { query: query as never } }))).data;
      };
      // A tenant's month is known when it is recorded or rated; asking for another one would be refused.
      const isKnown = isAdmin || costs.incomplete_before === null || (await invoicedMonths()).has(before ?? period);
      if (!isKnown) return null;
      const [earlier, now] = await Promise.all([read(before ?? period), read(period)]);
      return { earlier, now };
    },
    enabled: before !== undefined,
  });
  if (!before) return null;
  const rows = both.data ? compared(both.data.earlier.groups, both.data.now.groups) : [];
  const isOpen = period === months[0];
  return (
    <Card title={WORDS.title(monthText(before))} right={isOpen && WORDS.soFar}>
      {both.error && <ErrorState error={both.error} retry={() => void both.refetch()} />}
      {both.data === null && <p className="pad mid">{WORDS.unknown}</p>}
      {both.isPending && <Skeleton lines={4} />}
      {both.data && rows.length === 0 && <p className="pad mid">{WORDS.same}</p>}
      {rows.length > 0 && (
        <table className="costs" aria-label={WORDS.title(monthText(before))}>
          <thead>
            <tr>
              <th scope="col">{TEXTS.groups.resource}</th>
              <th scope="col" className="hide-m">
                {WORDS.why}
              </th>
              <th scope="col" className="num amount-col hide-m">
                {monthName(before)}
              </th>
              <th scope="col" className="num amount-col">
                {monthName(period)}
              </th>
              <th scope="col" className="num amount-col">
                {WORDS.difference}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((one) => (
              <tr key={one.row.resource ?? ''}>
                <td>
                  <ResourceName row={one.row} />
                </td>
                <td className="hide-m mid">{whyText(one, isOpen)}</td>
                <td className="num hide-m dim">{one.before === null ? '' : plainMoney(one.before)}</td>
                <td className="num">{one.now === null ? <span className="dim">0.00</span> : <Amount value={one.now} isOpen={isOpen} />}</td>
                <td className="num">{plainDelta(deltaOf(one))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

const Amount = ({ value, isOpen }: { readonly value: string; readonly isOpen: boolean }) => (
  <span className={isOpen ? 'est' : ''}>{plainMoney(value)}</span>
);

function whyText({ before, now }: Compared, isOpen: boolean): string {
  if (before === null) return WORDS.whys.added;
  if (now === null) return WORDS.whys.ended;
  if (Number(now) > Number(before)) return WORDS.whys.more;
  return isOpen ? WORDS.whys.running : WORDS.whys.less;
}

function ResourceName({ row: { resource, resource_kind: kind, resource_name: name } }: { readonly row: Row }) {
  if (!resource) return <span className="nm">{TEXTS.rest}</span>;
  return (
    <span className="nm">
      <KindIcon kind={kind ?? ''} />
      <Link className="trunc" to="/resources/$id" params={{ id: resource }}>
        {name ?? `…${resource.slice(-6)}`}
      </Link>
    </span>
  );
}
