import { Checkbox, Popover } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import { FilterChips, useFilters } from '../../parts/filters';
import { exactTime } from '../../parts/format';
import { IconClock, IconClockExclamation, IconColumns, IconDownload, IconPlus } from '../../parts/icons';
import { kindsName } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { useSummary, useTenantOptions } from '../../shell/counts';
import { filtersText, type Filters } from '../../shell/search';
import { useSession } from '../../shell/session';
import { BulkBar } from './bulk-bar';
import { columnsFor, nameOf, ResourceItem } from './inventory-columns';
import { filterSpecs } from './inventory-filters';
import { TEXTS } from './texts';

const HIDDEN_AT_FIRST = 'address,since';

/** What costs most comes first. The past has no order by price. */
const firstSort = ({ as_of: asOf }: Filters): string => (asOf ? 'name' : '-price');

function useResources(query: Filters) {
  return useList<Resource, Schemas['ResourceListResponse']>(['inventory', query], (cursor, signal) => {
    const asked = { sort: firstSort(query), ...query, limit: PAGE, names: 'true', ...(cursor ? { cursor } : { totals: 'true' }) };
    return answered(api.GET('/api/v1/inventory', { params: { query: asked as never }, signal }));
  });
}

export function InventoryScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const { columns: hiddenText = HIDDEN_AT_FIRST, ...query } = filters;
  const resources = useResources(query);
  const summary = useSummary();
  const columns = useMemo(() => columnsFor(isAdmin), [isAdmin]);
  const hidden = useMemo(() => Object.fromEntries(hiddenText.split(',').map((id) => [id, true])), [hiddenText]);
  const tenants = useTenantOptions();
  const specs = filterSpecs(summary.data?.data, tenants, isAdmin);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const isSelectable = isAdmin && !query.as_of && query.status !== 'deleted';
  const { first } = resources;
  const late = Object.entries(first?.completeness ?? {}).filter(([, { complete }]) => !complete);

  return (
    <Screen fixed>
      <PageHead
        title={isAdmin ? TEXTS.title : TEXTS.mine}
        beside={<Views filters={query} change={change} isAdmin={isAdmin} />}
        actions={
          <>
            <ColumnChoice hidden={hidden} change={change} isAdmin={isAdmin} />
            <a className="btn" href={`/api/v1/inventory.csv${filtersText(query)}`} download>
              <IconDownload size={16} stroke={1.75} aria-hidden />
              {TEXTS.csv}
            </a>
            <Link to="/order" className="btn pri">
              <IconPlus size={16} stroke={1.75} aria-hidden />
              {TEXTS.order}
            </Link>
          </>
        }
      />
      <FilterChips specs={specs} right={<AsOf asOf={query.as_of} back={() => change({ as_of: undefined })} />} />
      <ListCard
        list={resources}
        label={TEXTS.title}
        totals={
          <>
            <span>
              <b>{first?.totals ? TEXTS.total(first.totals.count) : '…'}</b> {TEXTS.resources(first?.totals?.count ?? 0)}
            </span>
            {first?.totals && (
              <span>
                <b>{TEXTS.monthly(first.totals.monthly)}</b> {TEXTS.perMonth}
              </span>
            )}
            {first?.totals && first.totals.unpriced > 0 && (
              <span>
                <b>{TEXTS.total(first.totals.unpriced)}</b> {TEXTS.unpriced}
              </span>
            )}
            {late.length > 0 && (
              <span className="hide-m st warn" style={{ marginLeft: 'auto' }}>
                <IconClockExclamation size={14} stroke={1.75} aria-hidden />
                {TEXTS.incomplete(late.map(([kind]) => kindsName(kind, 2)).join(', '))}
              </span>
            )}
          </>
        }
        columns={columns}
        hidden={hidden}
        rowId={({ id }) => id}
        rowName={nameOf}
        selection={isSelectable ? { ids: selected, set: setSelected } : undefined}
        foot={isSelectable && <BulkBar rows={resources.rows.filter(({ id }) => selected.has(id))} clear={() => setSelected(new Set())} />}
        total={first?.totals?.count}
        sort={query.sort ?? firstSort(query)}
        onSort={(sort) => change({ sort })}
        onOpen={({ id }) => void navigate({ to: '/resources/$id', params: { id } })}
        item={(resource) => <ResourceItem resource={resource} isAdmin={isAdmin} />}
        filters={[...specs, { name: 'unattributed' }]}
        empty={<EmptyState {...(isAdmin ? TEXTS.emptyAccount : TEXTS.emptyTenant)} />}
      />
    </Screen>
  );
}

/** Three lists that are asked for every day, as one press. */
function Views({
  filters,
  change,
  isAdmin,
}: {
  readonly filters: Filters;
  readonly change: (next: Filters) => void;
  readonly isAdmin: boolean;
}) {
  const views: readonly { text: string; set: Filters; isOn: boolean }[] = [
    {
      text: TEXTS.views.all,
      set: { unattributed: undefined, status: undefined },
      isOn: !filters.unattributed && filters.status !== 'deleted',
    },
    ...(isAdmin
      ? [{ text: TEXTS.views.ownerless, set: { unattributed: 'true', status: undefined }, isOn: Boolean(filters.unattributed) }]
      : []),
    { text: TEXTS.views.deleted, set: { unattributed: undefined, status: 'deleted' }, isOn: filters.status === 'deleted' },
  ];
  return (
    <div className="seg" role="group" aria-label="Views">
      {views.map(({ text, set, isOn }) => (
        <button key={text} type="button" aria-pressed={isOn} onClick={() => change(set)}>
          {text}
        </button>
      ))}
    </div>
  );
}

interface ColumnChoiceProps {
  readonly hidden: Readonly<Record<string, boolean>>;
  readonly change: (next: Filters) => void;
  readonly isAdmin: boolean;
}

function ColumnChoice({ hidden, change, isAdmin }: ColumnChoiceProps) {
  const choose = (id: string, shown: boolean) => {
    const next = Object.keys({ ...hidden, [id]: true }).filter((one) => one !== '' && (one !== id || !shown));
    change({ columns: next.length === 0 ? ',' : next.join(',') });
  };
  return (
    <Popover position="bottom-end" width={200} trapFocus>
      <Popover.Target>
        <button type="button" className="btn hide-m">
          <IconColumns size={16} stroke={1.75} aria-hidden />
          {TEXTS.columns}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="form" style={{ gap: 8 }}>
          {columnsFor(isAdmin)
            .slice(1)
            .map(({ id, head }) => (
              <Checkbox
                key={id}
                size="xs"
                label={head}
                checked={!hidden[id]}
                onChange={(event) => choose(id, event.currentTarget.checked)}
              />
            ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function AsOf({ asOf, back }: { readonly asOf: string | undefined; readonly back: () => void }) {
  return (
    <>
      <IconClock size={14} stroke={1.75} aria-hidden />
      {asOf && !Number.isNaN(Date.parse(asOf)) ? TEXTS.past(exactTime(asOf)) : TEXTS.now}
      {asOf && (
        <button type="button" className="btn quiet sml" onClick={back}>
          {TEXTS.back}
        </button>
      )}
    </>
  );
}
