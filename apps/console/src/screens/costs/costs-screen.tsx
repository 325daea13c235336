import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answered, api } from '../../client/client';
import { FilterChips, useFilters } from '../../parts/filters';
import { dateText, monthText } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { kindName, kindsName } from '../../parts/kinds';
import { PageHead, Screen, SubNav } from '../../parts/page';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { useSummary, useTenantOptions } from '../../shell/counts';
import { filtersText } from '../../shell/search';
import { useSession } from '../../shell/session';
import { COST_PLACES } from '../provider-invoices/texts';
import { CostsChart } from './costs-chart';
import { lastMonths, type Costs, type Group } from './cost-history';
import { CostsTable } from './costs-table';
import { DiffersCard } from './differs-card';
import './costs.css';
import { TEXTS } from './texts';

const POLL_MS = 60_000;
const months = lastMonths();

/** What a month cost, by one question at a time, beside the months before it. A tenant sees its own. */
export function CostsScreen() {
  const { isAdmin } = useSession();
  const { filters, change } = useFilters();
  const groups: readonly Group[] = isAdmin ? ['tenant', 'kind', 'project', 'resource', 'day'] : ['kind', 'project', 'resource', 'day'];
  const by = groups.find((group) => group === filters.by) ?? groups[0] ?? 'kind';
  const period = filters.period ?? months[0] ?? '';
  const { tenant_id, kind } = filters;
  // Days are accrued only: an invoice does not say on which day.
  const query = { period, group_by: by, tenant_id, kind, basis: by === 'day' ? 'accrued' : undefined };
  const costs = useQuery({
    queryKey: ['costs', query],
    queryFn: () => answered(api.GET('/api/v1/costs', { params: { query: query as never } })),
    refetchInterval: POLL_MS,
  });
  const found = costs.data?.data;
  return (
    <Screen>
      <PageHead
        title={TEXTS.title}
        sub={found && basisText(found, isAdmin)}
        places={isAdmin && <SubNav label={TEXTS.title} places={COST_PLACES} />}
        actions={
          <>
            <div className="seg" role="group" aria-label="Group by">
              {groups.map((group) => (
                <button key={group} type="button" aria-pressed={group === by} onClick={() => change({ by: group })}>
                  {TEXTS.groups[group]}
                </button>
              ))}
            </div>
            <Select
              aria-label={TEXTS.month}
              data={months.map((month) => ({ value: month, label: monthText(month) }))}
              value={period}
              onChange={(next) => change({ period: next ?? undefined })}
              allowDeselect={false}
              w={184}
            />
            <a className="btn" href={`/api/v1/costs.csv${filtersText(query)}`} download>
              <IconDownload size={16} stroke={1.75} aria-hidden />
              {TEXTS.csv}
            </a>
          </>
        }
      />
      <CostFilters isAdmin={isAdmin} />
      {costs.error && <ErrorState error={costs.error} retry={() => void costs.refetch()} />}
      {costs.isPending && <Skeleton />}
      {found && !costs.error && (
        <div className="grid">
          <CostsChart costs={found} by={by} period={period} filters={{ tenant_id, kind }} choose={(month) => change({ period: month })} />
          <CostsTable costs={found} by={by} period={period} filters={{ tenant_id, kind }} />
          {by !== 'day' && <DiffersCard costs={found} period={period} filters={{ tenant_id, kind }} />}
          {found.unpriced.length > 0 && (
            <Note tone="warn" title={TEXTS.unpricedTitle}>
              {found.unpriced.map(({ kind: one, count: howMany }) => TEXTS.unpriced(howMany, kindsName(one, howMany))).join(', ')}
            </Note>
          )}
          {found.incomplete_before && <Note tone="info">{TEXTS.incomplete(dateText(found.incomplete_before))}</Note>}
        </div>
      )}
    </Screen>
  );
}

function CostFilters({ isAdmin }: { readonly isAdmin: boolean }) {
  const { by_kind: kinds = [] } = useSummary().data?.data ?? {};
  const tenant = { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: useTenantOptions() };
  const kind = {
    name: 'kind',
    label: TEXTS.filters.kind,
    options: kinds.map((one) => ({ value: one.kind, label: kindName(one.kind) })),
    display: kindName,
  };
  return <FilterChips specs={isAdmin ? [tenant, kind] : [kind]} />;
}

function basisText({ basis, estimate }: Costs, isAdmin: boolean): string {
  if (!isAdmin) return basis === 'accrued' ? TEXTS.soFarAtPrices : TEXTS.rated;
  if (estimate) return TEXTS.estimate;
  return basis === 'invoiced' ? TEXTS.invoiced : TEXTS.accrued;
}
