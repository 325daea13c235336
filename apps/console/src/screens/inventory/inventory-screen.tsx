import { Checkbox, Popover } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import { FilterChips, TimeForm, useFilters } from '../../parts/filters';
import { exactTime } from '../../parts/format';
import { IconClock, IconClockExclamation, IconColumns, IconDownload, IconPlus } from '../../parts/icons';
import { kindsName } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState, Note } from '../../parts/states';
import { useSummary, useTenantOptions } from '../../shell/counts';
import { filtersText, type Filters } from '../../shell/search';
import { useSession } from '../../shell/session';
import { BulkBar } from './bulk-bar';
import { columnsFor, filterSpecs, nameOf, ResourceItem } from './inventory-columns';
import { TEXTS } from './texts';

const HIDDEN_AT_FIRST = 'address,since';

/** What costs most comes first. The past has no order by price. */
const firstSort = ({ as_of: asOf }: Filters): string => (asOf ? 'name' : '-price');

/** What a change of all that match sends: the filters without order and columns. */
const filterOf = ({ sort: _sort, as_of: _asOf, ...filter }: Filters): Filters =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value));

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
            {!query.as_of && (
              <Link to="/order" className="btn pri">
                <IconPlus size={16} stroke={1.75} aria-hidden />
                {TEXTS.order}
              </Link>
            )}
          </>
        }
      />
      <FilterChips specs={specs} right={<AsOf asOf={query.as_of} change={(asOf) => change({ as_of: asOf })} />} />
      {query.as_of && <PastNote asOf={query.as_of} back={() => change({ as_of: undefined })} />}
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
        foot={
          isSelectable && (
            <BulkBar
              rows={resources.rows.filter(({ id }) => selected.has(id))}
              loaded={resources.rows.length}
              matching={first?.totals}
              filter={filterOf(query)}
              clear={() => setSelected(new Set())}
            />
          )
        }
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

interface AsOfProps {
  readonly asOf: string | undefined;
  readonly change: (asOf: string | undefined) => void;
}

/** Which time the list is of, and the way to another one. */
function AsOf({ asOf, change }: AsOfProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={260} trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="btn quiet sml" onClick={() => setOpen(!open)}>
          <IconClock size={14} stroke={1.75} aria-hidden />
          {isTime(asOf) ? TEXTS.past(exactTime(asOf)) : TEXTS.now}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <TimeForm
          label={TEXTS.pastField}
          value={asOf ?? ''}
          isPast
          button={TEXTS.pastButton}
          done={(time) => {
            change(time || undefined);
            setOpen(false);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

const isTime = (text: string | undefined): text is string => text !== undefined && !Number.isNaN(Date.parse(text));

/** Above a list of the past, so that it is not taken for the present. */
function PastNote({ asOf, back }: { readonly asOf: string; readonly back: () => void }) {
  return (
    <div style={{ marginBottom: 12 }}>
      <Note tone="wait" title={TEXTS.pastTitle(isTime(asOf) ? exactTime(asOf) : asOf)}>
        {TEXTS.pastText}{' '}
        <button type="button" className="btn sml" onClick={back}>
          {TEXTS.back}
        </button>
      </Note>
    </div>
  );
}
