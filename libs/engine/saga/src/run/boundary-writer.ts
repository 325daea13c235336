import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { LeaseLostError } from '../saga.error';
import { WRITE_BOUNDARIES } from './boundary.sql';
import { FINAL, type Checkpoint, type RunStatus } from './saga-run';
import { GroupCommit } from './shared-commits';

/** How a run stands once its boundary is written. `status` is still `running` where a cancel came before the end. */
export interface Written {
  readonly cancelRequested: boolean;
  readonly status: RunStatus;
}

/** Writes step boundaries. Those of different runs may share a commit; each is fenced by its own epoch and lease, whoever it travels with. */
@Injectable()
export class CheckpointWriter {
  private readonly commits = new GroupCommit<Checkpoint, Written>((batch) => this.flush(batch));

  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Resolves once it is durable. Rejects with `LeaseLostError` when the fence refused it, or with the database's error. */
  write(boundary: Checkpoint): Promise<Written> {
    return this.commits.add(boundary);
  }

  private async flush(batch: readonly Checkpoint[]): Promise<(Written | LeaseLostError)[]> {
    const rows = await this.database.prepared<{ id: string; epoch: string; cancel_requested: boolean; status: RunStatus }>(
      'saga_boundaries',
      WRITE_BOUNDARIES,
      [JSON.stringify(batch.map(asRow)), this.config.saga.leaseMs],
    );
    const written = new Map(
      rows.map(({ id, epoch, cancel_requested: cancelRequested, status }) => [`${id}/${epoch}`, { cancelRequested, status }]),
    );
    return batch.map(({ sagaId, epoch }) => written.get(`${sagaId}/${epoch}`) ?? new LeaseLostError(sagaId));
  }
}

function asRow({ sagaId, epoch, step, status, holds, context, nextIdx, pivotPassed, wakeInMs, settling, error, leftovers }: Checkpoint) {
  return {
    saga_id: sagaId,
    epoch,
    step_idx: step?.idx,
    name: step?.name,
    step_status: step?.status,
    attempts: step?.attempts,
    compensation_attempts: step?.compensationAttempts,
    output: step?.output,
    step_error: step?.error,
    took_ms: step?.tookMs,
    status,
    holds: holds.length > 0 ? holds : undefined,
    context,
    next_idx: nextIdx,
    pivot_passed: pivotPassed,
    wake_in_ms: wakeInMs,
    settling,
    final: FINAL.includes(status),
    error,
    leftovers,
  };
}
