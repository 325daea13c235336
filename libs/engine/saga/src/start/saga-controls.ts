import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { SagaRegistry } from '../definition/saga-registry';
import { NotCancellableError, NotReleasableError, NotRetryableError, ResourceBusyError, SagaNotFoundError } from '../saga.errors';
import { FINAL_STATUSES, isFailed, SAGA_TRANSITIONS, type FailedStatus, type SagaStatus } from '../saga.states';

interface LockedRun {
  readonly kind: string;
  readonly input: Record<string, unknown>;
  readonly status: SagaStatus;
  readonly pivot_passed: boolean;
  readonly steps: readonly string[];
  readonly step_idx: number;
  readonly released_holds: readonly string[];
}

/** Cancel, retry and release: what people do with an open or failed saga. Each is one transaction with its audit entry. [OPS-9] */
@Injectable()
export class SagaControls {
  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Requests that the saga ends at its next step boundary and everything is undone. A second request changes nothing. Throws
   * `NotCancellableError` after a pivot and for a saga that has ended, `SagaNotFoundError` also for other tenants' sagas.
   */
  async cancel(scope: Scope, id: string, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const run = await lockRun(tx, scope, id);
      if (FINAL_STATUSES.includes(run.status)) throw new NotCancellableError(`The saga is ${run.status} already`);
      if (run.pivot_passed || (await this.hasBegunPivot(tx, id, run)))
        throw new NotCancellableError('The saga has reached the step after which nothing is undone');
      await tx.query(`update saga_runs set cancel_requested = true, wake_at = least(wake_at, clock_timestamp()) where id = $1`, [id]);
      await this.audit.record(tx, { ...because, action: 'saga_cancelled', target: { type: 'saga', id }, details: { kind: run.kind } });
    });
  }

  /**
   * Continues a failed saga at its failed step, or repeats its failed compensations. The tries and limits of those steps start again.
   * Throws `NotRetryableError`, `SagaNotFoundError`, and `ResourceBusyError` when another saga has acquired a released hold.
   */
  async retry(scope: Scope, id: string, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const run = await lockRun(tx, scope, id);
      if (!isFailed(run.status)) throw new NotRetryableError(run.status);
      await this.reacquireHolds(tx, id, run);
      const [status] = SAGA_TRANSITIONS[run.status];
      await tx.query(RETRIES[run.status], [id, status]);
      await this.audit.record(tx, { ...because, action: 'saga_retried', target: { type: 'saga', id }, details: { kind: run.kind } });
    });
  }

  /**
   * Releases the holds of a failed saga, so that other sagas may use its resources. A later retry acquires the holds again, or is
   * refused. Throws `NotReleasableError` for a saga that has not failed, and `SagaNotFoundError`.
   */
  async releaseHolds(scope: Scope, id: string, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const run = await lockRun(tx, scope, id);
      if (!isFailed(run.status)) throw new NotReleasableError(run.status);
      const released = await tx.query<{ resource: string }>('delete from saga_holds where saga_id = $1 returning resource', [id]);
      await tx.query('update saga_runs set released_holds = released_holds || $2::text[] where id = $1', [
        id,
        released.map(({ resource }) => resource),
      ]);
      const details = { kind: run.kind, released: released.map(({ resource }) => resource) };
      await this.audit.record(tx, { ...because, action: 'saga_holds_released', target: { type: 'saga', id }, details });
    });
  }

  /** A begun pivot may have had its effect. Only if it turns out to have had none are the earlier steps undone, and that happens anyway. */
  private async hasBegunPivot(tx: Queryable, id: string, { kind, steps, step_idx: idx }: LockedRun): Promise<boolean> {
    if (this.registry.step(kind, steps[idx] ?? '')?.pivot !== true) return false;
    return (await tx.query('select 1 from saga_steps where saga_id = $1 and step_idx = $2', [id, idx])).length > 0;
  }

  private async reacquireHolds(tx: Queryable, id: string, run: LockedRun): Promise<void> {
    const wanted = [...(this.registry.get(run.kind).holds?.(run.input) ?? []), ...run.released_holds];
    const kept = await tx.query<{ resource: string }>('select resource from saga_holds where saga_id = $1', [id]);
    const missing = wanted.filter((resource) => !kept.some((row) => row.resource === resource));
    await acquireHolds(tx, id, missing);
    await tx.query(`update saga_runs set released_holds = '{}' where id = $1`, [id]);
  }
}

/** Continues a saga at its failed step. $1 run, $2 its new status, which is also that of the step. */
const RETRY_EXECUTION = `
with retried as (
  update saga_runs set status = $2, cancel_requested = false, wake_at = clock_timestamp(), finished_at = null, lease_until = null
   where id = $1 returning id, step_idx)
update saga_steps s set status = $2, attempts = 0, tried_since = clock_timestamp(), finished_at = null
  from retried where s.saga_id = retried.id and s.step_idx = retried.step_idx`;

/** Repeats the failed compensations, last first. $1 run, $2 its new status, which is also that of their steps. */
const RETRY_COMPENSATION = `
with retried as (
  update saga_steps set status = $2, compensation_attempts = 0, compensating_since = clock_timestamp(), finished_at = null
   where saga_id = $1 and status = 'compensation_failed' returning step_idx)
update saga_runs
   set status = $2, wake_at = clock_timestamp(), finished_at = null, lease_until = null, leftovers = '[]',
       step_idx = (select max(step_idx) from retried)
 where id = $1`;

const RETRIES: Record<FailedStatus, string> = { failed: RETRY_EXECUTION, compensation_failed: RETRY_COMPENSATION };

async function lockRun(tx: Queryable, scope: Scope, id: string): Promise<LockedRun> {
  const [run] = await tx.query<LockedRun>(
    'select kind, input, status, pivot_passed, steps, step_idx, released_holds from saga_runs where id = $1 and ($2::text is null or tenant_id = $2) for update',
    [id, scope.kind === 'tenant' ? scope.tenantId : null],
  );
  if (!run) throw new SagaNotFoundError();
  return run;
}

/** Acquires all holds or none. Throws `ResourceBusyError` with the name of a resource on which another saga has a hold. */
async function acquireHolds(tx: Queryable, sagaId: string, holds: readonly string[]): Promise<void> {
  if (holds.length === 0) return;
  const wanted = [...new Set(holds)].sort();
  const acquired = await tx.query<{ resource: string }>(
    'insert into saga_holds (resource, saga_id) select resource, $1 from unnest($2::text[]) resource on conflict do nothing returning resource',
    [sagaId, wanted],
  );
  const own = new Set(acquired.map((row) => row.resource));
  const busy = wanted.find((resource) => !own.has(resource));
  if (busy !== undefined) throw new ResourceBusyError(busy);
}
