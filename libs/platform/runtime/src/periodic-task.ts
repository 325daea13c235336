import { errorCode } from '#libs/kernel';
import { Logger } from '@nestjs/common';

export interface PeriodicTaskOptions {
  /** snake_case; a failure is logged as `<name>_failed`. */
  readonly name: string;
  /** The context of the log lines. */
  readonly context: string;
  /** The pause between the end of one run and the begin of the next. */
  readonly everyMs: number;
  /** Varies each pause by this share in both directions, so that processes which start together do not run together. */
  readonly spread?: number;
  /** One run. The signal is aborted when the task stops. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * Runs work periodically, one run at a time. A failed run is logged, and the next one follows after the usual pause. The timer does not
 * keep the process alive; a process calls `stop()` at its shutdown.
 */
export class PeriodicTask {
  private readonly log: Logger;
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;

  private constructor(private readonly options: PeriodicTaskOptions) {
    this.log = new Logger(options.context);
  }

  /** The first run begins after one pause. */
  static start(options: PeriodicTaskOptions): PeriodicTask {
    const task = new PeriodicTask(options);
    task.schedule();
    return task;
  }

  /** Aborts the current run and resolves after its end. No run begins afterwards. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.current;
  }

  private schedule(): void {
    if (this.stopping.signal.aborted) return;
    const { everyMs, spread = 0 } = this.options;
    const pauseMs = everyMs * (1 - spread + 2 * spread * Math.random());
    this.timer = setTimeout(() => {
      this.current = this.runOnce().finally(() => this.schedule());
    }, pauseMs).unref();
  }

  private async runOnce(): Promise<void> {
    const { name, run } = this.options;
    try {
      await run(this.stopping.signal);
    } catch (error) {
      if (this.stopping.signal.aborted) return; // the abort is the expected reason
      this.log.warn({ event: `${name}_failed`, code: errorCode(error) }, error instanceof Error ? error.stack : undefined);
    }
  }
}
