import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { sweepNamed } from '../kinds';
import { SWEEP_COLUMNS, sweepView, type SweepRow, type SweepView } from '../sync/sweep';
import { SweepLedger } from '../sync/sweep-ledger';
import { CompletenessReader } from './completeness-reader';

/** Reads the ledger of sweeps. */
@Injectable()
export class SweepReader {
  constructor(
    private readonly database: Database,
    private readonly ledger: SweepLedger,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Newest first: ids of rows are ordered by time. Throws `UnknownKindError` for a kind that is not swept. */
  async list(kind: string | undefined, page: PageRequest): Promise<ListAnswer<SweepView>> {
    if (kind !== undefined) sweepNamed(kind);
    const before = decodeCursor(page.cursor, UUID_KEY);
    const complete = await this.completeness.ofKind(kind);
    const rows = await this.database.query<SweepRow>(
      `select ${SWEEP_COLUMNS} from cloud_sweeps where ($1::text is null or kind = $1) and ($2::uuid is null or id < $2) order by id desc limit $3`,
      [kind ?? null, before, page.limit + 1],
    );
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map(sweepView), page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(id: string): Promise<SweepView> {
    return sweepView(await this.ledger.get(id));
  }
}
