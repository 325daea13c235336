import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ChainLink } from '../entities/chain-link.entity';
import { NO_HEAD, type ChainHead } from './chain-head';

/** Digests that one transaction links. */
const BATCH = 1_000;

/** Links newly committed digests into the chain. Any number of processes may call it; one at a time does the work. */
@Injectable()
export class ChainSealer {
  constructor(
    private readonly database: Database,
    @InjectRepository(ChainLink) private readonly links: Repository<ChainLink>,
  ) {}

  /** Returns the number of digests that it linked. Ends early when aborted. */
  async seal(signal?: AbortSignal): Promise<number> {
    for (let sealed = 0; ;) {
      const [row] = await this.database.query<{ sealed: number }>(SEAL, [BATCH]);
      sealed += row?.sealed ?? 0;
      if (row?.sealed !== BATCH || signal?.aborted) return sealed;
    }
  }

  /** The current last link. In a log it is stored outside the database. */
  async head(): Promise<ChainHead> {
    const [last] = await this.links.find({ order: { no: 'DESC' }, take: 1 });
    return last ? { no: last.no, hash: last.hash.toString('hex') } : NO_HEAD;
  }
}

/** Fenced: of several callers, the advisory lock in the function lets one link digests. $1 most digests. */
const SEAL = 'select case when exists (select from record_waiting) then arcadia_seal_records($1) else 0 end as sealed';
