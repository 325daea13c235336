import { Database } from '#libs/database';
import type { KindCompleteness } from '#libs/kernel';
import { Injectable } from '@nestjs/common';

/** How complete lists of costs are: when invoices were last listed, and how many are not ingested yet. [INV-15] */
@Injectable()
export class BillingCompleteness {
  constructor(private readonly database: Database) {}

  async read(): Promise<{ as_of: string | null; completeness: Record<string, KindCompleteness> }> {
    const [row] = await this.database.query<{ as_of: Date | null; open: number; total: number }>(
      `select (select max(billing_history_read_at) from cloud_accounts) as as_of,
              count(*) filter (where ingested_at is null)::int as open, count(*)::int as total from cloud_invoices`,
    );
    const as_of = row?.as_of?.toISOString() ?? null;
    const open = row?.open ?? 0;
    const reason = as_of === null ? 'never_read' : open > 0 ? `${open} of ${row?.total ?? 0} invoices are not ingested yet` : null;
    return { as_of, completeness: { invoice: { as_of, complete: reason === null, reason } } };
  }
}
