import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ChainSealer } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { CostRollup } from '#libs/costs';
import { Database, Retention } from '#libs/database';
import { EventSequencer } from '#libs/events';
import { inventoryRetention, PriceSettling } from '#libs/inventory';
import { MessageSender, notificationRetention, Subscriptions, WebhookDeliveries, WebhookEndpoints } from '#libs/notifications';
import { balanceRetention } from '#libs/provider-billing';
import { Enqueuer, TickClaims } from '#libs/queues';
import { PeriodicTask } from '#libs/runtime';
import { SAGA_RETENTION, SagaBulk } from '#libs/saga';
import { BulkInvoiceService, Dunning, Wallets } from '#libs/tenant-billing';
import { RequestedMessages } from '../jobs/requested-messages';

/**
 * Work that a worker repeats from the moment the schema is there until the process ends. It needs neither queues nor provider. A run that
 * has begun is finished before the process ends. Failures are logged and retried on the next run.
 */
abstract class RepeatedTask implements OnApplicationBootstrap, OnModuleDestroy {
  protected readonly log = new Logger('Record');
  private readonly ending = new AbortController();
  private task: PeriodicTask | undefined;

  protected constructor(
    private readonly what: string,
    private readonly everyMs: number,
    protected readonly database: Database,
  ) {}

  protected abstract run(signal: AbortSignal): Promise<void>;

  onApplicationBootstrap(): void {
    void this.start().catch(() => undefined); // the process ended before there was a schema
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort();
    await this.task?.stop();
  }

  private async start(): Promise<void> {
    const { signal } = this.ending;
    await this.database.waitForSchema(signal);
    signal.throwIfAborted();
    this.task = PeriodicTask.start({
      name: 'maintenance',
      fields: { what: this.what },
      context: 'Record',
      everyMs: this.everyMs,
      atOnce: true,
      run: (stopped) => this.run(stopped),
    });
  }
}

/** Links new digests into the hash chain. Every worker runs it; whichever comes first links all of them. [INV-14] */
@Injectable()
export class ChainSealing extends RepeatedTask {
  constructor(
    private readonly sealer: ChainSealer,
    database: Database,
    @Inject(CONFIG) config: Config,
  ) {
    super('sealing', config.record.sealMs, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    await this.sealer.seal(signal);
  }
}

/**
 * Gives committed events their numbers. What was committed is linked into the chain first, because the chain has the order. Every worker
 * runs it; the one with the lease numbers. [EVT-1]
 */
@Injectable()
export class EventNumbering extends RepeatedTask {
  constructor(
    private readonly sealer: ChainSealer,
    private readonly sequencer: EventSequencer,
    database: Database,
    @Inject(CONFIG) config: Config,
  ) {
    super('numbering', config.events.numberMs, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    await this.sealer.seal(signal);
    await this.sequencer.number(signal);
  }
}

/** Hourly, at a minute with few sweeps. Every worker tries to claim the tick each minute; one gets it, by the database's clock. [OPS-7] */
const HOURLY = { cron: '52 * * * *' } as const;
const CLAIM_EVERY_MS = 60_000;

/**
 * Deletes rows older than their retention, in the workers that serve `sync-slow`. Then it writes the head of the chain into the log, where
 * the head is outside of the database. [INV-14]
 */
@Injectable()
export class RetentionTask extends RepeatedTask {
  private readonly serves: boolean;

  constructor(
    private readonly retention: Retention,
    private readonly sealer: ChainSealer,
    private readonly ticks: TickClaims,
    database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    super('housekeeping', CLAIM_EVERY_MS, database);
    this.serves = config.worker.queues === 'all' || config.worker.queues.includes('sync-slow');
  }

