import { TenantTransaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, UUID_KEY, UUID_PATTERN, type Page, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaApproval } from '../entities/saga-approval.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { SagaNotFoundError } from '../saga.errors';
import { RESOURCE_OF_RUN } from '../run/checkpoint.sql';
import { FAILED_STATUSES, quoted } from '../saga.states';
import { factsOf } from '../start/verb-requests';
import { actionsFor } from '../start/verb-table';
import { asTenantsSee, lineFacts, NO_PARTS, OPERATOR, sagaView, type RawParts, type SagaView } from './saga-view';

/** Filters of the list of sagas; a saga must match all that are given. */
export interface SagaFilters {
  /** One of these statuses, or one of these kinds. */
  readonly status?: string | readonly string[];
  readonly kind?: string | readonly string[];
  readonly tenant_id?: string;
  /** Sagas that work on this resource, and these sagas, which are known to have written it. */
  readonly resource?: { readonly id: string; readonly writers: readonly string[] };
  readonly created_by?: string;
  /** RFC 3339: started at this time or later, and before that one. */
  readonly since?: string;
  readonly until?: string;
  /** Part of the id, kind, starter, reason, or name of what the saga works on. */
  readonly q?: string;
  readonly paused?: boolean;
  /** Failed and not released, or with a decision that is open. */
  readonly needs_attention?: boolean;
}

/** The orders of the list; a minus reverses one. */
export const SAGA_SORTS = ['-created_at', 'created_at', '-updated_at', 'updated_at'] as const;
export type SagaSort = (typeof SAGA_SORTS)[number];

/** Who reads: the scope, and the person, who may not decide about an own request. */
export interface SagaAsker {
  readonly scope: Scope;
  readonly sub?: string;
}

/** Reads sagas in the scope of the caller, by a condition in the statement and by row security. [TEN-4] */
@Injectable()
export class SagaReader {
  constructor(
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
    private readonly tenants: TenantTransaction,
    private readonly registry: SagaRegistry,
  ) {}

  /** Ids are ordered by the time of the start. Throws `InvalidCursorError`. */
  async list(asker: SagaAsker, filters: SagaFilters, { limit, cursor, sort = '-created_at' }: SagaPage): Promise<Page<SagaView>> {
    const byUpdate = sort.endsWith('updated_at');
    const after = decodeCursor(cursor, byUpdate ? UPDATE_KEY : UUID_KEY)?.split('/');
    const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
    const { scope } = asker;
    const found = await this.read(asker, (query) => {
      const { status, kind, tenant_id, resource, created_by, since, until, q, paused, needs_attention } = filters;
      if (status !== undefined) query.andWhere('r.status = any (:statuses)', { statuses: [status].flat() });
      if (kind !== undefined) query.andWhere('r.kind = any (:kinds)', { kinds: [kind].flat() });
      if (tenant_id !== undefined) query.andWhere('r.tenant_id = :tenant_id', { tenant_id });
      if (resource !== undefined)
        query.andWhere('(r.resource_id = :resource or r.id = any (:writers))', {
          resource: resource.id,
          writers: resource.writers,
        });
      if (created_by !== undefined)
        query.andWhere(scope.kind === 'tenant' ? CREATED_BY_FOR_TENANT : 'r.created_by = :created_by', { created_by });
      if (since !== undefined) query.andWhere('r.created_at >= :since', { since });
      if (until !== undefined) query.andWhere('r.created_at < :until', { until });
      if (q !== undefined) {
        const text = scope.kind === 'tenant' ? TEXT_FOR_TENANT : TEXT;
        query.andWhere(text, { q: `%${q.replace(/[\\%_]/g, '\\$&')}%` });
      }
      if (paused !== undefined) query.andWhere(`r.paused_at is ${paused ? 'not null' : 'null'}`);
      if (needs_attention !== undefined) query.andWhere(needs_attention ? ATTENTION : `not ${ATTENTION}`);
      if (byUpdate) query.addSelect(UPDATED, 'moved').orderBy('moved', direction);
      const [id, moved] = after ?? [];
      const than = direction === 'DESC' ? '<' : '>';
      if (id !== undefined)
        query.andWhere(byUpdate ? `(${UPDATED}, r.id) ${than} (:moved::bigint, :id)` : `r.id ${than} :id`, { id, moved });
      query.addOrderBy('r.id', direction).limit(limit + 1);
    });
    const page = pageOf(found, limit, ({ view, moved }) => (byUpdate ? `${view.id}/${moved}` : view.id));
    return { items: page.items.map(({ view }) => view), next_cursor: page.next_cursor };
  }

  /** Throws `SagaNotFoundError`, also for other tenants' sagas. */
  async get(scope: Scope, id: string, sub?: string): Promise<SagaView> {
    const [saga] = await this.read({ scope, ...(sub !== undefined && { sub }) }, (query) => query.andWhere('r.id = :id', { id }));
    if (!saga) throw new SagaNotFoundError();
    return saga.view;
  }

  /** The sagas with these ids, in no order. An id of no saga, or of another tenant's, is left out. */
  async many(scope: Scope, ids: readonly string[]): Promise<SagaView[]> {
    const found = await this.read({ scope }, (query) => query.andWhere('r.id = any (:ids)', { ids }));
    return found.map(({ view }) => view);
  }

