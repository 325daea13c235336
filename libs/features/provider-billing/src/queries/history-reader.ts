import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { BillingCompleteness } from './billing-completeness';

/** A charge, payment or credit. `type` is the provider's value; payments and credits are negative. */
export interface HistoryView {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly amount: string;
  readonly currency: 'USD';
  readonly at: string;
  readonly invoice_uuid: string | null;
  readonly invoice_number: string | null;
}

interface HistoryRow extends Omit<HistoryView, 'at' | 'currency'> {
  readonly at: Date;
}

@Injectable()
export class HistoryReader {
  constructor(
    private readonly database: Database,
    private readonly completeness: BillingCompleteness,
  ) {}

  /** Newest first. Throws `InvalidCursorError`. */
  async list(type: string | undefined, page: PageRequest): Promise<ListAnswer<HistoryView>> {
    const complete = await this.completeness.read();
    const rows = await this.database.query<HistoryRow>(
      `select id, type, description, amount::text, occurred_at as at, nullif(invoice_uuid, '') as invoice_uuid, invoice_number from cloud_billing_history
        where ($1::text is null or type = $1)
          and ($2::uuid is null or (occurred_at, id) < (select occurred_at, id from cloud_billing_history where id = $2))
        order by occurred_at desc, id desc limit $3`,
      [type ?? null, decodeCursor(page.cursor, UUID_KEY), page.limit + 1],
    );
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map((row) => ({ ...row, currency: 'USD', at: row.at.toISOString() })), page: { next_cursor }, ...complete };
  }
}
