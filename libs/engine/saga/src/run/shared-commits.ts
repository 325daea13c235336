import { DatabaseUnavailableError } from '#libs/database';

interface Waiting<In, Out> {
  readonly item: In;
  readonly resolve: (written: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** So many statements at once: a second one is prepared while the first waits for the disk. */
const PARALLEL = 2;
const MOST_TOGETHER = 200;

/**
 * Lets writes of different runs share a commit. A lone one goes at once; those that come while others are under way go together with the
 * next. `write` answers, for each of a batch, what it became or the error that is its own; when it throws, none of the batch was written.
 */
export class GroupCommit<In, Out> {
  private waiting: Waiting<In, Out>[] = [];
  private underWay = 0;

  constructor(private readonly write: (batch: readonly In[]) => Promise<readonly (Out | Error)[]>) {}

  /** Resolves once it is durable. */
  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    if (this.underWay >= PARALLEL || this.waiting.length === 0) return;
    const batch = this.waiting.splice(0, MOST_TOGETHER);
    this.underWay += 1;
    this.settle(batch)
      .catch((error: unknown) => this.apart(batch, error))
      .finally(() => {
        this.underWay -= 1;
        this.next();
      });
  }

  /** One that the database will never take must not keep the others from being written; with the database away there is nothing to try. */
  private async apart(batch: readonly Waiting<In, Out>[], error: unknown): Promise<void> {
    const hopeless = batch.length === 1 || error instanceof DatabaseUnavailableError;
    if (hopeless) for (const { reject } of batch) reject(error);
    else for (const one of batch) await this.settle([one]).catch((alone: unknown) => one.reject(alone));
  }

  private async settle(batch: readonly Waiting<In, Out>[]): Promise<void> {
    const written = await this.write(batch.map(({ item }) => item));
    for (const [nth, { resolve, reject }] of batch.entries()) {
      const outcome = written[nth];
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome as Out);
    }
  }
}