  protected async run(signal: AbortSignal): Promise<void> {
    if (!this.serves || !(await this.ticks.claim('housekeeping', HOURLY))) return;
    await this.retention.apply(
      [...inventoryRetention(this.config), ...balanceRetention(this.config), ...notificationRetention(), ...SAGA_RETENTION],
      signal,
    );
    this.log.log({ event: 'record_head', ...(await this.sealer.head()) });
  }
}

const BULK_EVERY_MS = 500;

/** Handles the sagas of bulk jobs at their rate. Every worker runs it; one at a time has a job. */
@Injectable()
export class BulkTask extends RepeatedTask {
  constructor(
    private readonly bulk: SagaBulk,
    database: Database,
  ) {
    super('bulk_jobs', BULK_EVERY_MS, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.bulk.handleDue(signal)) > 0);
  }
}

const ENCRYPT_EVERY_MS = 60_000;
const ENCRYPTED_AT_ONCE = 100;

/**
 * Writes the deliveries and messages of new events, and wakes a worker when some are due, in the workers that serve `notifications`. A lost wake-up is
 * repeated by the next run. [WHK-1]
 */
@Injectable()
export class NotificationTask extends RepeatedTask {
  private readonly serves: boolean;
  private encryptedAtMs = 0;

  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly endpoints: WebhookEndpoints,
    private readonly messages: MessageSender,
    private readonly requested: RequestedMessages,
    private readonly subscriptions: Subscriptions,
    private readonly enqueuer: Enqueuer,
    database: Database,
    @Inject(CONFIG) config: Config,
  ) {
    super('notifications', config.notifications.everyMs, database);
    this.serves = config.worker.queues === 'all' || config.worker.queues.includes('notifications');
  }

  protected async run(signal: AbortSignal): Promise<void> {
    if (!this.serves) return;
    await this.deliveries.fanOut(signal);
    if (await this.deliveries.areDue()) await this.enqueuer.notifications('deliveries');
    if (await this.messages.areDue()) await this.enqueuer.notifications('messages');
    if (await this.requested.areDue()) await this.enqueuer.notifications('requested-messages');
    if (performance.now() - this.encryptedAtMs < ENCRYPT_EVERY_MS) return;
    await this.endpoints.encryptAnew(ENCRYPTED_AT_ONCE);
    await this.subscriptions.encryptAnew(ENCRYPTED_AT_ONCE);
    this.encryptedAtMs = performance.now();
  }
}

const PRICE_EVERY_MS = 300_000;

/** Prices the resources that a process of a release without prices recorded. */
@Injectable()
export class PriceTask extends RepeatedTask {
  constructor(
    private readonly prices: PriceSettling,
    database: Database,
  ) {
    super('prices', PRICE_EVERY_MS, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    await this.prices.settle(signal);
  }
}

const ROLL_UP_EVERY_MS = 2_000;

/** Folds what changed into the roll-up of running costs. Every worker runs it, one at a time folds. Costs are exact meanwhile. */
@Injectable()
export class CostRollupTask extends RepeatedTask {
  constructor(
    private readonly rollup: CostRollup,
    database: Database,
  ) {
    super('cost_rollup', ROLL_UP_EVERY_MS, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    await this.rollup.run(signal);
  }
}

/** Each minute, by the database's clock. */
const MINUTELY = { cron: '* * * * *' } as const;
const CARRY_ON_EVERY_MS = 20_000;

/** Builds drafts of rated months, and approves and issues those that their tenant's profile lets go on by themselves. */
@Injectable()
export class InvoiceTask extends RepeatedTask {
  constructor(
    private readonly invoices: BulkInvoiceService,
    private readonly ticks: TickClaims,
    database: Database,
  ) {
    super('invoices', CARRY_ON_EVERY_MS, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    if (await this.ticks.claim('invoices', MINUTELY)) await this.invoices.carryOn(signal);
  }
}

const DUNNING_EVERY_MS = 600_000;

/** Reminds of overdue invoices, and enters the end of amounts in wallets that expired. Each step of an invoice is taken once, whoever is first. */
@Injectable()
export class DunningTask extends RepeatedTask {
  constructor(
    private readonly dunning: Dunning,
    private readonly wallets: Wallets,
    database: Database,
  ) {
    super('dunning', DUNNING_EVERY_MS, database);
  }

  protected async run(signal: AbortSignal): Promise<void> {
    await this.dunning.run(signal);
    await this.wallets.expire();
  }
}
