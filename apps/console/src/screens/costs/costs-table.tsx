import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../client/client';
import { Swatch } from '../../parts/chart';
import { EmptyList } from '../../parts/filters';
import { dayText, lessOf, monthName, plainDelta, plainMoney } from '../../parts/format';
import { KindIcon } from '../../parts/kinds';
import { Card } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import type { Filters } from '../../shell/search';
import { useSession } from '../../shell/session';
import { amountKey, barBefore, groupName, isOfResources, partOf, useMonths, type Costs, type Group, type History } from './cost-history';
import { TEXTS } from './texts';

type Row = Schemas['CostsGroupResponse'];
const MOST_ROWS = 200;

interface CostsTableProps {
  readonly costs: Costs;
  readonly by: Group;
  readonly period: string;
  readonly filters: { readonly tenant_id?: string | undefined; readonly kind?: string | undefined };
}

/** The amounts of the chosen month, the largest first, with those of the month before. */
export function CostsTable({ costs, by, period, filters }: CostsTableProps) {
  const { isAdmin } = useSession();
  const months = useMonths(partOf(by), isAdmin, filters);
  const rows = by === 'day' ? costs.groups.toSorted((a, b) => (a.day ?? '').localeCompare(b.day ?? '')) : costs.groups;
  const most = Math.max(...rows.map(({ amount }) => Number(amount)), 0);
  const all = Number(costs.amount);
  const before = by === 'tenant' || by === 'kind' || by === 'project' ? monthBefore(months.data, period) : null;
  if (rows.length === 0) {
    return (
      <Card label={TEXTS.title}>
        <EmptyList specs={[{ name: 'tenant_id' }, { name: 'kind' }]}>
          <EmptyState {...TEXTS.empty} />
        </EmptyList>
      </Card>
    );
  }
  return (
    <Card label={TEXTS.groups[by]}>
      <table aria-label={TEXTS.title} className="costs">
        <thead>
          <tr>
            <th scope="col" className="group-col">
              {TEXTS.groups[by]}
            </th>
            <th scope="col" className="num amount-col">
              {TEXTS.amount}
            </th>
            <th scope="col" className="num share-col hide-m">
              {TEXTS.share}
            </th>
            <td className="hide-m" />
            {before && (
              <th scope="col" className="num amount-col hide-m">
                {before.name}
              </th>
            )}
            {before && !costs.estimate && (
              <th scope="col" className="num amount-col hide-m">
                {TEXTS.change}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row) => (
            <tr key={String(row[by])}>
              <td>
                <GroupCell row={row} by={by} history={months.data} />
              </td>
              <td className="num">
                <AmountCell row={row} by={by} period={period} filters={filters} isInvoiced={isAdmin && costs.basis === 'invoiced'} />
              </td>
              <td className="num hide-m dim">{all > 0 ? `${((Number(row.amount) / all) * 100).toFixed(1)} %` : ''}</td>
              <td className="hide-m">
                <span
                  className={costs.estimate ? 'share est' : 'share'}
                  style={{ width: `${most > 0 ? (Number(row.amount) / most) * 100 : 0}%` }}
                />
              </td>
              {before && <td className="num hide-m dim">{before.textOf(groupName(partOf(by), row[partOf(by)] ?? null))}</td>}
              {before && !costs.estimate && (
                <td className="num hide-m">{changeText(row.amount, before.amountOf(groupName(partOf(by), row[partOf(by)] ?? null)))}</td>
              )}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>{TEXTS.total}</td>
            <td className="num">{plainMoney(costs.amount)}</td>
            <td className="hide-m" />
            <td className="hide-m" />
            {before && <td className="num hide-m">{plainMoney(before.total)}</td>}
            {before && !costs.estimate && <td className="num hide-m">{changeText(costs.amount, before.total)}</td>}
          </tr>
        </tfoot>
      </table>
      {rows.length > MOST_ROWS && <p className="pad dim">{TEXTS.more(rows.length - MOST_ROWS)}</p>}
    </Card>
  );
}

interface AmountCellProps extends Pick<CostsTableProps, 'by' | 'period' | 'filters'> {
  readonly row: Row;
  readonly isInvoiced: boolean;
}

/** An invoiced amount leads to the lines that it is the sum of, an accrued one to the resources that it is accrued from. */
function AmountCell({ row, by, period, filters, isInvoiced }: AmountCellProps) {
  const text = plainMoney(row.amount);
  const value = by === 'day' ? null : (row[by] ?? null);
  if (value === null || !isOfResources(by, value) || (!isInvoiced && by !== 'tenant' && by !== 'kind')) return <>{text}</>;
  const name = by === 'tenant' ? 'tenant_id' : by === 'project' ? 'project_name' : by === 'resource' ? 'resource_id' : 'kind';
  const search = { ...(isInvoiced && { period }), ...filters, [name]: value };
  return (
    <Link className="amount-link" to={isInvoiced ? '/cost-lines' : '/inventory'} search={search as Filters} aria-label={TEXTS.rows(text)}>
      {text}
    </Link>
  );
}

/** What a closed month is above or below the one before it. A running month has no fair comparison. */
function changeText(now: string, before: string): string {
  const text = plainDelta(lessOf(now, before));
  return text === '0.00' ? TEXTS.noChange : text;
}

/** The amounts of the month before, by name. */
function monthBefore(history: History | undefined, period: string) {
  const at = history ? barBefore(history, period) : -1;
  const bar = history?.bars[at];
  if (!history || !bar) return null;
  const textOf = (name: string): string => {
    const value = history.amounts.get(amountKey(bar.id, name));
    return value === undefined ? '' : plainMoney(value);
  };
  const amountOf = (name: string): string => history.amounts.get(amountKey(bar.id, name)) ?? '0';
  return { name: monthName(bar.id), textOf, amountOf, total: history.totals.get(bar.id) ?? '0' };
}

/** A group leads to what it is made of: a tenant to its kinds, a kind to its resources, a resource to its page. */
function GroupCell({ row, by, history }: { readonly row: Row; readonly by: Group; readonly history: History | undefined }) {
  if (by === 'day') return <>{row.day ? dayText(row.day) : TEXTS.rest}</>;
  if (by === 'resource') return <ResourceCell row={row} />;
  const part = partOf(by);
  const value = row[part] ?? null;
  const name = groupName(part, value);
  const own = history?.series.find((one) => one.color > 0 && one.name === name);
  const series = own ?? history?.series.find((one) => one.color === 0);
  const search = by === 'tenant' ? { by: 'kind', tenant_id: value } : { by: 'resource', kind: value };
  return (
    <span className="nm">
      {series && <Swatch of={series} />}
      {value === null || by === 'project' || !isOfResources(part, value) ? (
        <span className="trunc">{name}</span>
      ) : (
        <Link className="trunc" to="/costs" search={(now: Filters) => ({ ...now, ...search }) as Filters}>
          {name}
        </Link>
      )}
    </span>
  );
}

function ResourceCell({ row: { resource, resource_kind: kind, resource_name: name } }: { readonly row: Row }) {
  const { isAdmin } = useSession();
  if (!resource) return <>{isAdmin ? TEXTS.rest : TEXTS.notOfAResource}</>;
  return (
    <span className="nm">
      <KindIcon kind={kind ?? ''} />
      <Link className="trunc" to="/resources/$id" params={{ id: resource }}>
        {name ?? `…${resource.slice(-6)}`}
      </Link>
    </span>
  );
}
