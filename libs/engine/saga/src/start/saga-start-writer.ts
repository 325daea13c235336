import { AuditLog, type AuditContext } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { ADVISORY_LOCKS, Database, type Queryable } from '#libs/database';
import { EventLog, type NewEvent } from '#libs/events';
import { isUuid } from '#libs/kernel';
import { traceparent } from '#libs/observability';
import { Inject, Injectable } from '@nestjs/common';
import { GroupCommit } from '../run/group-commit';
import { TooManySagasError } from '../saga.errors';

/** A start that passed all checks and may be accepted. */
export interface AcceptableStart {
  readonly kind: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The tenant that asks; null means the platform. */
  readonly tenantId: string | null;
  /** The tenant that sees the saga; null when only the platform does. */
  readonly ownerId: string | null;
  readonly steps: readonly string[];
  /** Without duplicates. */
  readonly holds: readonly string[];
  readonly key: { readonly scope: string; readonly name: string; readonly bodyHash: string } | null;
  readonly because: AuditContext;
  readonly details?: Readonly<Record<string, unknown>>;
}

type TracedStart = AcceptableStart & { readonly traceparent: string | undefined };

/** Another saga has a hold or the idempotency key that the start needs. Nothing was written. */
export class StartConflict extends Error {}

/** Writes accepted starts with their audit entries. Starts that arrive together share a commit. */
@Injectable()
export class SagaStartWriter {
  private readonly commits = new GroupCommit<TracedStart, string>((batch) => this.acceptAll(batch));

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Returns the id of the saga once it is durable. Rejects with `StartConflict`, and with `TooManySagasError` when the tenant has the
   * allowed number of open sagas.
   */
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

  /**
   * Inserts the starts. A start above its tenant's limit gets the error as its outcome, and the others are inserted. The limit keeps one
   * tenant from using up the provider's calls. [TEN-6]
   */
  private insert(batch: readonly TracedStart[]): Promise<(string | Error)[]> {
    const limit = this.config.saga.openPerTenant;
    return this.database.transaction(async (tx) => {
      await lockTenants(tx, batch);
      const rows = await tx.prepared<{ id: string | null; taken: number }>('saga_accept', ACCEPT, [
        JSON.stringify(batch.map(toRow)),
        limit,
      ]);
      const inserted = batch.flatMap((start, nr) => {
        const { id = null, taken = 0 } = rows[nr] ?? {};
        return id === null ? [] : [{ ...start, id, taken }];
      });
      if (inserted.some(({ holds, key, taken }) => taken !== holds.length + (key ? 1 : 0))) throw new StartConflict();
      await this.audit.record(
        tx,
        inserted.map(({ id, kind, input, ownerId, because, details }) => ({
          ...because,
          action: 'saga_started',
          target: { type: 'saga', id },
          details: { kind, tenant_id: ownerId, ...targetOf(input), ...details },
        })),
      );
      await this.events.append(tx, inserted.map(startedEvent));
      return rows.map(({ id }) => id ?? new TooManySagasError(limit));
    });
  }
}

/** Sagas of the platform have no limit and wait for no lock. */
async function lockTenants(tx: Queryable, batch: readonly TracedStart[]): Promise<void> {
  const tenants = batch.flatMap(({ tenantId }) => (tenantId === null ? [] : [tenantId]));
  if (tenants.length > 0) await tx.prepared('saga_lock_tenants', LOCK_TENANTS, [tenants]);
}

function toRow({ kind, input, tenantId, ownerId, steps, holds, key, because, traceparent: trace }: TracedStart, nr: number) {
  const keyed = key && { scope: key.scope, key: key.name, body_hash: key.bodyHash };
  const starter = { asked_by: tenantId, created_by: because.by.sub, reason: because.reason };
  return { nr, kind, input, tenant_id: ownerId, steps, holds, ...starter, traceparent: trace, ...keyed };
}

function startedEvent({ id, kind, input, ownerId, because }: TracedStart & { readonly id: string }): NewEvent {
  const { resource_id: resourceId, target_name: name } = targetOf(input);
  return {
    type: 'saga.started',
    tenantId: ownerId,
    actor: because.by,
    source: 'saga',
    subject: { type: 'saga', id, kind, name },
    resourceId: isUuid(resourceId ?? '') ? resourceId : null,
  };
}

/** The resource that the input names, and the name of what it orders, for the audit log and the events. */
function targetOf({
  resource_id: resourceId,
  name,
  dns_record_name: record,
  dns_domain: zone,
}: AcceptableStart['input']): Record<string, string> {
  const target_name =
    typeof name === 'string' ? name : typeof record === 'string' && typeof zone === 'string' ? `${record} in ${zone}` : undefined;
  return { ...(typeof resourceId === 'string' && { resource_id: resourceId }), ...(target_name !== undefined && { target_name }) };
}

/**
 * Serialises the starts of these tenants until the transaction ends, in all processes. A statement counts what was committed before it
 * began, so without this lock two concurrent starts would both find the last place free. Every transaction takes the locks in the order
 * of the tenants, before any row lock, so two transactions cannot deadlock. $1 tenants. Fenced: it takes the locks.
 */
const LOCK_TENANTS = `
select pg_advisory_xact_lock(${ADVISORY_LOCKS.tenantStarts})
  from (select distinct tenant from unnest($1::text[]) tenant order by tenant) tenants`;

/**
 * Inserts any number of starts: run, holds and idempotency key. When the tenant that asks has $2 open sagas of its own, with those before
 * it in the batch, the start is skipped and has no id; its tenant must be locked. An existing hold or key is not replaced: `taken` is then too
 * small, and the caller must roll back. All transactions insert holds and keys in the same order, so they cannot deadlock.
 * $1 starts as JSON rows. Set-based, and measured (docs/measurements.md S1).
 */
const ACCEPT = `
with asked as materialized (
  select a.*, arcadia_uuid() as id
    from (select a.*, row_number() over (partition by asked_by order by nr) as nth
            from json_to_recordset($1::json) as a(nr int, kind text, tenant_id text, asked_by text, input jsonb, steps text[], created_by text,
                 reason text, traceparent text, holds text[], scope text, key text, body_hash text)) a order by nr),
under_way as (
  select t.asked_by, (select count(*) from saga_runs r where r.tenant_id = t.asked_by and r.wake_at is not null and not r.by_platform) as runs
    from (select distinct asked_by from asked where asked_by is not null) t),
fitting as materialized (
  select asked.* from asked left join under_way u on u.asked_by = asked.asked_by where asked.asked_by is null or u.runs + asked.nth <= $2::int),
run as (
  insert into saga_runs (id, kind, tenant_id, by_platform, input, steps, created_by, reason, traceparent)
  select id, kind, tenant_id, tenant_id is not null and asked_by is null, input, steps, created_by, reason, traceparent from fitting order by nr
  returning id),
acquired as (
  insert into saga_holds (resource, saga_id) select h, id from fitting, unnest(holds) h order by h on conflict do nothing returning saga_id),
keyed as (
  insert into saga_idempotency_keys (scope, key, body_hash, saga_id) select scope, key, body_hash, id from fitting where key is not null order by scope, key
  on conflict do nothing returning saga_id)
select fitting.id, (select count(*)::int from acquired where acquired.saga_id = fitting.id) + (select count(*)::int from keyed where keyed.saga_id = fitting.id) as taken
  from asked left join fitting on fitting.nr = asked.nr order by asked.nr`;
