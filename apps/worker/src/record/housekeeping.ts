import { Inject, Injectable, Logger } from '@nestjs/common';
import { ChainSealer } from '#libs/audit';
import { balanceRetention } from '#libs/provider-billing';
import { CONFIG, type Config } from '#libs/config';
import { Database, Retention } from '#libs/database';
import { inventoryRetention } from '#libs/inventory';
import { TickClaims } from '#libs/queues';
import { Rounds } from './rounds';

/** Every hour, when sweeps are few. Each worker asks each minute whether it is time; one of them gets the tick, by the database's clock (OPS-7). */
const HOURLY = { cron: '52 * * * *' } as const;
const LOOK_EVERY_MS = 60_000;

/**
 * Removes what has served its time, in the workers that serve `sync-slow`, and writes the head of the chain into the log: there it is outside
 * of the database (INV-14).
 */
@Injectable()
export class RetentionTask extends Rounds {
  private readonly head = new Logger('Record');
  private readonly serves: boolean;

  constructor(
    private readonly retention: Retention,
    private readonly sealer: ChainSealer,
    private readonly ticks: TickClaims,
    database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    super('housekeeping', LOOK_EVERY_MS, database);
    this.serves = config.worker.queues === 'all' || config.worker.queues.includes('sync-slow');
  }

  protected async round(signal: AbortSignal): Promise<void> {
    if (!this.serves || !(await this.ticks.claim('housekeeping', HOURLY))) return;
    await this.retention.apply([...inventoryRetention(this.config), ...balanceRetention(this.config)], signal);
    this.head.log({ event: 'record_head', ...(await this.sealer.head()) });
  }
}
