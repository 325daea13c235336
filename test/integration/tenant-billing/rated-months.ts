import { BillingRunService, PoolService, POOLS, ProfitAndLoss, type PnlView } from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { BECAUSE, type RatingWorld } from './rating-world';

/** Months in turn; `nth` begins at 0. */
export const monthNo = (nth: number): string => new Date(Date.UTC(2014, nth % 120)).toISOString().slice(0, 7);
export const startMs = (month: string): number => Date.parse(`${month}-01T00:00:00Z`);
export const endMs = (month: string): number => Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1);

/** Rates months of a world, each without invoices at first. */
export class RatedMonths {
  private months = 0;

  constructor(private readonly world: RatingWorld) {}

  async next(): Promise<string> {
    const month = monthNo((this.months += 1));
    await this.world.owner.query(`delete from cloud_cost_lines where invoice_id in (select id from cloud_invoices where period = $1)`, [
      `${month}-01`,
    ]);
    await this.world.owner.query('delete from cloud_invoices where period = $1', [`${month}-01`]);
    return month;
  }

  /** The month after the last one that `next` gave. */
  following(): string {
    return monthNo(this.months + 1);
  }

  async rated(month: string) {
    const runs = this.world.service(BillingRunService);
    const { id } = await runs.create(month, BECAUSE);
    await runs.run(id);
    return runs.get(id);
  }

  pnl(month: string): Promise<PnlView> {
    return this.world.service(ProfitAndLoss).read(month, 'tenant');
  }

  /** The rated lines of a month as one text. */
  async storedLines(month: string): Promise<string> {
    const { rows } = await this.world.owner.query<{ text: string }>(
      `select coalesce(string_agg(l::text, e'\\n' order by line_no), '') as text from rated_lines l where period = $1`,
      [`${month}-01`],
    );
    return rows[0]?.text ?? '';
  }

  /** A month with one droplet that acme owned in its first half and birch in the other, a volume of acme, support and tax. */
  async ofTwoOwners(): Promise<{ readonly month: string; readonly droplet: string }> {
    const month = await this.next();
    const keepAll = POOLS.map((pool) => ({ pool, method: 'keep' as const }));
    await this.world.service(PoolService).set(month, keepAll, BECAUSE);
    const droplet = randomUUID();
    const middle = startMs(month) + (endMs(month) - startMs(month)) / 2;
    const owners = [
      { fromMs: 0, tenant: 'acme' },
      { fromMs: middle, tenant: 'birch' },
    ];
    await this.world.resources([{ id: droplet, kind: 'droplet', sizeSlug: 's-2vcpu-4gb', tags: ['rate:gold', 'web'], owners }]);
    await this.world.invoices(month, [
      {
        lines: [
          { product: 'Droplets', kind: 'droplet', description: 'web (s-2vcpu-4gb)', resourceId: droplet, hours: '672', amount: '24.01' },
          { product: 'Volumes', kind: 'volume', tenant: 'acme', hours: '672', amount: '10.00' },
          { product: 'Support', kind: 'account', amount: '100.00' },
          { product: 'Taxes', kind: 'tax', amount: '13.40' },
        ],
      },
    ]);
    return { month, droplet };
  }
}
