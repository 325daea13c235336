import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, SEQUENCE_KEY, UUID_KEY, type KindCompleteness, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { HistoryHorizon } from '../history/history-horizon';
import { ResourceNotFoundError } from '../inventory.errors';
import { VOLATILE_ATTRS } from '../kinds';
import { CompletenessReader } from './completeness-reader';
import { filterSql, type ResourceFilters } from './resource-filters';
import { RESOURCE_COLUMNS, resourceJson, resourceView, type ResourceRow, type ResourceView } from './resource-view';
import { EVENT_COLUMNS, eventView, type EventRow, type EventView } from './event-view';
import { ACTIONS_OF_RESOURCE, causeOf, SAGAS_OF_ACTIONS, type ReportedAction } from './event-cause';

/** Numbers of resources. The key null stands for resources without a tenant, or without a region. */
export interface SummaryView {
  readonly total: number;
  readonly unattributed: number;
  readonly by_kind: readonly { readonly kind: string; readonly count: number }[];
  readonly by_tenant: readonly { readonly tenant_id: string | null; readonly count: number }[];
  readonly by_region: readonly { readonly region: string | null; readonly count: number }[];
}

export interface SummaryAnswer {
  readonly data: SummaryView;
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

interface CountRow {
  readonly by: 'all' | 'kind' | 'tenant' | 'region';
  readonly key: string | null;
  readonly count: number;
}

/** All counts with one scan of the table. $1 tenant or null. */
const COUNT_RESOURCES = `
select case grouping(kind, tenant_id, region) when 7 then 'all' when 3 then 'kind' when 5 then 'tenant' else 'region' end as by,
       case grouping(kind, tenant_id, region) when 3 then kind when 5 then tenant_id when 6 then region end as key, count(*)::int as count
  from cloud_resources where deleted_at is null and ($1::text is null or tenant_id = $1)
 group by grouping sets ((), (kind), (tenant_id), (region)) order by count desc, key`;

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Reads the inventory in the caller's scope. A tenant's statements contain the tenant twice: as a condition of the statement, and as the
 * row-security scope of the transaction. [TEN-4]
 */
@Injectable()
export class InventoryReader {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
    private readonly horizon: HistoryHorizon,
  ) {}

  /** The resources now, or at a time by the event log. Throws `EventsArchivedError` when the events of that time are archived. [INV-14] */
  list(scope: Scope, filters: ResourceFilters, page: PageRequest, at?: string): Promise<ListAnswer<ResourceView>> {
    return this.read(scope, filters, page, resourceView, at);
  }

  /** The same list as JSON text. */
  async listJson(scope: Scope, filters: ResourceFilters, page: PageRequest, at?: string): Promise<string> {
    const { data, ...rest } = await this.read(scope, filters, page, resourceJson, at);
    return `{"data":[${data.join(',')}],${JSON.stringify(rest).slice(1)}`;
  }

  private async read<T>(
    scope: Scope,
    filters: ResourceFilters,
    page: PageRequest,
    as: (row: ResourceRow, sweptAt: string | null) => T,
    at?: string,
  ): Promise<ListAnswer<T>> {
    const after = decodeCursor(page.cursor, UUID_KEY);
    const mine: ResourceFilters = scope.kind === 'tenant' ? { ...filters, tenant_id: scope.tenantId } : filters;
    const complete = await this.completeness.ofKind(filters.kind, at); // read first: the rows may be newer than their completeness, never older
    const rows = await this.inScope(scope, (on) => readPage(on, mine, after, page.limit + 1, at));
    if (at !== undefined) await this.horizon.assertCovers(at);
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return {
      data: items.map((row) => as(row, complete.sweptAt(row.kind))),
      page: { next_cursor },
      as_of: complete.as_of,
      completeness: complete.completeness,
    };
  }

