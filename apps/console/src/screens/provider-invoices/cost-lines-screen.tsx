import { FilterChips, useFilters } from '../../parts/filters';
import { monthText, words } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import { PageHead, Screen, SubNav } from '../../parts/page';
import { useSummary, useTenantOptions } from '../../shell/counts';
import { filtersText } from '../../shell/search';
import { lastMonths } from '../costs/cost-history';
import { CostLines } from './cost-lines';
import { COST_PLACES, TEXTS } from './texts';

const MONTHS = 24;
const LINE_KINDS = ['tax', 'credit', 'account', 'other'];
const REASONS = ['account_wide', 'ambiguous_resource', 'billed_twice', 'credit', 'id_never_seen', 'name_never_seen', 'no_namesake_then', 'tax', 'unknown_product', 'unnamed']; // prettier-ignore
const yesNo = Object.entries(TEXTS.yesNo).map(([value, label]) => ({ value, label }));

/** All lines of the provider's invoices: what the numbers of the costs are made of. */
export function CostLinesScreen() {
  const { filters } = useFilters();
  const { by_kind: kinds = [] } = useSummary().data?.data ?? {};
  const all = [...kinds.map(({ kind }) => kind), ...LINE_KINDS];
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.lines}
        places={<SubNav label={TEXTS.places} places={COST_PLACES} />}
        actions={
          <a className="btn" href={`/api/v1/billing/cost-lines.csv${filtersText(filters)}`} download>
            <IconDownload size={16} stroke={1.75} aria-hidden />
            {TEXTS.csv}
          </a>
        }
      />
      <FilterChips
        specs={[
          { name: 'period', label: TEXTS.filters.period, options: lastMonths(MONTHS).map((value) => ({ value, label: monthText(value) })) },
          { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: useTenantOptions() },
          { name: 'kind', label: TEXTS.filters.kind, options: all.map((value) => ({ value, label: kindName(value) })), display: kindName },
          { name: 'matched', label: TEXTS.filters.matched, options: yesNo },
          { name: 'match_reason', label: TEXTS.filters.match_reason, options: REASONS.map((value) => ({ value, label: words(value) })) },
          { name: 'product', label: TEXTS.filters.product },
          { name: 'project_name', label: TEXTS.filters.project_name },
          { name: 'is_tax', label: TEXTS.filters.is_tax, options: yesNo },
        ]}
      />
      <CostLines filters={filters} />
    </Screen>
  );
}
