import { useNavigate } from '@tanstack/react-router';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { KindCell, KindItem } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { nameOf, Owner } from '../inventory/inventory-columns';
import { TEXTS } from './texts';

const COLUMNS: readonly Column<Resource>[] = [
  {
    id: 'zone',
    head: TEXTS.heads.zone,
    sort: 'name',
    cell: (zone) => <KindCell kind="dns_zone" name={nameOf(zone)} />,
  },
  { id: 'owner', head: TEXTS.heads.owner, width: 160, cell: ({ tenant_id: id }) => <Owner tenantId={id} /> },
  {
    id: 'ttl',
    head: TEXTS.heads.ttl,
    width: 90,
    numeric: true,
    cell: ({ attrs }) => (typeof attrs.ttl === 'number' ? `${attrs.ttl} s` : ''),
  },
  { id: 'seen', head: TEXTS.heads.seen, width: 110, numeric: true, cell: ({ last_seen_at: at }) => <Age at={at} /> },
];

export function ZonesScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const tenants = useTenantOptions();
  const query = { ...filters, kind: 'dns_zone', sort: filters.sort ?? 'name' };
  const list = useList<Resource, Schemas['ResourceListResponse']>(['inventory', query], (cursor, signal) =>
    answered(api.GET('/api/v1/inventory', { params: { query: { ...query, limit: PAGE, cursor } as never }, signal })),
  );
  const specs: readonly FilterSpec[] = [
    { name: 'q', label: TEXTS.heads.zone },
    ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.heads.owner, options: tenants }] : []),
  ];
  return (
    <Screen fixed>
      <PageHead title={isAdmin ? TEXTS.title : TEXTS.forTenant} sub={TEXTS.sub} />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={isAdmin ? COLUMNS : COLUMNS.filter(({ id }) => id !== 'owner')}
        sort={query.sort}
        onSort={(sort) => change({ sort })}
        rowId={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/dns/$id', params: { id } })}
        item={(zone) => (
          <KindItem
            kind="dns_zone"
            name={nameOf(zone)}
            aside={
              <span className="dim sm">
                <Age at={zone.last_seen_at} />
              </span>
            }
          >
            <span className="dim">{isAdmin ? (zone.tenant_id ?? TEXTS.noOwner) : ''}</span>
          </KindItem>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
    </Screen>
  );
}
