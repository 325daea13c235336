import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { LeaseLostError } from '../saga.errors';
import { FINAL_STATUSES, type SagaStatus } from '../saga.states';
import { WRITE_CHECKPOINTS, WRITE_LAST_CHECKPOINTS } from './checkpoint.sql';
import { GroupCommit } from './group-commit';
import type { Checkpoint } from './saga-run';

/** The run after its checkpoint was written. `status` is still `running` when a cancel came before the end of the last step. */
export interface WrittenCheckpoint {
  readonly cancelRequested: boolean;
  readonly status: SagaStatus;
}

/** Writes checkpoints. Checkpoints of different runs may share a commit; each is fenced by the epoch and lease of its own run. */
@Injectable()
export class CheckpointWriter {
  private readonly commits = new GroupCommit<Checkpoint, WrittenCheckpoint>((batch) => this.writeBatch(batch));

  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Resolves once the checkpoint is durable. Rejects with `LeaseLostError` when the fence refused it, or with the database's error. */
  write(checkpoint: Checkpoint): Promise<WrittenCheckpoint> {
    return this.commits.write(checkpoint);
  }

  private async writeBatch(batch: readonly Checkpoint[]): Promise<(WrittenCheckpoint | LeaseLostError)[]> {
    const mayEnd = batch.some(({ status }) => FINAL_STATUSES.includes(status));
    const rows = await this.database.prepared<{ id: string; epoch: string; cancel_requested: boolean; status: SagaStatus }>(
      mayEnd ? 'saga_last_checkpoints' : 'saga_checkpoints',
      mayEnd ? WRITE_LAST_CHECKPOINTS : WRITE_CHECKPOINTS,
      [JSON.stringify(batch.map(toRow)), this.config.saga.leaseMs],
    );
    const written = new Map(
      rows.map(({ id, epoch, cancel_requested: cancelRequested, status }) => [`${id}/${epoch}`, { cancelRequested, status }]),
    );
    return batch.map(({ sagaId, epoch }) => written.get(`${sagaId}/${epoch}`) ?? new LeaseLostError());
  }
}

function toRow({ sagaId, epoch, step, status, holds, context, nextIdx, pivotPassed, wakeInMs, settling, error, leftovers }: Checkpoint) {
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
    final: FINAL_STATUSES.includes(status),
    error,
    leftovers,
  };
}
