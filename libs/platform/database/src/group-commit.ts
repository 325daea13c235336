import { DatabaseUnavailableError } from './database.errors';

interface PendingWrite<In, Out> {
  readonly item: In;
  readonly resolve: (written: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements in flight at the same time: a second one is prepared while the first waits for the disk. */
const MAX_PARALLEL = 2;
const MAX_BATCH = 200;

/**
 * Group commit: writes that arrive together share one statement and one commit. A single write is sent at once; writes that arrive while
 * others are in flight are sent together in the next batch. `writeBatch` returns one outcome per item: its result, or an error of that
 * item alone. When `writeBatch` throws, nothing of the batch was written.
 */
export class GroupCommit<In, Out> {
  private pending: PendingWrite<In, Out>[] = [];
  private inFlight = 0;

  constructor(private readonly writeBatch: (batch: readonly In[]) => Promise<readonly (Out | Error)[]>) {}

  /** Resolves once the item is durable. */
  write(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.pending.push({ item, resolve, reject });
      this.sendNextBatch();
    });
  }

  private sendNextBatch(): void {
    if (this.inFlight >= MAX_PARALLEL || this.pending.length === 0) return;
    const batch = this.pending.splice(0, MAX_BATCH);
    this.inFlight += 1;
    this.send(batch)
      .catch((error: unknown) => this.sendOneByOne(batch, error))
      .finally(() => {
        this.inFlight -= 1;
        this.sendNextBatch();
      });
  }

  /** An item that the database never accepts must not block the rest of its batch. During an outage of the database nothing is sent again. */
  private async sendOneByOne(batch: readonly PendingWrite<In, Out>[], error: unknown): Promise<void> {
    const hopeless = batch.length === 1 || error instanceof DatabaseUnavailableError;
    if (hopeless) for (const { reject } of batch) reject(error);
    else for (const one of batch) await this.send([one]).catch((itsError: unknown) => one.reject(itsError));
  }

  private async send(batch: readonly PendingWrite<In, Out>[]): Promise<void> {
    const outcomes = await this.writeBatch(batch.map(({ item }) => item));
    for (const [nth, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[nth];
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome as Out);
    }
  }
}
