import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { isOpen } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { LessThan, type Repository } from 'typeorm';
import { DatabaseWitness } from '../entities/database-witness.entity';
import { TagCalls } from '../provider/tag-calls';

const PREFIX = 'arcadia-mark-';
/** Between two reads of a tag that may only lag. */
const RETRY_MS = 1_000;

type ReadWitness = Pick<DatabaseWitness, 'installation' | 'mark' | 'marked' | 'markAgeMs'>;

/** Before the first check of the server has created the row. */
const NO_WITNESS: ReadWitness = { installation: '', mark: '0', marked: true, markAgeMs: 0 };

/**
 * A number at the provider that only rises, stored as the name of a tag that no resource carries: a witness of restores that no backup of
 * the database contains. The database commits the next number first. Then the tag of that number is created and the one before it deleted.
 * When the provider no longer has the number of a database, that database is therefore older than the provider. [OPS-8]
 */
@Injectable()
export class RestoreWitness {
  constructor(
    private readonly database: Database,
    @InjectRepository(DatabaseWitness) private readonly witnesses: Repository<DatabaseWitness>,
    private readonly tags: TagCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whether the provider has the number that this database knows. Usually one call. Throws the client's errors. */
  async matchesProvider(): Promise<boolean> {
    for (let row = await this.read(); ;) {
      const current = Number(row.mark);
      if (current === 0 || (current === 1 && !row.marked)) return true; // no tag was created yet
      for (const number of row.marked ? [current] : [current, current - 1])
        if (await this.tags.exists(tagName(row.installation, number))) return true;
      const later = await this.read();
      const raisedMeanwhile = later.mark !== row.mark || later.marked !== row.marked;
      const lagMs = this.config.provider.lagMs - later.markAgeMs;
      if (!raisedMeanwhile && lagMs <= 0) return false;
      if (!raisedMeanwhile) await delay(Math.min(lagMs, RETRY_MS));
      row = later;
    }
  }

  /**
   * Raises the number when a saga has been open since the last raise, and finishes a raise that a crash interrupted. Three calls. Throws
   * the client's errors.
   */
  async raise(): Promise<void> {
    await this.database.query(RAISE);
    const row = await this.read();
    if (row.marked) return;
    await this.tags.create(tagName(row.installation, Number(row.mark)));
    if (Number(row.mark) > 1) await this.tags.delete(tagName(row.installation, Number(row.mark) - 1));
    await this.witnesses.update({ mark: row.mark }, { marked: true, markChangedAt: () => 'clock_timestamp()' });
  }

  /** After a restore: raises the number above all numbers of this installation at the provider. Throws the client's errors. */
  async raiseAboveAll(): Promise<void> {
    const { installation, mark } = await this.read();
    const known = (await this.tags.list()).flatMap(({ name }) => numberIn(installation, name) ?? []);
    const next = Math.max(Number(mark), ...known) + 1;
    await this.tags.create(tagName(installation, next));
    const raised = { mark: String(next), marked: true, markChangedAt: () => 'clock_timestamp()' };
    await this.witnesses.update({ mark: LessThan(String(next)) }, raised);
    for (const lower of known) if (lower < next) await this.tags.delete(tagName(installation, lower));
  }

  /** Deletes those of the named tags that a worker created after another worker had raised the number further. */
  async deleteOlder(names: readonly string[]): Promise<void> {
    const { installation, mark, marked } = await this.read();
    const current = Number(mark) - (marked ? 0 : 1);
    for (const name of names) if ((numberIn(installation, name) ?? current) < current) await this.tags.delete(name);
  }

  private async read(): Promise<ReadWitness> {
    return (await this.witnesses.findOneBy({ one: true })) ?? NO_WITNESS;
  }
}

const tagName = (installation: string, number: number): string => `${PREFIX}${installation}-${number}`;

function numberIn(installation: string, name: string): number | undefined {
  const start = tagName(installation, 0).slice(0, -1);
  const rest = name.startsWith(start) ? name.slice(start.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
}

/**
 * Without an open saga, and without one that ended after the last raise, no resource was created since. Fenced: the row lock lets one of
 * several workers raise the number.
 */
const RAISE = `
update database_witness set mark = mark + 1, marked = false, mark_changed_at = clock_timestamp()
 where marked and (mark = 0 or exists (select 1 from saga_runs r where ${isOpen('r')})
                   or exists (select 1 from saga_runs where finished_at > mark_changed_at))`;
