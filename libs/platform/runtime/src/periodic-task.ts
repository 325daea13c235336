import { errorFields } from '#libs/kernel';
import { Logger } from '@nestjs/common';

export interface PeriodicTaskOptions {
  /** snake_case; a failure is logged as `<name>_failed`. */
  readonly name: string;
  /** Fields of the line about a failure. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The context of the log lines. */
  readonly context: string;
  /** The pause between the end of one run and the begin of the next. */
  readonly everyMs: number;
  /** The pause after a failed run, where it is shorter than `everyMs`. */
  readonly afterFailureMs?: number;
  /** The first run begins at once instead of after one pause. */
  readonly atOnce?: boolean;
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

  static start(options: PeriodicTaskOptions): PeriodicTask {
    const task = new PeriodicTask(options);
    if (options.atOnce) task.begin();
    else task.schedule(options.everyMs);
    return task;
  }

  /** Aborts the current run and resolves after its end. No run begins afterwards. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.current;
  }

  private schedule(pauseMs: number): void {
    if (this.stopping.signal.aborted) return;
    const { spread = 0 } = this.options;
    this.timer = setTimeout(() => this.begin(), pauseMs * (1 - spread + 2 * spread * Math.random())).unref();
  }

  private begin(): void {
    this.current = this.runOnce().then((pauseMs) => this.schedule(pauseMs));
  }

  /** The pause until the next run. */
  private async runOnce(): Promise<number> {
    const { run, everyMs, afterFailureMs = everyMs } = this.options;
    try {
      await run(this.stopping.signal);
      return everyMs;
    } catch (error) {
      if (!this.stopping.signal.aborted) this.logFailure(error); // otherwise the abort is the expected reason
      return Math.min(everyMs, afterFailureMs);
    }
  }

  /** An expected failure is one line; only a bug has a stack. */
  private logFailure(error: unknown): void {
    const { name, fields } = this.options;
    const line = { event: `${name}_failed`, ...fields, ...errorFields(error) };
    if (line.code === 'internal') this.log.error(line, error instanceof Error ? error.stack : undefined);
    else this.log.warn(line);
  }
}
