import { Database, queryableOf, TenantTransaction, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, SEQUENCE_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, type EntityManager, type Repository, type SelectQueryBuilder } from 'typeorm';
import { EventNumber, EventSequencerState } from './entities/event-number.entity';
import { EventSources } from './event-source';
import { FeedArchivedError } from './events.errors';
import { COMPLETE_UNTIL } from './events.metrics';

/** Filters of the feed; an event must match all that are given. */
export interface EventFilters {
  /** Only events with a higher number. */
  readonly after?: number;
  /** RFC 3339: not before this time, and before that one. */
  readonly since?: string;
  readonly until?: string;
  readonly types?: readonly string[];
  /** Kinds of subjects. */
  readonly kinds?: readonly string[];
  readonly tenant_id?: string;
  readonly resource_id?: string;
  /** As the reader sees it: a tenant finds the changes of platform admins under `operator`. */
  readonly actor?: string;
  /** Of a list: the last number first. */
  readonly newestFirst?: boolean;
}

/** An event as the API returns it. */
export interface EventView {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  /** The owner of the subject at the time of the event. */
  readonly tenant_id: string | null;
  /** A tenant reads `operator` instead of the name of a platform admin. */
  readonly actor: string | null;
  readonly source: string;
  readonly subject: { readonly type: string; readonly id: string; readonly name: string | null; readonly kind: string | null };
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event, and the resource that it is about: its name is that of the subject where the event has none. */
export type FoundEvent = EventView & { readonly resource_id: string | null };

/** The row of an event in its table. */
interface EventRow {
  readonly event_id: string;
  readonly id: string;
  readonly source: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly subject_name: string | null;
  readonly data: Record<string, unknown>;
}

const OPERATOR = 'operator';

/** An event before it is prepared for a reader, for a caller that has many readers. Who may read it: its owner at its time. [EVT-2] */
export class NumberedEvent {
  constructor(
    private readonly number: EventNumber,
    private readonly row: EventRow,
  ) {}

  get sequence(): number {
    return Number(this.number.sequence);
  }

  get type(): string {
    return this.number.type;
  }

  get atMs(): number {
    return this.number.at.getTime();
  }

  get tenantId(): string | null {
    return this.number.tenantId;
  }

  /** The event as a reader of this scope sees it; undefined for a tenant that must not see it. */
  viewFor(scope: Scope): FoundEvent | undefined {
    const isVisible = scope.kind === 'platform' || this.number.tenantId === scope.tenantId;
    return isVisible ? eventView(this.number, this.row, scope) : undefined;
  }
}

/**
 * Reads the feed in the order of its numbers. A tenant's statements contain the tenant twice: as a condition, and as the scope of row
 * security, under which the numbers and the rows of the events are read. The tenant of an event is the owner at its time. [TEN-4]
 */
@Injectable()
export class EventReader {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantTransaction,
    @InjectRepository(EventNumber) private readonly numbers: Repository<EventNumber>,
    @InjectRepository(EventSequencerState) private readonly states: Repository<EventSequencerState>,
    private readonly sources: EventSources,
  ) {}

  /** Throws `InvalidCursorError`, and `FeedArchivedError` for a number or time with archived events. */
  async list(scope: Scope, filters: EventFilters, page: PageRequest): Promise<ListAnswer<FoundEvent>> {
    const { newestFirst = false } = filters;
    const at = decodeCursor(page.cursor, SEQUENCE_KEY);
    const after = (newestFirst ? null : at) ?? String(filters.after ?? 0);
    const as_of = await this.completeUntil(); // read first: the page may be newer, never older
    const { numbers, rows } = await this.inScope(scope, async (em, on) => {
      const query = em.createQueryBuilder(EventNumber, 'n').where('n.sequence > :after', { after });
      narrow(query, scope.kind === 'tenant' ? { ...filters, tenant_id: scope.tenantId } : filters, scope);
      if (newestFirst && at !== null) query.andWhere('n.sequence < :before', { before: at });
      const found = await query
        .orderBy('n.sequence', newestFirst ? 'DESC' : 'ASC')
        .limit(page.limit + 1)
        .getMany();
      return { numbers: found, rows: await this.rowsOf(on, found) };
    });
    await this.assertNotArchived(filters, after);
    const { items, next_cursor } = pageOf(numbers, page.limit, ({ sequence }) => sequence);
    const data = items.flatMap((number) => {
      const row = rows.get(`${number.source}/${number.eventId}`);
      return row ? [eventView(number, row, scope)] : [];
    });
    return { data, page: { next_cursor }, as_of: as_of.toISOString(), completeness: {} };
  }