  /** Numbers of resources by kind, tenant and region, without tombstones. */
  async summary(scope: Scope): Promise<SummaryAnswer> {
    const complete = await this.completeness.ofKind(undefined);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const rows = await this.inScope(scope, (on) => on.query<CountRow>(COUNT_RESOURCES, [tenant]));
    return { data: summaryView(rows), as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(scope: Scope, id: string): Promise<ResourceView> {
    const [row] = await this.inScope(scope, (on) =>
      on.texts<ResourceRow>({ text: `select ${RESOURCE_COLUMNS} from cloud_resources where id = $1`, values: [id] }),
    );
    if (!row || (scope.kind === 'tenant' && row.tenant_id !== scope.tenantId)) throw new ResourceNotFoundError();
    const complete = await this.completeness.ofKind(row.kind);
    return resourceView(row, complete.sweptAt(row.kind));
  }

  /** The resources with these ids, in the order of their ids. Without a scope: for platform callers only. */
  async getMany(ids: readonly string[]): Promise<ResourceView[]> {
    const rows = await this.database.texts<ResourceRow>({
      text: `select ${RESOURCE_COLUMNS} from cloud_resources where id = any ($1::uuid[]) order by id`,
      values: [ids],
    });
    const complete = await this.completeness.ofKind(undefined);
    return rows.map((row) => resourceView(row, complete.sweptAt(row.kind)));
  }

  /** Newest first. A previous tenant still reads the events of its own time, and no others. [INV-13] */
  async events(scope: Scope, id: string, page: PageRequest): Promise<ListAnswer<EventView>> {
    const before = decodeCursor(page.cursor, SEQUENCE_KEY);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const { rows, kind, reported } = await this.inScope(scope, async (on) => {
      const [resource] = await on.query<{ kind: string }>(
        'select kind from cloud_resources where id = $1 and ($2::text is null or tenant_id = $2)',
        [id, tenant],
      );
      const events = await on.query<EventRow>(
        `select ${EVENT_COLUMNS} from cloud_resource_events
          where resource_id = $1 and ($2::bigint is null or seq < $2) and ($3::text is null or tenant_id = $3) order by seq desc limit $4`,
        [id, before, tenant, page.limit + 1],
      );
      const known = resource ?? (events.length > 0 || (before !== null && (await hasEvents(on, id, tenant))));
      if (!known) throw new ResourceNotFoundError();
      const reported = await on.query<Omit<ReportedAction, 'saga_id'>>(ACTIONS_OF_RESOURCE, [
        id,
        tenant,
        events.at(-1)?.at ?? null,
        events[0]?.at ?? null,
      ]);
      return { rows: events, kind: resource?.kind, reported };
    });
    const actions = await this.withSagas(reported);
    const complete = await this.completeness.ofKind(kind);
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.seq);
    return {
      data: items.map((row) => eventView(row, causeOf(row, actions))),
      page: { next_cursor },
      as_of: complete.as_of,
      completeness: complete.completeness,
    };
  }

  private async withSagas(reported: readonly Omit<ReportedAction, 'saga_id'>[]): Promise<ReportedAction[]> {
    if (reported.length === 0) return [];
    const started = await this.database.query<{ action_id: string; saga_id: string }>(SAGAS_OF_ACTIONS, [
      reported.map(({ action_id }) => action_id),
    ]);
    const sagaOf = new Map(started.map(({ action_id, saga_id }) => [action_id, saga_id]));
    return reported.map((action) => ({ ...action, saga_id: sagaOf.get(action.action_id) ?? null }));
  }

  private inScope<T>(scope: Scope, work: (on: Queryable) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.database.asTenant(scope.tenantId, work) : work(this.database);
  }
}

function readPage(on: Queryable, filters: ResourceFilters, after: string | null, limit: number, at?: string): Promise<ResourceRow[]> {
  const { conditions, values, name } = filterSql(filters, 3);
  const page = [after ?? FIRST_ID, limit, ...values];
  const select = (from: string) =>
    `select ${RESOURCE_COLUMNS} from ${from} where id > $1 and ${conditions.join(' and ')} order by id limit $2`;
  if (at === undefined) return on.texts({ name: `inventory_${name}`, text: select('cloud_resources'), values: page });
  const past = `arcadia_inventory_at($${page.length + 1}, $${page.length + 2})`;
  return on.texts({ text: select(past), values: [...page, at, JSON.stringify(VOLATILE_ATTRS)] });
}

async function hasEvents(on: Queryable, id: string, tenant: string | null): Promise<boolean> {
  const rows = await on.query(
    'select 1 from cloud_resource_events where resource_id = $1 and ($2::text is null or tenant_id = $2) limit 1',
    [id, tenant],
  );
  return rows.length > 0;
}

function summaryView(rows: readonly CountRow[]): SummaryView {
  const countsBy = (by: CountRow['by']) => rows.filter((row) => row.by === by);
  return {
    total: countsBy('all')[0]?.count ?? 0,
    unattributed: countsBy('tenant').find((row) => row.key === null)?.count ?? 0,
    by_kind: countsBy('kind').map(({ key, count }) => ({ kind: key ?? '', count })),
    by_tenant: countsBy('tenant').map(({ key, count }) => ({ tenant_id: key, count })),
    by_region: countsBy('region').map(({ key, count }) => ({ region: key, count })),
  };
}
