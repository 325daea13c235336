import { AUDIT_ROW, auditRow, recordFrom, type AuditContext } from '#libs/audit';
import { Database, GroupCommit } from '#libs/database';
import { appendFrom, EVENT_ROW, EventLog, eventRow } from '#libs/events';
import { traceparent } from '#libs/observability';
import type { DomainError } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { StoredPlan } from '../definition/plan';
import { Acceptance, type GuardedStart, type Judgement } from './acceptance-guard';
import { RefusalEvents, startEvents, targetOf } from './start-events';

/** A start that passed all checks of its kind. The guard decides whether it is accepted. Its owner sees the saga. */
export interface AcceptableStart extends GuardedStart {
  readonly steps: readonly string[];
  /** Without duplicates. */
  readonly holds: readonly string[];
  readonly plan: StoredPlan;
  readonly key: { readonly scope: string; readonly name: string; readonly bodyHash: string } | null;
  readonly because: AuditContext;
  readonly redrivenFrom?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
}

type TracedStart = AcceptableStart & { readonly traceparent: string | undefined };

/** The guard refused the start. Nothing was written. */
export class StartRefused extends Error {
  constructor(readonly refusal: DomainError) {
    super(refusal.message);
  }
}

/** Another saga has a hold or the idempotency key that the start needs. Nothing was written. */
export class StartConflict extends Error {}

/** Writes accepted starts with their audit entries. Starts that arrive together share a commit. */
@Injectable()
export class SagaStartWriter {
  private readonly refusals = new RefusalEvents();
  private readonly commits = new GroupCommit<TracedStart, string>((batch) => this.acceptAll(batch));

  constructor(
    private readonly database: Database,
    private readonly events: EventLog,
    private readonly acceptance: Acceptance,
  ) {}

  /** Returns the id of the saga once it is durable. Rejects with `StartConflict`, and with `StartRefused` when the guard refuses. */
  accept(start: AcceptableStart): Promise<string> {
    return this.commits.write({ ...start, traceparent: traceparent() }); // read here: the commit may run in the trace of another request
  }

  /** Accepts the batch in one transaction. After a conflict each start is accepted alone, so that only those in conflict are refused. */
  private async acceptAll(batch: readonly TracedStart[]): Promise<(string | Error)[]> {
    try {
      return await this.insert(batch);
    } catch (error) {
      if (!(error instanceof StartConflict)) throw error;
      if (batch.length === 1) return [error];
    }
    const outcomes: (string | Error)[] = [];
    for (const start of batch) outcomes.push(...(await this.acceptAll([start])));
    return outcomes;
  }

  /** Inserts the starts that the guard accepts. A start that it refuses has the refusal as its outcome. [TEN-6, TNT-2] */
  private async insert(batch: readonly TracedStart[]): Promise<(string | Error)[]> {
    const { outcomes, committed } = await this.database.transaction(async (tx) => {
      const judgements = await this.acceptance.judgeLocked(batch, tx);
      const accepted = batch.flatMap((start, nr) => {
        const judgement = judgements[nr];
        return judgement && !judgement.refusal ? [{ ...start, nr, judgement }] : [];
      });
      const rows = accepted.length === 0 ? [] : await tx.prepared<AcceptedRow>('saga_accept', ACCEPT, valuesOf(accepted));
      const inserted = accepted.map((start, nr) => ({ ...start, id: rows[nr]?.id ?? '', taken: rows[nr]?.taken ?? 0 }));
      if (inserted.some(({ holds, key, taken }) => taken !== holds.length + (key ? 1 : 0))) throw new StartConflict();
      const refused = this.refusals.of(batch.map((start, nr) => ({ ...start, judgement: judgements[nr] })));
      await this.events.append(tx, refused.events);
      const ids = new Map(inserted.map(({ nr, id }) => [nr, id]));
      const found = judgements.map(({ refusal }, nr) => (refusal ? new StartRefused(refusal) : (ids.get(nr) ?? '')));
      return { outcomes: found, committed: refused.committed };
    }, this.acceptance.lockOf(batch));
    committed();
    return outcomes;
  }
}

type AcceptedRow = { readonly id: string; readonly taken: number };
type JudgedStart = TracedStart & { readonly judgement: Judgement };

