import { Injectable } from '@nestjs/common';
import { BalanceSnapshots, BillingHistory, FinancePush, InvoiceIngest, InvoiceLedger, InventoryReadiness } from '#libs/provider-billing';
import { Enqueuer, type Jobs } from '#libs/queues';
import { StopSignal } from '../lifetime/stop-signal';

type Name = 'balance' | 'billing-history' | 'ingest' | 'finance-push';

/** A job of the queue `billing`: its name decides what its data are. */
export type BillingJob = { [N in Name]: { readonly name: N; readonly data: Jobs[N] } }[Name];

/** The balance is read hourly and the history daily; what is older was missed. */
const BALANCE_AGE_MS = 2 * 3_600_000;
const HISTORY_AGE_MS = 26 * 3_600_000;
/** Invoices that are asked for at once: many years on a first run. */
const MOST_INGESTS = 1_000;

/** What the jobs about money do, and which of them should be running but nobody started. */
@Injectable()
export class BillingJobs {
  constructor(
    private readonly balances: BalanceSnapshots,
    private readonly history: BillingHistory,
    private readonly ingest: InvoiceIngest,
    private readonly ledger: InvoiceLedger,
    private readonly inventory: InventoryReadiness,
    private readonly push: FinancePush,
    private readonly enqueuer: Enqueuer,
    private readonly stop: StopSignal,
  ) {}

  async run(job: BillingJob): Promise<void> {
    switch (job.name) {
      case 'balance':
        return this.balances.takeSnapshot();
      case 'billing-history':
        await this.history.read();
        return this.askForIngests();
      case 'ingest':
        await this.ingest.run(job.data.invoice_id, this.stop.signal);
        if (await this.push.isDue()) await this.enqueuer.financePush();
        return;
      case 'finance-push':
        await this.push.deliver(this.stop.signal);
    }
  }

  /** Asks for what is due, whatever was lost on its way: the tables know. */
  async askForDue(): Promise<void> {
    if (await this.balances.isOlderThan(BALANCE_AGE_MS)) await this.enqueuer.balance();
    if (await this.history.isOlderThan(HISTORY_AGE_MS)) await this.enqueuer.billingHistory();
    await this.askForIngests();
    if (await this.push.isDue()) await this.enqueuer.financePush();
  }

  private async askForIngests(): Promise<void> {
    if (await this.inventory.isReady()) await this.enqueuer.ingests(await this.ledger.due(MOST_INGESTS));
  }
}
