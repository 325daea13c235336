import { BalanceSnapshots, BillingHistory, InvoiceIngest, InvoiceLedger, type CostLineView } from '#libs/provider-billing';
import { emptyTables } from '../../support/database';
import { newBillingWorld, type BillingWorld } from './billing-world';
import { RecordedHistory } from './recorded-history';

export const LONG_AGO = '2020-01-01T00:00:00Z';

export interface Item {
  readonly description: string;
  readonly product?: string;
  readonly project_name?: string;
  readonly start_time?: string;
  readonly end_time?: string;
  readonly resource_id?: string;
  readonly resource_uuid?: string;
  readonly amount?: string;
  readonly group_description?: string;
}

/** An inventory with a history, and invoices of April 2026 that refer to it. */
export class AprilWorld {
  private invoices = 0;

  private constructor(
    readonly billing: BillingWorld,
    readonly history: RecordedHistory,
  ) {}

  static async create(): Promise<AprilWorld> {
    const billing = await newBillingWorld();
    await billing.get(BalanceSnapshots).takeSnapshot();
    return new AprilWorld(billing, await RecordedHistory.begin(billing.database));
  }

  /** Empties the inventory, for the next test. A new world for each would take longer than the tests. */
  forget(): Promise<void> {
    return emptyTables(this.billing.stored.ownerUrl, 'cloud_resources', 'cloud_projects');
  }

  /** Ingests an invoice with these items and returns its lines. */
  async linesOf(...items: readonly Item[]): Promise<CostLineView[]> {
    this.invoices += 1;
    const invoice_uuid = `00000000-0000-4000-8000-${String(this.invoices).padStart(12, '0')}`;
    const filled = items.map((item) => ({
      product: 'Droplets',
      start_time: '2026-04-01T00:00:00Z',
      end_time: '2026-05-01T00:00:00Z',
      amount: '6.00',
      hours: '720',
      ...item,
    }));
    await this.billing.simulator.change({ invoices: [{ invoice_uuid, invoice_period: '2026-04', items: filled }] });
    return this.ingested(invoice_uuid);
  }

  /** Ingests what is due and returns the lines of this invoice of the provider. */
  async ingested(invoice_uuid: string): Promise<CostLineView[]> {
    await this.billing.get(BillingHistory).read();
    for (const id of await this.billing.get(InvoiceLedger).due(10)) await this.billing.get(InvoiceIngest).run(id);
    const [invoice] = await this.billing.database.query<{ id: string }>('select id from cloud_invoices where invoice_uuid = $1', [
      invoice_uuid,
    ]);
    return this.billing.lines(invoice?.id);
  }
}

/** Returns for each line the resource, the match method or the reason for no match, and the tenant. */
export const matches = (lines: readonly CostLineView[]) =>
  lines.map(({ resource_id, match, tenant_id }) => [resource_id, match.method ?? match.reason, tenant_id]);