  /** The next events in the order of their numbers, of all tenants, and the last number that was read. */
  async next(after: number, limit: number): Promise<{ readonly events: NumberedEvent[]; readonly last: number }> {
    const numbers = await this.numbers.find({ where: { sequence: MoreThan(String(after)) }, order: { sequence: 'ASC' }, take: limit });
    return { events: await this.numbered(numbers), last: Number(numbers.at(-1)?.sequence ?? after) };
  }

  /** The events with these numbers, of all tenants; those that are archived are missing. */
  async find(sequences: readonly string[]): Promise<NumberedEvent[]> {
    return sequences.length === 0 ? [] : this.numbered(await this.numbers.findBy({ sequence: In([...new Set(sequences)]) }));
  }

  /** The last number that was given. */
  async lastSequence(): Promise<number> {
    return Number((await this.states.findOneBy({ one: true }))?.lastSequence ?? 0);
  }

  private async numbered(numbers: readonly EventNumber[]): Promise<NumberedEvent[]> {
    const rows = await this.rowsOf(this.database, numbers);
    return numbers.flatMap((number) => {
      const row = rows.get(`${number.source}/${number.eventId}`);
      return row ? [new NumberedEvent(number, row)] : [];
    });
  }

  /** The types of all numbered events in scope, which another release may have written. */
  typesInRows(scope: Scope): Promise<string[]> {
    return this.inScope(scope, (em) => distinct(em, scope, 'type'));
  }

  /** The kinds of the subjects of all numbered events in scope. */
  kindsInRows(scope: Scope): Promise<string[]> {
    return this.inScope(scope, (em) => distinct(em, scope, 'kind'));
  }

  /** The rows of these events, by source and number. A source that only a newer release knows has none. */
  private async rowsOf(on: Queryable, numbers: readonly EventNumber[]): Promise<Map<string, EventRow>> {
    const found = new Map<string, EventRow>();
    for (const { name, rows } of this.sources.all) {
      const ids = numbers.filter(({ source }) => source === name).map(({ eventId }) => eventId);
      if (ids.length === 0) continue;
      // Set-based: all events of a page at once.
      const read = await on.query<EventRow>(
        `select e.event_id::text, e.id, e.source, e.subject_type, e.subject_id, e.subject_name, e.data from (${rows}) e where e.event_id = any ($1::bigint[])`,
        [ids],
      );
      for (const row of read) found.set(`${name}/${row.event_id}`, row);
    }
    return found;
  }

  private async completeUntil(): Promise<Date> {
    const [row] = await this.database.query<{ as_of: Date }>(COMPLETE_UNTIL);
    return row?.as_of ?? new Date(0);
  }

  /** Call it after a read: events that were archived during the read are then found too. */
  private async assertNotArchived({ since, after: asked }: EventFilters, after: string): Promise<void> {
    const state = await this.states.findOneBy({ one: true });
    if (!state?.archivedBefore) return;
    const { archivedBefore, archivedSequence } = state;
    const tooEarly = since !== undefined && Date.parse(since) < archivedBefore.getTime();
    const tooLow = (asked ?? 0) > 0 && BigInt(after) < BigInt(archivedSequence);
    if (tooEarly || tooLow) throw new FeedArchivedError(archivedBefore.toISOString(), archivedSequence);
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager, on: Queryable) => Promise<T>): Promise<T> {
    if (scope.kind === 'tenant') return this.tenants.run(scope.tenantId, (em) => work(em, queryableOf(em)));
    return work(this.numbers.manager, this.database);
  }
}

