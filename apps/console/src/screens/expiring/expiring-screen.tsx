import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { dateText } from '../../parts/format';
import { KindCell, KindItem } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { useNow } from '../../parts/time';
import { useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { nameOf, Owner } from '../inventory/inventory-columns';
import { DaysLeft, endOf, SOON_DAYS } from './ends';
import { TEXTS } from './texts';

const KINDS = 'certificate,managed_db';
const DAY_MS = 86_400_000;

interface Ending {
  readonly resource: Resource;
  readonly on: string;
  /** Whole days; negative once it has ended. */
  readonly days: number;
}

const howText = ({ kind, attrs }: Resource): string => TEXTS.how[kind === 'certificate' ? String(attrs.type) : kind] ?? '';

function namesText({ kind, attrs }: Resource): string {
  if (kind === 'certificate') return Array.isArray(attrs.dns_names) ? (attrs.dns_names as string[]).join(', ') : '';
  return [attrs.engine, attrs.version].filter(Boolean).join(' ');
}

const COLUMNS: readonly Column<Ending>[] = [
  {
    id: 'name',
    head: TEXTS.heads.name,
    width: 190,
    cell: ({ resource }) => <KindCell kind={resource.kind} name={nameOf(resource)} />,
  },
  { id: 'what', head: TEXTS.heads.what, width: 110, cell: ({ resource }) => TEXTS.kinds[resource.kind] ?? resource.kind },
  { id: 'left', head: TEXTS.heads.left, width: 110, cell: ({ days }) => <DaysLeft days={days} /> },
  { id: 'on', head: TEXTS.heads.on, width: 110, numeric: true, cell: ({ on }) => dateText(on) },
  {
    id: 'names',
    head: TEXTS.heads.names,
    cell: ({ resource }) => (
      <span className="mid" title={namesText(resource)}>
        {namesText(resource)}
      </span>
    ),
  },
  { id: 'how', head: TEXTS.heads.how, width: 240, wide: true, cell: ({ resource }) => <span className="dim">{howText(resource)}</span> },
  { id: 'owner', head: TEXTS.heads.owner, width: 110, cell: ({ resource }) => <Owner tenantId={resource.tenant_id} /> },
];

/** Certificates and database versions by the days that are left. All of them are read, because the API does not sort by the end. */
export function ExpiringScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const nowMs = useNow();
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const query = { kind: KINDS, ...filters };
  const list = useList<Resource, Schemas['ResourceListResponse']>(['inventory', query], (cursor, signal) =>
    answered(api.GET('/api/v1/inventory', { params: { query: { ...query, limit: PAGE, cursor } as never }, signal })),
  );
  const { onEnd } = list;
  useEffect(onEnd, [onEnd, list.rows.length]);
  const rows = list.rows
    .flatMap((resource): Ending[] => {
      const on = endOf(resource);
      return on === null ? [] : [{ resource, on, days: Math.floor((Date.parse(on) - nowMs) / DAY_MS) }];
    })
    .sort((one, other) => one.on.localeCompare(other.on));
  const soon = rows.filter(({ days }) => days < SOON_DAYS).length;
  const specs: readonly FilterSpec[] = [
    { name: 'kind', label: TEXTS.filters.kind, options: KINDS.split(',').map((value) => ({ value, label: TEXTS.kinds[value] ?? value })) },
    ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []),
  ];
  return (
    <Screen fixed>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} />
      <FilterChips specs={specs} />
      <ListCard
        list={{ ...list, rows }}
        label={TEXTS.title}
        totals={rows.length > 0 && TEXTS.totals(rows.length, soon)}
        columns={isAdmin ? COLUMNS : COLUMNS.filter(({ id }) => id !== 'owner')}
        rowId={({ resource }) => resource.id}
        onOpen={({ resource }) => void navigate({ to: '/resources/$id', params: { id: resource.id } })}
        item={({ resource, days, on }) => (
          <KindItem kind={resource.kind} name={nameOf(resource)} aside={<span className="dim sm">{dateText(on)}</span>}>
            <DaysLeft days={days} />
            <span className="dim trunc">{namesText(resource)}</span>
          </KindItem>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
    </Screen>
  );
}
