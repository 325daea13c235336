import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { LeaseLostError } from '../saga.error';
import { WRITE_BOUNDARIES } from './boundary.sql';
import { FINAL, type Boundary } from './saga-run';

interface Waiting {
  readonly boundary: Boundary;
  readonly resolve: (written: { cancelRequested: boolean }) => void;
  readonly reject: (error: unknown) => void;
}

/** So many statements at once: a second one is prepared while the first waits for the disk. */
const PARALLEL = 2;
const MOST_TOGETHER = 200;

/**
 * Writes step boundaries. A lone one goes at once; those that come while statements are under way go together with the next, so that a burst
 * shares commits. Each is fenced by its own epoch and lease, whoever it travels with.
 */
@Injectable()
export class BoundaryWriter {
  private waiting: Waiting[] = [];
  private underWay = 0;

  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Resolves once it is durable. Rejects with `LeaseLostError` when the fence refused it, or with the database's error. */
  write(boundary: Boundary): Promise<{ cancelRequested: boolean }> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ boundary, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    if (this.underWay >= PARALLEL || this.waiting.length === 0) return;
    const batch = this.waiting.splice(0, MOST_TOGETHER);
    this.underWay += 1;
    this.flush(batch)
      .catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      })
      .finally(() => {
        this.underWay -= 1;
        this.next();
      });
  }

  private async flush(batch: readonly Waiting[]): Promise<void> {
    const rows = await this.database.prepared<{ id: string; cancel_requested: boolean }>('saga_boundaries', WRITE_BOUNDARIES, [
      JSON.stringify(batch.map(({ boundary }) => asRow(boundary))),
      this.config.saga.leaseMs,
    ]);
    const written = new Map(rows.map((row) => [row.id, row.cancel_requested]));
    for (const { boundary, resolve, reject } of batch) {
      const cancelRequested = written.get(boundary.sagaId);
      if (cancelRequested === undefined) reject(new LeaseLostError(boundary.sagaId));
      else resolve({ cancelRequested });
    }
  }
}

function asRow({ sagaId, epoch, step, status, context, nextIdx, pivotPassed, wakeInMs, error, leftovers }: Boundary) {
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
    context,
    next_idx: nextIdx,
    pivot_passed: pivotPassed,
    wake_in_ms: wakeInMs,
    final: FINAL.includes(status),
    error,
    leftovers,
  };
}