/** True for an event that a reader with these filters gets. `since` and `until` select from a list only. */
export function matches(event: FoundEvent, { types, kinds, tenant_id, resource_id, actor }: EventFilters): boolean {
  if (types !== undefined && !types.includes(event.type)) return false;
  if (kinds !== undefined && !kinds.includes(event.subject.kind ?? '')) return false;
  if (tenant_id !== undefined && event.tenant_id !== tenant_id) return false;
  if (resource_id !== undefined && event.resource_id !== resource_id) return false;
  return actor === undefined || event.actor === actor;
}

/** Adds only the conditions that were given, so that the planner finds the index of each. */
function narrow(query: SelectQueryBuilder<EventNumber>, filters: EventFilters, scope: Scope): void {
  const { types, kinds, tenant_id, resource_id, actor, since, until } = filters;
  if (types !== undefined) query.andWhere('n.type = any (:types)', { types });
  if (kinds !== undefined) query.andWhere('n.kind = any (:kinds)', { kinds });
  if (tenant_id !== undefined) query.andWhere('n.tenant_id = :tenant_id', { tenant_id });
  if (resource_id !== undefined) query.andWhere('n.resource_id = :resource_id', { resource_id });
  if (actor !== undefined) narrowByActor(query, actor, scope);
  if (since !== undefined) query.andWhere('n.at >= :since::timestamptz', { since });
  if (until !== undefined) query.andWhere('n.at < :until::timestamptz', { until });
  const isWhole = tenant_id === undefined && resource_id === undefined && actor === undefined;
  if (since !== undefined && isWhole) query.andWhere(`n.sequence >= ${FIRST_SINCE}`);
}

/**
 * An event is never numbered before its time, so no event since a time has a lower number than this one. The whole value is a subquery: row security
 * keeps a condition with a bare `coalesce` from the index.
 */
const FIRST_SINCE = `(select coalesce((select b.sequence from event_numbers b where b.numbered_at >= :since::timestamptz order by b.numbered_at, b.sequence limit 1), 9223372036854775807))`;

/** A tenant filters by the word that it sees: the name of an admin finds nothing, as if there were no such person. */
function narrowByActor(query: SelectQueryBuilder<EventNumber>, actor: string, scope: Scope): void {
  if (scope.kind === 'platform') query.andWhere('n.actor = :actor', { actor });
  else if (actor === OPERATOR) query.andWhere('n.by_platform and n.actor is not null');
  else query.andWhere('n.actor = :actor and not n.by_platform', { actor });
}

async function distinct(em: EntityManager, scope: Scope, column: 'type' | 'kind'): Promise<string[]> {
  const query = em.createQueryBuilder(EventNumber, 'n').select(`distinct n.${column}`, 'word').where(`n.${column} is not null`);
  if (scope.kind === 'tenant') query.andWhere('n.tenant_id = :tenant', { tenant: scope.tenantId });
  return (await query.getRawMany<{ word: string }>()).map(({ word }) => word);
}

function eventView(number: EventNumber, row: EventRow, scope: Scope): FoundEvent {
  const { sequence, type, at, tenantId, resourceId, kind, actor, byPlatform } = number;
  const { id, source, subject_type, subject_id, subject_name, data } = row;
  const isHidden = scope.kind === 'tenant' && byPlatform && actor !== null;
  return {
    sequence: Number(sequence),
    id,
    type,
    at: at.toISOString(),
    tenant_id: tenantId,
    actor: isHidden ? OPERATOR : actor,
    source,
    subject: { type: subject_type, id: subject_id, name: subject_name, kind },
    data: resourceId === null || subject_type === 'resource' ? data : { resource_id: resourceId, ...data },
    resource_id: resourceId,
  };
}
