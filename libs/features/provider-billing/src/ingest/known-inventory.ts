import { Database } from '#libs/database';
import { CompletenessReader } from '#libs/inventory';
import { Injectable } from '@nestjs/common';

/** A kind that the token may not list is never swept: nobody waits for it longer. */
const LONGEST_WAIT = `interval '1 hour'`;

/** Lines can only be matched to what is known: on a first run invoices wait for the first sweeps. */
@Injectable()
export class InventoryReadiness {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Every kind was listed completely at least once, or that has been waited for long enough. */
  async isReady(): Promise<boolean> {
    const { as_of } = await this.completeness.ofKind(undefined);
    if (as_of !== null) return true;
    const rows = await this.database.query(`select 1 from cloud_accounts where pinned_at < clock_timestamp() - ${LONGEST_WAIT}`);
    return rows.length > 0;
  }
}
