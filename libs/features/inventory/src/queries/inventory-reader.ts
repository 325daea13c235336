import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, SEQUENCE_KEY, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { HistoryHorizon } from '../history/history-horizon';
import { ResourceNotFoundError } from '../inventory.errors';
import { CompletenessReader } from './completeness-reader';
import { filterSql, type ResourceFilters } from './resource-filters';
import { RESOURCE_COLUMNS, resourceJson, resourceView, type ResourceRow, type ResourceView } from './resource-view';
import { EVENT_COLUMNS, eventView, type EventRow, type EventView } from './event-view';
import { ACTIONS_OF_RESOURCE, causeOf, SAGAS_OF_ACTIONS, type ToldAction } from './event-cause';
import { VOLATILE_ATTRS } from './volatile-attrs';
import { COUNT_RESOURCES, summaryView, type CountRow, type SummaryAnswer } from './inventory-summary';

/**
 * Reads the inventory in the scope of whoever asks. A tenant's statements carry the tenant twice: as a condition of ours, and
 * as the row-security scope of their transaction (TEN-4).
 */
@Injectable()
export class InventoryReader {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
    private readonly past: HistoryHorizon,
  ) {}

  /** The account as it is, or as the event log says it was at a time. Throws `EventsArchivedError` when that is too long ago (INV-14). */
  list(scope: Scope, filters: ResourceFilters, page: PageRequest, at?: string): Promise<ListAnswer<ResourceView>> {
    return this.read(scope, filters, page, resourceView, at);
  }

  /** The same list as JSON. */
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
    const complete = await this.completeness.of(filters.kind, at); // first: rows may be younger than what is said of them, never older
    const rows = await this.inScope(scope, (on) => readPage(on, mine, after, page.limit + 1, at));
    if (at !== undefined) await this.past.assertCovers(at);
    const { shown, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return {
      data: shown.map((row) => as(row, complete.sweptAt(row.kind))),
      page: { next_cursor },
      as_of: complete.as_of,
      completeness: complete.completeness,
    };
  }

  /** How many resources there are, by kind, tenant and region; tombstones do not count. */
  async summary(scope: Scope): Promise<SummaryAnswer> {
    const complete = await this.completeness.of(undefined);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const rows = await this.inScope(scope, (on) => on.query<CountRow>(COUNT_RESOURCES, [tenant]));
    return { data: summaryView(rows), as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(scope: Scope, id: string): Promise<ResourceView> {
    const [row] = await this.inScope(scope, (on) =>
      on.texts<ResourceRow>({ text: `select ${RESOURCE_COLUMNS} from cloud_resources where id = $1`, values: [id] }),
    );
    if (!row || (scope.kind === 'tenant' && row.tenant_id !== scope.tenantId)) throw new ResourceNotFoundError(id);
    const complete = await this.completeness.of(row.kind);
    return resourceView(row, complete.sweptAt(row.kind));
  }

  /** Those of these ids that exist, in the order of their ids; for whoever may see everything. */
  async several(ids: readonly string[]): Promise<ResourceView[]> {
    const rows = await this.database.texts<ResourceRow>({
      text: `select ${RESOURCE_COLUMNS} from cloud_resources where id = any ($1::uuid[]) order by id`,
      values: [ids],
    });
    const complete = await this.completeness.of(undefined);
    return rows.map((row) => resourceView(row, complete.sweptAt(row.kind)));
  }

  /** Newest first. A former tenant still reads the events of its own time, and no others (INV-13). */
  async events(scope: Scope, id: string, page: PageRequest): Promise<ListAnswer<EventView>> {
    const before = decodeCursor(page.cursor, SEQUENCE_KEY);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const { rows, kind, told } = await this.inScope(scope, async (on) => {
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
      if (!known) throw new ResourceNotFoundError(id);
      const told = await on.query<Omit<ToldAction, 'saga_id'>>(ACTIONS_OF_RESOURCE, [
        id,
        tenant,
        events.at(-1)?.at ?? null,
        events[0]?.at ?? null,
      ]);
      return { rows: events, kind: resource?.kind, told };
    });
    const actions = await this.withSagas(told);
    const complete = await this.completeness.of(kind);
    const { shown, next_cursor } = pageOf(rows, page.limit, (row) => row.seq);
    return {
      data: shown.map((row) => eventView(row, causeOf(row, actions))),
      page: { next_cursor },
      as_of: complete.as_of,
      completeness: complete.completeness,
    };
  }

  private async withSagas(told: readonly Omit<ToldAction, 'saga_id'>[]): Promise<ToldAction[]> {
    if (told.length === 0) return [];
    const asked = await this.database.query<{ action_id: string; saga_id: string }>(SAGAS_OF_ACTIONS, [
      told.map(({ action_id }) => action_id),
    ]);
    const sagaOf = new Map(asked.map(({ action_id, saga_id }) => [action_id, saga_id]));
    return told.map((action) => ({ ...action, saga_id: sagaOf.get(action.action_id) ?? null }));
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

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

async function hasEvents(on: Queryable, id: string, tenant: string | null): Promise<boolean> {
  const rows = await on.query(
    'select 1 from cloud_resource_events where resource_id = $1 and ($2::text is null or tenant_id = $2) limit 1',
    [id, tenant],
  );
  return rows.length > 0;
}
