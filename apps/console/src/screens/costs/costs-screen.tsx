import { Select } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { useFilters } from '../../parts/filters';
import { dateText, money, monthText, plainMoney } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { kindName, kindsName } from '../../parts/kinds';
import { Card, PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Note, Skeleton } from '../../parts/states';
import { filtersText, type Filters } from '../../shell/search';
import { useSession } from '../../shell/session';
import './costs.css';
import { TEXTS } from './texts';

type Costs = Schemas['CostsResponse'];
type Row = Schemas['CostsGroupResponse'];
type Group = keyof typeof TEXTS.groups;

const MONTHS = 12;
const POLL_MS = 60_000;

/** The running month and those before it, as the API names them. */
function lastMonths(): readonly string[] {
  const now = new Date();
  return Array.from({ length: MONTHS }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  );
}

/** What a month cost, by one question at a time. A tenant sees its own. */
export function CostsScreen() {
  const { isAdmin } = useSession();
  const { filters, change } = useFilters();
  const groups: readonly Group[] = isAdmin ? ['tenant', 'kind', 'project', 'day'] : ['kind', 'project', 'day'];
  const by = groups.find((group) => group === filters.by) ?? groups[0] ?? 'kind';
  const months = lastMonths();
  const period = filters.period ?? months[0] ?? '';
  // Days are accrued only: an invoice does not say on which day.
  const query = { period, group_by: by, tenant_id: filters.tenant_id, basis: by === 'day' ? 'accrued' : undefined };
  const costs = useQuery({
    queryKey: ['costs', query],
    queryFn: () => answered(api.GET('/api/v1/costs', { params: { query: query as never } })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });
  const found = costs.data?.data;
  return (
    <Screen>
      <PageHead
        title={TEXTS.title}
        sub={found && basisText(found)}
        beside={
          <div className="seg" role="group" aria-label="Group by">
            {groups.map((group) => (
              <button key={group} type="button" aria-pressed={group === by} onClick={() => change({ by: group })}>
                {TEXTS.groups[group]}
              </button>
            ))}
          </div>
        }
        actions={
          <>
            <Select
              aria-label={TEXTS.month}
              data={months.map((month) => ({ value: month, label: monthText(month) }))}
              value={period}
              onChange={(next) => change({ period: next ?? undefined })}
              allowDeselect={false}
              w={170}
            />
            <a className="btn" href={`/api/v1/costs.csv${filtersText(query)}`} download>
              <IconDownload size={16} stroke={1.75} aria-hidden />
              {TEXTS.csv}
            </a>
          </>
        }
      />
      {costs.error && <ErrorState error={costs.error} retry={() => void costs.refetch()} />}
      {costs.isPending && <Skeleton />}
      {found && !costs.error && <CostsTable costs={found} by={by} filters={filters} />}
    </Screen>
  );
}

function basisText({ basis, estimate }: Costs): string {
  if (estimate) return TEXTS.estimate;
  return basis === 'invoiced' ? TEXTS.invoiced : TEXTS.accrued;
}

function CostsTable({ costs, by, filters }: { readonly costs: Costs; readonly by: Group; readonly filters: Filters }) {
  const rows = by === 'day' ? costs.groups : costs.groups.toSorted((a, b) => Number(b.amount) - Number(a.amount));
  const most = Math.max(...rows.map(({ amount }) => Number(amount)), 0);
  return (
    <div className="grid" style={{ maxWidth: 860 }}>
      <Card label={TEXTS.title}>
        <div className="tot">
          <span>
            <b className="costs-total">{money(costs.amount)}</b> {TEXTS.total}
            {filters.tenant_id && ` · ${filters.tenant_id}`}
          </span>
        </div>
        {rows.length === 0 ? (
          <EmptyState {...TEXTS.empty} />
        ) : (
          <table aria-label={TEXTS.title} className="costs">
            <thead>
              <tr>
                <th scope="col">{TEXTS.groups[by]}</th>
                <th scope="col" className="num">
                  {TEXTS.amount}
                </th>
                <th scope="col" className="hide-m">
                  {TEXTS.share}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={String(row[by])}>
                  <td>
                    <GroupName row={row} by={by} />
                  </td>
                  <td className="num">{plainMoney(row.amount)}</td>
                  <td className="hide-m">
                    <span
                      className={costs.estimate ? 'share est' : 'share'}
                      style={{ width: `${most > 0 ? (Number(row.amount) / most) * 100 : 0}%` }}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {costs.unpriced.length > 0 && (
        <Note tone="warn" title={TEXTS.unpricedTitle}>
          {costs.unpriced.map(({ kind, count: howMany }) => TEXTS.unpriced(howMany, kindsName(kind, howMany))).join(', ')}
        </Note>
      )}
      {costs.incomplete_before && <Note tone="info">{TEXTS.incomplete(dateText(costs.incomplete_before))}</Note>}
    </div>
  );
}

/** A group leads to its rows. */
function GroupName({ row, by }: { readonly row: Row; readonly by: Group }) {
  const value = row[by];
  if (by === 'day') return <>{value ? dateText(value) : TEXTS.rest}</>;
  if (by === 'tenant') {
    return value ? (
      <Link to="/costs" search={(now: Filters) => ({ ...now, by: 'kind', tenant_id: value })}>
        {value}
      </Link>
    ) : (
      <>{TEXTS.noOwner}</>
    );
  }
  if (by === 'kind') {
    return value ? (
      <Link to="/inventory" search={{ kind: value }}>
        {kindName(value)}
      </Link>
    ) : (
      <>{TEXTS.rest}</>
    );
  }
  return <>{value ?? TEXTS.noProject}</>;
}
