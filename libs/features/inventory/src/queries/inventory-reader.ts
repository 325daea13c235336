import { AuditLog } from '#libs/audit';
import { PriceBook, SellPrices, type TenantRates } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { Database, queryableOf, TenantTransaction, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import {
  decodeCursor,
  pageOf,
  UUID_KEY,
  ValidationFailedError,
  type KindCompleteness,
  type ListAnswer,
  type PageRequest,
} from '#libs/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Raw, type EntityManager, type Repository } from 'typeorm';
import { EventMonth } from '../entities/event-month.entity';
import { ResourceEvent } from '../entities/resource-event.entity';
import { Resource } from '../entities/resource.entity';
import { EventsArchivedError, ResourceNotFoundError } from '../inventory.errors';
import { sweptAs } from '../kinds';
import { viewOf, type View } from '../view-of';
import { ChangeCauses, findActions } from './change-causes';
import { CompletenessReader } from './completeness-reader';
import { causeOf, type EventCause } from './change-causes';
import { COUNT_RESOURCES, summaryView, type CountRow, type SummaryAnswer } from './inventory-summary';
import { readIds, readPage, sortSql, type ResourceFilters, type ResourceSort } from './resource-filters';
import { withFound } from './resource-search';
import { basisOf, pricesOf, rowPrice, soldRelation, soldResource, totalsOf } from './row-prices';
import { resourceJson, ResourceNames, resourceView, type ResourceView } from './resource-view';

const EVENT_FIELDS = ['id', 'resourceId', 'type', 'at', 'source'] as const;
type EventField = (typeof EVENT_FIELDS)[number];

/** One event of a resource as the API returns it. */
export interface EventView extends View<ResourceEvent, EventField> {
  readonly changes: Record<string, { old: unknown; new: unknown }>;
  /** Who made the change, for those of people; a tenant reads `operator`. Null for other sources, and for older events. */
  readonly actor: string | null;
  /** The reason that was given, for operators only. */
  readonly reason: string | null;
  /** The provider's action that caused the change, if the action feed listed one, or the saga that wrote it. */
  readonly cause: EventCause | null;
}

export interface ResourceAnswer {
  readonly data: ResourceView;
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

/** What a list contains besides its rows, and its order. `totals`: number and price of all that match. `names`: of projects and parents. */
export interface ListOptions {
  readonly sort?: ResourceSort;
  readonly totals?: boolean;
  readonly names?: boolean;
}

/** Events of one resource that are read for the sagas that wrote them. */
const MOST_WRITERS = 1_000;

/**
 * Reads the inventory in the caller's scope. A tenant's statements contain the tenant twice: as a condition of the statement, and as the
 * row-security scope of the transaction. [TEN-4]
 */
@Injectable()
export class InventoryReader {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantTransaction,
    @InjectRepository(Resource) private readonly resources: Repository<Resource>,
    @InjectRepository(EventMonth) private readonly months: Repository<EventMonth>,
    private readonly completeness: CompletenessReader,
    private readonly causes: ChangeCauses,
    private readonly names: ResourceNames,
    private readonly audit: AuditLog,
    private readonly book: PriceBook,
    private readonly sells: SellPrices,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * The resources now, or at a time by the event log. Throws `ValidationFailedError` for a time in the future, and `EventsArchivedError`
   * when the events of that time are archived. [INV-14]
   */
  async list(
    scope: Scope,
    filters: ResourceFilters,
    page: PageRequest,
    at?: string,
    options?: ListOptions,
  ): Promise<ListAnswer<ResourceView>> {
    return JSON.parse(await this.listJson(scope, filters, page, at, options)) as ListAnswer<ResourceView>;
  }

  /** The same list as JSON text. */
  async listJson(scope: Scope, filters: ResourceFilters, page: PageRequest, at?: string, options: ListOptions = {}): Promise<string> {
    const { sort, totals, names } = options;
    if (at !== undefined) await this.assertNotInFuture(at);
    const mine: ResourceFilters = scope.kind === 'tenant' ? { ...filters, tenant_id: scope.tenantId } : filters;
    const { sweptAt, as_of, completeness } = await this.completeness.ofKind(filters.kind, at); // read first: rows may be newer, never older
    const basis = basisOf(scope);
    const prices = await this.book.prices(basis, at);
    const rates = await this.ratesOf(scope);
    const byPrice = rates !== null && at === undefined && (sort === 'price' || sort === '-price');
    const { rows, all } = await this.inScope(scope, async (on) => {
      const filters = at === undefined ? await withFound(on, mine) : mine;
      const sold = byPrice ? await soldRelation(on, prices, rates, filters) : undefined;
      const found = await readPage(on, { sort, cursor: page.cursor, limit: page.limit + 1, at, basis, filters, ...(sold && { sold }) });
      return { rows: found, all: totals ? await totalsOf(on, { prices, basis, rates }, filters, at) : undefined };
    });
    if (at !== undefined) await this.assertNotArchived(at);
    const { items, next_cursor } = pageOf(rows, page.limit, sortSql(sort)?.keyOf ?? ((row) => row.id));
    const namesOf = names ? await this.names.ofRows(scope, items) : undefined;
    const { strikesToDelete } = this.config.inventory;
    const data = items.map((row) => {
      const price = row.deleted_at === null ? rowPrice(row, prices, rates) : 'null';
      return resourceJson(row, price, sweptAt(row.kind), strikesToDelete, namesOf?.get(row.id));
    });
    const rest = { page: { next_cursor }, ...(all && { totals: all }), as_of, completeness };
    return `{"data":[${data.join(',')}],${JSON.stringify(rest).slice(1)}`;
  }

  /** Numbers of resources by kind, tenant and region, without tombstones. */
  async summary(scope: Scope): Promise<SummaryAnswer> {
    const complete = await this.completeness.ofKind(undefined);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const rows = await this.inScope(scope, (on) => on.query<CountRow>(COUNT_RESOURCES, [tenant]));
    return { data: summaryView(rows), as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(scope: Scope, id: string): Promise<ResourceView> {
    return (await this.getAnswer(scope, id)).data;
  }

  /** One resource, with the time as of which its kind is complete. */
  async getAnswer(scope: Scope, id: string): Promise<ResourceAnswer> {
    const { completeness: kinds, sweptAt } = await this.completeness.ofKind(undefined); // read first: the row may be newer, never older
    const resource = await this.withEntities(scope, (em) => em.findOneBy(Resource, { id }));
    if (!resource || (scope.kind === 'tenant' && resource.tenantId !== scope.tenantId)) throw new ResourceNotFoundError();
    const { kind, cloudProjectId: cloud_project_id, attributedBy: attributed_by, attributedRef: attributed_ref } = resource;
    const ofKind = kinds[sweptAs(kind)];
    const names = await this.names.ofRows(scope, [{ id, cloud_project_id, attributed_by, attributed_ref }]);
    const rates = await this.ratesOf(scope);
    const prices = await this.inScope(scope, (on) => pricesOf(on, this.book, basisOf(scope), [soldResource(resource)], rates));
    const price = resource.deletedAt === null ? (prices.get(id) ?? null) : null;
    const data = { ...resourceView(resource, sweptAt(kind), this.config.inventory.strikesToDelete, names.get(id)), price };
    return { data, as_of: ofKind?.as_of ?? null, completeness: ofKind ? { [kind]: ofKind } : {} };
  }

  /** The ids of the resources that match, at most `most`. Without a scope: for platform callers only. */
  idsOf(filters: ResourceFilters, most: number): Promise<string[]> {
    return readIds(this.database, filters, most);
  }

  /** The names of resources in scope, by id. */
  namesOf(scope: Scope, ids: readonly string[]): Promise<Map<string, string>> {
    return this.names.ofResources(scope, ids);
  }

  /** The ids of the sagas that wrote events of the resource, such as the one that created it. */
  async writersOf(scope: Scope, id: string): Promise<string[]> {
    const mine = scope.kind === 'tenant' ? { tenantId: scope.tenantId } : {};
    const events = await this.withEntities(scope, (em) =>
      em.find(ResourceEvent, { where: { resourceId: id, source: 'saga', ...mine }, select: { sweepId: true }, take: MOST_WRITERS }),
    );
    return [...new Set(events.flatMap(({ sweepId }) => sweepId ?? []))];
  }

  /** The numbers of living resources of projects, by project. For platform callers only. */
  async countByProject(projectIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.resources
      .createQueryBuilder('r')
      .select('r.cloud_project_id', 'id')
      .addSelect('count(*)::int', 'count')
      .where('r.cloud_project_id = any (:projectIds) and r.deleted_at is null', { projectIds })
      .groupBy('r.cloud_project_id')
      .getRawMany<{ id: string; count: number }>();
    return new Map(rows.map(({ id, count }) => [id, count]));
  }

  /** The resources with these ids, in the order of their ids. Without a scope: for platform callers only. */
  async getMany(ids: readonly string[]): Promise<ResourceView[]> {
    const resources = await this.resources.find({ where: { id: In(ids) }, order: { id: 'ASC' } });
    const complete = await this.completeness.ofKind(undefined);
    const { strikesToDelete } = this.config.inventory;
    return resources.map((resource) => resourceView(resource, complete.sweptAt(resource.kind), strikesToDelete));
  }

  /** Newest first. A previous tenant still reads the events of its own time, and no others. [INV-13] */
  async events(scope: Scope, id: string, page: PageRequest): Promise<ListAnswer<EventView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : undefined;
    const mine = tenant === undefined ? {} : { tenantId: tenant };
    const { events, kind, reported } = await this.withEntities(scope, async (em, on) => {
      const resource = await em.findOneBy(Resource, { id, ...mine });
      const ofResource = { resourceId: id, ...mine };
      const older = before === null ? {} : { seq: Raw((seq) => `${seq} < ${SEQ_OF_EVENT}`, { id, before }) };
      const events = await em.find(ResourceEvent, { where: { ...ofResource, ...older }, order: { seq: 'DESC' }, take: page.limit + 1 });
      const known = resource ?? (events.length > 0 || (before !== null && (await em.existsBy(ResourceEvent, ofResource))));
      if (!known) throw new ResourceNotFoundError();
      const [newest, oldest] = [events[0], events.at(-1)];
      const seen = newest && oldest ? [{ resource_id: id, from: oldest.at, to: newest.at }] : [];
      return { events, kind: resource?.kind, reported: await findActions(on, seen, tenant) };
    });
    const actions = await this.causes.withSagas(reported);
    const { as_of, completeness } = await this.completeness.ofKind(kind);
    const { items, next_cursor } = pageOf(events, page.limit, (event) => event.id);
    const changes = await this.audit.findByIds(items.flatMap((event) => (event.source === 'admin' ? (event.sweepId ?? []) : [])));
    const data = items.map((event) => {
      const change = changes.get(event.sweepId ?? '');
      const author =
        tenant === undefined
          ? { actor: change?.actor ?? null, reason: change?.reason ?? null }
          : { actor: operatorOf(event), reason: null };
      return eventView(event, author, causeOf(Object.assign(event, { saga_id: sagaOf(event) }), actions));
    });
    return { data, page: { next_cursor }, as_of, completeness };
  }

  /** By the database's clock, which also writes the times of events. A caller's clock may be a minute ahead. */
  private async assertNotInFuture(at: string): Promise<void> {
    const [clock] = await this.database.query<{ future: boolean }>(
      "select $1::timestamptz > clock_timestamp() + interval '1 minute' as future",
      [at],
    );
    if (clock?.future) throw new ValidationFailedError([{ field: 'as_of', message: 'must not be in the future' }]);
  }

  /**
   * Throws `EventsArchivedError` when events at or after that time have been archived. Call it after a read: a month that was archived
   * during the read is then found too.
   */
  private async assertNotArchived(at: string): Promise<void> {
    const archived = this.months.createQueryBuilder('m').where('m.before > :at::timestamptz', { at });
    const month = await archived.orderBy('m.month', 'DESC').limit(1).getOne();
    if (month) throw new EventsArchivedError(month.before.toISOString());
  }

  /** What the living resources of a tenant cost in a month, at its sell prices. */
  async monthlyOf(tenantId: string): Promise<string> {
    const scope: Scope = { kind: 'tenant', tenantId };
    const of = { prices: await this.book.prices('list'), basis: 'list', rates: await this.ratesOf(scope) } as const;
    return (await this.inScope(scope, (on) => totalsOf(on, of, { tenant_id: tenantId }))).monthly;
  }

  private ratesOf(scope: Scope): Promise<TenantRates | null> {
    return this.sells.ratesOf(scope.kind === 'tenant' ? scope.tenantId : null);
  }

  private inScope<T>(scope: Scope, work: (on: Queryable) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.database.asTenant(scope.tenantId, work) : work(this.database);
  }

  /** Like `inScope`, for repositories. `on` is the same connection for a tenant. */
  private withEntities<T>(scope: Scope, work: (em: EntityManager, on: Queryable) => Promise<T>): Promise<T> {
    if (scope.kind === 'tenant') return this.tenants.run(scope.tenantId, (em) => work(em, queryableOf(em)));
    return work(this.resources.manager, this.database);
  }
}

/** The number of an event of the resource. Its index has the events of one resource together. */
const SEQ_OF_EVENT = '(select b.seq from cloud_resource_events b where b.resource_id = :id and b.id = :before)';

/** A saga's event names the saga in the place of the sweep. */
function sagaOf({ source, sweepId }: ResourceEvent): string | null {
  return source === 'saga' ? sweepId : null;
}

/** A tenant does not learn the names of operators. */
function operatorOf({ source }: ResourceEvent): string | null {
  return source === 'admin' ? 'operator' : null;
}

/** The types of events with stored fields of one value: that of a discovery, or of the provider's action. */
const STORED_AS_VALUES: ReadonlySet<string> = new Set(['discovered', 'provider_action']);

/** An event as the API returns it. */
function eventView(event: ResourceEvent, author: Pick<EventView, 'actor' | 'reason'>, cause: EventCause | null): EventView {
  const changes = STORED_AS_VALUES.has(event.type) ? changesFromNull(event.changes) : (event.changes as EventView['changes']);
  return { ...viewOf<ResourceEvent, EventField>(event, EVENT_FIELDS), changes, ...author, cause };
}

function changesFromNull(values: Record<string, unknown>): EventView['changes'] {
  const known = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([field, value]) => [field, { old: null, new: value }]));
}
