import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { NO_HEAD, type ChainHead } from './chain-head';

/** Digests that one transaction links. */
const MOST_AT_ONCE = 1_000;

/** Links what has been committed since the last time into the chain. Any number of processes may try: one does it. */
@Injectable()
export class ChainSealer {
  constructor(private readonly database: Database) {}

  /** Answers how many digests it linked. Ends early when aborted. */
  async seal(signal?: AbortSignal): Promise<number> {
    for (let sealed = 0; ;) {
      const [row] = await this.database.query<{ sealed: number }>(
        'select case when exists (select from record_waiting) then arcadia_seal_records($1) else 0 end as sealed',
        [MOST_AT_ONCE],
      );
      sealed += row?.sealed ?? 0;
      if (row?.sealed !== MOST_AT_ONCE || signal?.aborted) return sealed;
    }
  }

  /** The last link as it is now. Written to a log it is outside the database. */
  async head(): Promise<ChainHead> {
    const [row] = await this.database.query<ChainHead>(
      `select no::text, encode(hash, 'hex') as hash from record_chain order by no desc limit 1`,
    );
    return row ?? NO_HEAD;
  }
}
