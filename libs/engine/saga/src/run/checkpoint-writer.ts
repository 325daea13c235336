import { CONFIG, type Config } from '#libs/config';
import { Database, GroupCommit, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { LeaseLostError } from '../saga.errors';
import { FINAL_STATUSES, type SagaStatus } from '../saga.states';
import type { StepPolicy } from '../definition/saga-definition';
import { checkpointStatement } from './checkpoint.sql';
import type { Checkpoint } from './saga-run';

/** The run after its checkpoint was written. `status` is still `running` when a cancel came before the end of the last step. */
export interface WrittenCheckpoint {
  readonly cancelRequested: boolean;
  readonly status: SagaStatus;
  /** A person has paused the run: no further step begins. [OPV-2] */
  readonly paused: boolean;
  readonly policy: Partial<StepPolicy> | null;
}

interface WrittenRow extends Pick<WrittenCheckpoint, 'status' | 'paused' | 'policy'> {
  readonly id: string;
  readonly epoch: string;
  readonly cancel_requested: boolean;
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

  /** Writes a checkpoint in a transaction of the caller, which has claimed the run. Throws `LeaseLostError`. */
  async writeIn(tx: Queryable, checkpoint: Checkpoint): Promise<WrittenCheckpoint> {
    const [written] = await this.writeOn(tx, [checkpoint]);
    if (!written || written instanceof LeaseLostError) throw new LeaseLostError();
    return written;
  }

  private writeBatch(batch: readonly Checkpoint[]): Promise<(WrittenCheckpoint | LeaseLostError)[]> {
    return this.writeOn(this.database, batch);
  }

  private async writeOn(on: Queryable, batch: readonly Checkpoint[]): Promise<(WrittenCheckpoint | LeaseLostError)[]> {
    const mayEnd = batch.some(({ status }) => FINAL_STATUSES.includes(status));
    const hasCalls = batch.some(({ calls }) => calls.length > 0);
    const { name, text } = checkpointStatement(mayEnd, hasCalls);
    const rows = await on.prepared<WrittenRow>(name, text, [JSON.stringify(batch.map(toRow)), this.config.saga.leaseMs]);
    const written = new Map(
      rows.map(({ id, epoch, cancel_requested: cancelRequested, status, paused, policy }) => [
        `${id}/${epoch}`,
        { cancelRequested, status, paused, policy },
      ]),
    );
    return batch.map(({ sagaId, epoch }) => written.get(`${sagaId}/${epoch}`) ?? new LeaseLostError());
  }
}

function toRow({
  sagaId,
  epoch,
  round,
  step,
  status,
  holds,
  context,
  calls,
  nextIdx,
  pivotPassed,
  wakeInMs,
  settling,
  error,
  leftovers,
}: Checkpoint) {
  const nowMs = performance.now();
  return {
    undoing: step?.attempt.undoing,
    round,
    nr: step?.attempt.nr,
    outcome: step?.attempt.outcome,
    why: step?.attempt.why,
    calls:
      calls.length > 0
        ? calls.map(({ atMs, requestId, ...call }) => ({ ago_ms: nowMs - atMs, request_id: requestId, ...call }))
        : undefined,
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
