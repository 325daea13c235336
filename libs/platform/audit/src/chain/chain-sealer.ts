import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { NO_HEAD, type ChainHead } from './chain-head';

/** Digests that one transaction links. */
const BATCH = 1_000;

/** Links newly committed digests into the chain. Any number of processes may call it; one at a time does the work. */
@Injectable()
export class ChainSealer {
  constructor(private readonly database: Database) {}

  /** Returns the number of digests that it linked. Ends early when aborted. */
  async seal(signal?: AbortSignal): Promise<number> {
    for (let sealed = 0; ;) {
      const [row] = await this.database.query<{ sealed: number }>(
        'select case when exists (select from record_waiting) then arcadia_seal_records($1) else 0 end as sealed',
        [BATCH],
      );
      sealed += row?.sealed ?? 0;
      if (row?.sealed !== BATCH || signal?.aborted) return sealed;
    }
  }

  /** The current last link. In a log it is stored outside the database. */
  async head(): Promise<ChainHead> {
    const [row] = await this.database.query<ChainHead>(
      `select no::text, encode(hash, 'hex') as hash from record_chain order by no desc limit 1`,
    );
    return row ?? NO_HEAD;
  }
}
