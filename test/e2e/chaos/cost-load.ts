import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random';
import type { WholeWorld } from './whole-world';

const PAUSE_MS = 3_000;

/** The provider corrects invoices, a day passes, and an admin requests another ingest of an invoice. */
export class CostLoad {
  corrections = 0;

  constructor(
    private readonly world: WholeWorld,
    private readonly random: SeededRandom,
  ) {}

  async provider(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.correct();
      await this.letADayPass();
      const [invoice] = await this.world.query<{ id: string }>(
        `select id from cloud_invoices order by id offset $1 % greatest(1, (select count(*) from cloud_invoices)) limit 1`,
        [this.random.below(1_000)],
      );
      if (invoice) await this.world.client.ask('POST', `/api/v1/billing/invoices/${invoice.id}/ingest`);
      await sleep(PAUSE_MS); // the rate of the corrections
    }
  }

  /** Makes the read of the billing history due again. */
  async letADayPass(): Promise<void> {
    await this.world.query(`update cloud_accounts set billing_history_read_at = billing_history_read_at - interval '2 days'`);
  }

  /** Makes every delivery and read of billing data that failed under the faults due at once: their pauses grow to minutes. */
  async letPausesPass(): Promise<void> {
    await this.world.query(
      `update cloud_finance_outbox set next_attempt_at = clock_timestamp() where delivered_at is null and lease_until is null`,
    );
    await this.world.query(`update cloud_billing_reads set next_attempt_at = clock_timestamp()`);
  }

  /** Ends the leases of killed workers on outbox rows. */
  async letLeasesEnd(): Promise<void> {
    await this.world.query(`update cloud_finance_outbox set lease_until = null where delivered_at is null`);
  }

  private async correct(): Promise<void> {
    const { invoices } = await this.world.simulator.account();
    const corrected = this.random.pick(invoices.filter(({ preview }) => !preview));
    const item = { ...corrected.items[0], description: `correction ${(this.corrections += 1)}`, amount: '1.00' };
    const amount = (Number(corrected.amount) + 1).toFixed(2);
    await this.world.simulator.change({
      invoices: invoices.map((invoice) => (invoice === corrected ? { ...invoice, amount, items: [...invoice.items, item] } : invoice)),
    });
  }
}
