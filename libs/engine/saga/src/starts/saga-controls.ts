import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { SagaRegistry } from '../definition/saga-registry';
import { FINAL, type RunStatus } from '../run/saga-run';
import { NotCancellableError, NotReleasableError, NotRetryableError, SagaNotFoundError } from '../saga.error';
import { acquireHolds } from './holds';

interface ControlledRun {
  readonly kind: string;
  readonly input: Record<string, unknown>;
  readonly status: RunStatus;
  readonly pivot_passed: boolean;
  readonly steps: readonly string[];
  readonly step_idx: number;
  readonly released_holds: readonly string[];
}

/** What people do with a saga that runs or has failed. Each is one transaction with its audit entry (OPS-9). */
@Injectable()
export class SagaControls {
  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Asks for an end at the next boundary, with everything undone. Asking twice changes nothing. Throws `NotCancellableError` after a pivot
   * and for what has ended, `SagaNotFoundError` for other tenants' sagas.
   */
  async cancel(scope: Scope, id: string, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const run = await lockRun(tx, scope, id);
      if (FINAL.includes(run.status)) throw new NotCancellableError(`The saga is ${run.status} already`);
      if (run.pivot_passed || (await this.atPivot(tx, id, run)))
        throw new NotCancellableError('The saga has come to the step after which nothing is undone');
      await tx.query(`update saga_runs set cancel_requested = true, wake_at = least(wake_at, clock_timestamp()) where id = $1`, [id]);
      await this.audit.record(tx, { ...because, action: 'saga_cancelled', target: { type: 'saga', id }, details: { kind: run.kind } });
    });
  }

  /**
   * Lets a failed saga go on at its failed step, or a failed compensation undo what is left. The tries and bounds of those steps begin anew.
   * Throws `NotRetryableError`, `SagaNotFoundError`, and `ResourceBusyError` when its holds were released and taken by another.
   */
  async retry(scope: Scope, id: string, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const run = await lockRun(tx, scope, id);
      if (run.status !== 'failed' && run.status !== 'compensation_failed') throw new NotRetryableError(run.status);
      await this.holdAgain(tx, id, run);
      await tx.query(run.status === 'failed' ? GO_ON : UNDO_AGAIN, [id]);
      await this.audit.record(tx, { ...because, action: 'saga_retried', target: { type: 'saga', id }, details: { kind: run.kind } });
    });
  }

  /**
   * Lets others work on what a run that gave up still holds; its own retry takes the holds again, or is refused. Throws `NotReleasableError` while
   * the run goes on, `SagaNotFoundError`.
   */
  async releaseHolds(scope: Scope, id: string, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const run = await lockRun(tx, scope, id);
      if (run.status !== 'failed' && run.status !== 'compensation_failed') throw new NotReleasableError(run.status);
      const released = await tx.query<{ resource: string }>('delete from saga_holds where saga_id = $1 returning resource', [id]);
      await tx.query('update saga_runs set released_holds = released_holds || $2::text[] where id = $1', [
        id,
        released.map(({ resource }) => resource),
      ]);
      const details = { kind: run.kind, released: released.map(({ resource }) => resource) };
      await this.audit.record(tx, { ...because, action: 'saga_holds_released', target: { type: 'saga', id }, details });
    });
  }

  /** Its pivot was begun: only when it turns out to have done nothing could anything be undone, and then it is. */
  private async atPivot(tx: Queryable, id: string, { kind, steps, step_idx: idx }: ControlledRun): Promise<boolean> {
    if (this.registry.step(kind, steps[idx] ?? '')?.pivot !== true) return false;
    return (await tx.query('select 1 from saga_steps where saga_id = $1 and step_idx = $2', [id, idx])).length > 0;
  }

  private async holdAgain(tx: Queryable, id: string, run: ControlledRun): Promise<void> {
    const wanted = [...(this.registry.get(run.kind).holds?.(run.input) ?? []), ...run.released_holds];
    const kept = await tx.query<{ resource: string }>('select resource from saga_holds where saga_id = $1', [id]);
    const missing = wanted.filter((resource) => !kept.some((row) => row.resource === resource));
    await acquireHolds(tx, id, missing);
    await tx.query(`update saga_runs set released_holds = '{}' where id = $1`, [id]);
  }
}

const GO_ON = `
with again as (
  update saga_runs set status = 'running', cancel_requested = false, wake_at = clock_timestamp(), finished_at = null, lease_until = null
   where id = $1 returning id, step_idx)
update saga_steps s set status = 'running', attempts = 0, tried_since = clock_timestamp(), finished_at = null
  from again where s.saga_id = again.id and s.step_idx = again.step_idx`;

const UNDO_AGAIN = `
with left_over as (
  update saga_steps set status = 'compensating', compensation_attempts = 0, compensating_since = clock_timestamp(), finished_at = null
   where saga_id = $1 and status = 'compensation_failed' returning step_idx)
update saga_runs
   set status = 'compensating', wake_at = clock_timestamp(), finished_at = null, lease_until = null, leftovers = '[]',
       step_idx = (select max(step_idx) from left_over)
 where id = $1`;

async function lockRun(tx: Queryable, scope: Scope, id: string): Promise<ControlledRun> {
  const [run] = await tx.query<ControlledRun>(
    'select kind, input, status, pivot_passed, steps, step_idx, released_holds from saga_runs where id = $1 and ($2::text is null or tenant_id = $2) for update',
    [id, scope.kind === 'tenant' ? scope.tenantId : null],
  );
  if (!run) throw new SagaNotFoundError(id);
  return run;
}
