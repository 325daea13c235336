import { Database } from '#libs/database';
import { CompletenessReader } from '#libs/inventory';
import { Injectable } from '@nestjs/common';

/** How long ingestion waits for the first sweeps. A kind that the token may not list is never swept. */
const LONGEST_WAIT = `interval '1 hour'`;

/** Lines can only be matched to known resources, so on a first run invoices wait for the first sweeps. */
@Injectable()
export class InventoryReadiness {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
  ) {}

  /** True when every kind was listed completely at least once, or the longest wait has passed. */
  async isReady(): Promise<boolean> {
    const { as_of } = await this.completeness.ofKind(undefined);
    if (as_of !== null) return true;
    const rows = await this.database.query(`select 1 from cloud_accounts where pinned_at < clock_timestamp() - ${LONGEST_WAIT}`);
    return rows.length > 0;
  }
}