/** The values of `ACCEPT`: starts, audit entries and events, by the number of their start. The database gives the ids of the runs. */
const valuesOf = (starts: readonly JudgedStart[]): string[] =>
  [
    starts.map(toRow),
    starts.map((start, nr) => ({ nr, ...auditRow(auditEntryOf(start)) })),
    starts.flatMap((start, nr) => startEvents({ ...start, id: '' }).map((event) => ({ nr, ...eventRow(event) }))),
  ].map((rows) => JSON.stringify(rows));

function auditEntryOf({ kind, input, ownerId, because, details, judgement }: JudgedStart) {
  const { overridden } = judgement;
  return {
    ...because,
    action: 'saga_started',
    target: { type: 'saga', id: '' },
    details: { kind, tenant_id: ownerId, ...targetOf(input), ...(overridden?.length && { override: overridden }), ...details },
  };
}

function toRow(
  { kind, input, tenantId, ownerId, steps, holds, plan, key, because, redrivenFrom, traceparent: trace, judgement }: JudgedStart,
  nr: number,
) {
  const keyed = key && { scope: key.scope, key: key.name, body_hash: key.bodyHash };
  const starter = { asked_by: tenantId, why: judgement.approval?.why, created_by: because.by.sub, reason: because.reason };
  return { nr, kind, input, tenant_id: ownerId, steps, holds, plan, ...starter, redriven_from: redrivenFrom, traceparent: trace, ...keyed };
}

/**
 * Inserts any number of starts: run, holds, idempotency key, audit entry and events. A start that needs a decision (`why`) gets no wake-up
 * time. An existing hold or key is not replaced: `taken` is then too small, and the caller must roll back. All transactions insert holds and
 * keys in the same order, so they cannot deadlock. $1 starts, $2 audit entries, $3 events as JSON rows. Set-based, and measured
 * (docs/measurements.md S1, T1): each further statement would be a round trip while the tenant is locked.
 */
const ACCEPT = `
with asked as materialized (
  select a.*, arcadia_uuid() as id
    from (select a.* from json_to_recordset($1::json) as a(nr int, kind text, tenant_id text, asked_by text, input jsonb, steps text[], created_by text,
                 reason text, traceparent text, holds text[], plan jsonb, scope text, key text, body_hash text, why text, redriven_from uuid) order by nr) a),
run as (
  insert into saga_runs (id, kind, tenant_id, by_platform, input, steps, plan, created_by, reason, traceparent, redriven_from, status, wake_at)
  select id, kind, tenant_id, tenant_id is not null and asked_by is null, input, steps, plan, created_by, reason, traceparent, redriven_from,
         case when why is null then 'pending' else 'awaiting_approval' end, case when why is null then clock_timestamp() end
    from asked order by nr
  returning id),
approval as (
  insert into saga_approvals (saga_id, subject, why, asked_by, expires_at)
  select id, 'start', why, created_by, clock_timestamp() + interval '7 days' from asked where why is not null),
acquired as (
  insert into saga_holds (resource, saga_id) select h, id from asked, unnest(holds) h order by h on conflict do nothing returning saga_id),
keyed as (
  insert into saga_idempotency_keys (scope, key, body_hash, saga_id) select scope, key, body_hash, id from asked where key is not null order by scope, key
  on conflict do nothing returning saga_id),
entries as (
  select e.id, actor, actor_role, actor_tenant_id, action, target_type, asked.id::text as target_id, e.reason, details, request_id
    from json_to_recordset($2::json) as e(nr int, ${AUDIT_ROW}) join asked using (nr) order by nr),
audited as (${recordFrom('entries')}),
announced as (
  select type, e.tenant_id, actor, by_platform, source, subject_type, asked.id::text as subject_id, subject_name, subject_kind, resource_id, data
    from rows from (json_to_recordset($3::json) as (nr int, ${EVENT_ROW})) with ordinality as
         e(nr, type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data, place)
    join asked using (nr) order by place),
told as (${appendFrom('announced')})
select asked.id, (select count(*)::int from acquired where acquired.saga_id = asked.id) + (select count(*)::int from keyed where keyed.saga_id = asked.id) as taken
  from asked order by asked.nr`;