  /** The ids of the sagas of the platform that a filter selects, oldest first. */
  async idsOf(filters: SagaFilters, limit: number): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.list({ scope: { kind: 'platform' } }, filters, { limit: 200, sort: 'created_at', ...(cursor && { cursor }) });
      ids.push(...page.items.map(({ id }) => id));
      if (page.next_cursor === null || ids.length >= limit) return ids.slice(0, limit);
      cursor = page.next_cursor;
    }
  }

  /** The kinds that this process knows. */
  knownKinds(): string[] {
    return this.registry.known().kinds.sort();
  }

  /** The kinds of all sagas in scope, which another release may have started. */
  kindsInRows(scope: Scope): Promise<string[]> {
    const read = async (em: EntityManager) => {
      const query = em.createQueryBuilder(SagaRun, 'r').select('distinct r.kind', 'kind');
      if (scope.kind === 'tenant') query.where('r.tenant_id = :tenant', { tenant: scope.tenantId });
      return (await query.getRawMany<{ kind: string }>()).map(({ kind }) => kind);
    };
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, read) : read(this.runs.manager);
  }

  private read({ scope, sub }: SagaAsker, narrow: (query: SelectQueryBuilder<SagaRun>) => void): Promise<FoundSaga[]> {
    const readWith = async (em: EntityManager) => {
      const query = em.createQueryBuilder(SagaRun, 'r').addSelect(selectLedger, 'ledger').addSelect(RESOURCE_OF_RUN, 'resource');
      query.addSelect(selectApproval, 'approval');
      if (scope.kind === 'tenant') query.andWhere('r.tenant_id = :tenant', { tenant: scope.tenantId });
      narrow(query);
      const { entities, raw } = await query.getRawAndEntities<RawParts>();
      return entities.map((run, nr) => {
        const parts = raw[nr] ?? NO_PARTS;
        const { approval } = parts;
        const open = approval?.decision === null ? approval : null;
        const facts = factsOf(this.registry, run, lineFacts(run, parts.ledger), open?.subject ?? null);
        const tenantId = scope.kind === 'tenant' ? scope.tenantId : null;
        const started = { byTenant: !run.byPlatform && run.tenantId !== null, askedBy: open?.asked_by ?? null };
        const actions = actionsFor(facts, { tenantId, ...(sub !== undefined && { sub }) }, started);
        const view = sagaView(run, parts, this.registry.redactedInputFields(run.kind), actions);
        return { view: scope.kind === 'tenant' ? asTenantsSee(view, run) : view, moved: parts.moved ?? '' };
      });
    };
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, readWith) : readWith(this.runs.manager);
  }
}

/** A saga with the key of its place in the order by the last progress. */
interface FoundSaga {
  readonly view: SagaView;
  readonly moved: string;
}

interface SagaPage extends PageRequest {
  readonly sort?: SagaSort;
}

/** Microseconds of the last progress, as the view has it. */
const UPDATED = `(extract(epoch from greatest(r.created_at, coalesce(r.finished_at, r.created_at), coalesce((select max(greatest(u.started_at, u.finished_at))
  from saga_steps u where u.saga_id = r.id), r.created_at))) * 1000000)::bigint`;
const UPDATE_KEY = new RegExp(`^${UUID_PATTERN}/[0-9]{1,18}$`);

/** A person has to decide something: a failed saga that was not released, or an open decision. */
const ATTENTION = `(r.status in (${quoted(FAILED_STATUSES)}) and cardinality(r.released_holds) = 0
  or exists (select 1 from saga_approvals o where o.saga_id = r.id and o.decision is null))`;

/** What `q` finds for everybody. */
const NAMES = `r.id::text ilike :q or r.kind ilike :q or r.input ->> 'name' ilike :q or r.input ->> 'dns_record_name' ilike :q or r.input ->> 'dns_domain' ilike :q
  or exists (select 1 from cloud_resources c where c.id::text = ${RESOURCE_OF_RUN} and c.name ilike :q)`;
const TEXT = `(${NAMES} or r.created_by ilike :q or r.reason ilike :q)`;
/** A tenant finds neither the names nor the reasons of operators. */
const TEXT_FOR_TENANT = `(${NAMES} or not r.by_platform and (r.created_by ilike :q or r.reason ilike :q))`;

/** A tenant does not learn the names of operators: it filters by the word that it sees. */
const CREATED_BY_FOR_TENANT = `case when r.by_platform then '${OPERATOR}' else r.created_by end = :created_by`;

/** The ledger belongs to the statement that reads the run, so that both are from one moment. Null without a line. */
const selectLedger = (query: SelectQueryBuilder<SagaRun>): SelectQueryBuilder<SagaStep> =>
  query
    .select(
      `json_agg(json_build_object('step_idx', s.step_idx, 'name', s.name, 'status', s.status, 'attempts', s.attempts,
         'compensation_attempts', s.compensation_attempts, 'started_at', s.started_at, 'compensating_since', s.compensating_since, 'finished_at', s.finished_at, 'output', s.output, 'error', s.error,
         'has_intent', s.intent is not null))`,
    )
    .from(SagaStep, 's')
    .where('s.saga_id = r.id');

/** The newest decision about a run. Null when it needed none. */
const selectApproval = (query: SelectQueryBuilder<SagaRun>): SelectQueryBuilder<SagaApproval> =>
  query
    .select(
      `json_build_object('subject', a.subject, 'step_idx', a.step_idx, 'output', a.output, 'why', a.why, 'asked_by', a.asked_by, 'asked_at', a.asked_at, 'expires_at', a.expires_at,
         'decision', a.decision, 'decided_by', a.decided_by, 'decided_at', a.decided_at, 'reason', a.reason)`,
    )
    .from(SagaApproval, 'a')
    .where('a.saga_id = r.id')
    .orderBy('a.id', 'DESC')
    .limit(1);
