import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ChainLink } from '../entities/chain-link.entity';
import { domainError } from '#libs/kernel';

/** The last link, exported from the database. Later changes before it, and a cut of the chain that removes it, are found. */
export interface ChainHead {
  /** Decimal text; `0` and an empty hash before the first link. */
  readonly no: string;
  readonly hash: string;
}

/** The text is not the head of a chain. */
export class UnreadableHeadError extends domainError(
  'unreadable_head',
  'invalid',
  'The exported head is not readable: it is JSON like {"no":"12","hash":"<64 hex digits>"}',
) {}

export const NO_HEAD: ChainHead = { no: '0', hash: '' };

/** Throws `UnreadableHeadError`. */
export function parseHead(text: string): ChainHead {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UnreadableHeadError();
  }
  const { no, hash } = (parsed ?? {}) as Record<string, unknown>;
  const empty = no === NO_HEAD.no && hash === NO_HEAD.hash;
  const full = typeof no === 'string' && /^[1-9][0-9]{0,17}$/.test(no) && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  if (!empty && !full) throw new UnreadableHeadError();
  return { no, hash };
}

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
      const [row] = await this.database.query<{ sealed: number }>(SEAL_RECORDS, [BATCH]);
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
export const SEAL_RECORDS = 'select case when exists (select from record_waiting) then arcadia_seal_records($1) else 0 end as sealed';
