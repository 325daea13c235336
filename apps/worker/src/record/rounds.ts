import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import type { Database } from '#libs/database';
import { errorCode } from '#libs/kernel';

/**
 * Something that a worker sees to every so often, from the moment the schema is there until it is told to end; a round that has begun is
 * finished first. Needs neither queues nor provider. What goes wrong is told and tried again in the next round.
 */
export abstract class Rounds implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Record');
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;

  protected constructor(
    private readonly what: string,
    private readonly everyMs: number,
    protected readonly database: Database,
  ) {}

  protected abstract round(signal: AbortSignal): Promise<void>;

  onApplicationBootstrap(): void {
    void this.start().catch(() => undefined); // told to end before there was a schema
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort();
    clearInterval(this.timer);
    await this.current;
  }

  private async start(): Promise<void> {
    const { signal } = this.ending;
    await this.database.waitForSchema(signal);
    signal.throwIfAborted();
    this.timer = setInterval(() => this.begin(), this.everyMs);
    this.begin();
  }

  private begin(): void {
    this.current ??= this.attempt().finally(() => (this.current = undefined));
  }

  private async attempt(): Promise<void> {
    try {
      await this.round(this.ending.signal);
    } catch (error) {
      this.log.warn({ event: 'upkeep_failed', what: this.what, code: errorCode(error) });
    }
  }
}
