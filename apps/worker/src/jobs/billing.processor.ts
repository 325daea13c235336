import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import {
  BalanceSnapshots,
  BillingHistory,
  BillingReads,
  FinancePush,
  InvoiceIngest,
  InvoiceLedger,
  type BillingReadName,
} from '#libs/provider-billing';
import { Enqueuer, Queues, type Jobs } from '#libs/queues';
import { BillingPush, BillingRunService } from '#libs/tenant-billing';
import { runJob, StopSignal } from './run-job';

type BillingJobName = 'balance' | 'billing-history' | 'ingest' | 'finance-push' | 'rating';

/** A job of the queue `billing`: its name decides the type of its data. */
export type BillingJob = { [N in BillingJobName]: { readonly name: N; readonly data: Jobs[N] } }[BillingJobName];

/** The balance is read hourly and the history daily. Data older than these limits means that a scheduled job was missed. */
const BALANCE_AGE_MS = 2 * 3_600_000;
const HISTORY_AGE_MS = 26 * 3_600_000;
/** Invoices that are enqueued at once. The first run on an account may find the invoices of many years. */
const MAX_INGESTS = 1_000;
const MAX_RATINGS = 100;

/** Runs the billing jobs, and finds the ones that are due although no job is enqueued for them. */
@Injectable()
export class BillingJobs {
  constructor(
    private readonly balances: BalanceSnapshots,
    private readonly history: BillingHistory,
    private readonly ingest: InvoiceIngest,
    private readonly ledger: InvoiceLedger,
    private readonly push: FinancePush,
    private readonly billingPush: BillingPush,
    private readonly reads: BillingReads,
    private readonly runs: BillingRunService,
    private readonly enqueuer: Enqueuer,
    private readonly stop: StopSignal,
  ) {}

  async run(job: BillingJob): Promise<void> {
    switch (job.name) {
      case 'balance':
        return this.reads.run('balance', () => this.balances.takeSnapshot());
      case 'billing-history':
        await this.reads.run('billing_history', () => this.history.read());
        return this.enqueueDueIngests();
      case 'ingest':
        await this.ingest.run(job.data.invoice_id, this.stop.signal);
        if (await this.push.isDue()) await this.enqueuer.financePush();
        return;
      case 'finance-push':
        await this.push.deliver(this.stop.signal);
        await this.billingPush.deliver(this.stop.signal);
        return;
      case 'rating':
        await this.runs.run(job.data.run_id);
    }
  }

  /** Enqueues every job that is due. The tables decide, so a job that the queue has lost is enqueued again. */
  async enqueueDueJobs(): Promise<void> {
    if (await this.isDue('balance', () => this.balances.isOlderThan(BALANCE_AGE_MS))) await this.enqueuer.balance();
    if (await this.isDue('billing_history', () => this.history.isOlderThan(HISTORY_AGE_MS))) await this.enqueuer.billingHistory();
    await this.enqueueDueIngests();
    if ((await this.push.isDue()) || (await this.billingPush.isDue())) await this.enqueuer.financePush();
    await this.enqueuer.ratings(await this.runs.due(MAX_RATINGS));
  }

  /** A reading that failed is due when its pause is over, long before its data are old. */
  private async isDue(name: BillingReadName, isOld: () => Promise<boolean>): Promise<boolean> {
    const failure = await this.reads.failure(name);
    return failure === 'none' ? isOld() : failure === 'due';
  }

  private async enqueueDueIngests(): Promise<void> {
    if (await this.ingest.isReady()) await this.enqueuer.ingests(await this.ledger.due(MAX_INGESTS));
  }
}

/** Reads the provider's balance, history and invoices, pushes invoices to finance, and rates months. Three at once, so a long invoice blocks no other. */
@Processor(Queues.billing, { concurrency: 3 })
export class BillingProcessor extends WorkerHost {
  constructor(private readonly jobs: BillingJobs) {
    super();
  }

  process(job: Job<BillingJob['data'], unknown, BillingJob['name']>): Promise<void> {
    return runJob(job, () => this.jobs.run({ name: job.name, data: job.data } as BillingJob));
  }
}
