import { Database, Lease } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { EventSequencerState } from './entities/event-number.entity';
import { EventSources } from './event-source';
import { IS_BEHIND, numberNextLinks } from './sequencer.sql';

/** Longer than any batch. After kill -9 another process goes on when it has ended. */
const LEASE_MS = 5_000;
/** Links and about the rows of one batch, which is one statement. */
const BATCH_LINKS = 500;
const BATCH_ROWS = 10_000;

/**
 * Gives committed events their numbers. The chain links what has been committed, one transaction at a time, so the order of its links is
 * an order of commits: a row that commits late is linked late, and none is skipped. The sequencer follows the links. Any number of
 * processes may call it; the one with the lease numbers. [EVT-1]
 */
@Injectable()
export class EventSequencer {
  private readonly lease: Lease<EventSequencerState>;
  private statement: string | undefined;

  constructor(
    private readonly database: Database,
    @InjectRepository(EventSequencerState) private readonly states: Repository<EventSequencerState>,
    private readonly sources: EventSources,
  ) {
    this.lease = new Lease(states, 'leaseUntil', LEASE_MS);
  }

  /** Returns how many events it numbered. Ends early when aborted. */
  async number(signal?: AbortSignal): Promise<number> {
    const [row] = await this.database.query<{ behind: boolean }>(IS_BEHIND);
    if (!row?.behind) return 0;
    let numbered = 0;
    for (let lease = await this.claim(); lease !== null;) {
      if (signal?.aborted) {
        await this.lease.release({ one: true }, lease);
        return numbered;
      }
      const batch = await this.numberBatch(lease);
      numbered += batch.numbered;
      lease = batch.lease;
    }
    return numbered;
  }

  /** Null while another process numbers. */
  private async claim(): Promise<string | null> {
    const claimed = await this.lease.claim({ where: this.lease.free() });
    if (claimed) return claimed.lease;
    const { raw } = await this.states.createQueryBuilder().insert().values({ one: true }).orIgnore().returning('one').execute();
    return (raw as unknown[]).length > 0 ? this.claim() : null; // the first claim of all creates the row
  }

  private async numberBatch(lease: string): Promise<{ lease: string | null; numbered: number }> {
    this.statement ??= numberNextLinks(this.sources.all);
    const values = [lease, BATCH_LINKS, this.sources.streams, BATCH_ROWS, LEASE_MS];
    const [batch] = await this.database.query<{ lease: string | null; numbered: number }>(this.statement, values);
    return batch ?? { lease: null, numbered: 0 };
  }
}
