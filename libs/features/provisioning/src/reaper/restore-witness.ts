import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { TagCalls } from '../provider/tag-calls';

const PREFIX = 'arcadia-mark-';
/** Between two reads of a tag that may only lag. */
const RETRY_MS = 1_000;

interface WitnessRow {
  readonly installation: string;
  readonly mark: string;
  /** False while the number is being raised: then the provider has the tag of this number, or of the number before it. */
  readonly marked: boolean;
  readonly age_ms: number;
}

/**
 * A number at the provider that only rises, stored as the name of a tag that no resource carries: a witness of restores that no backup of
 * the database contains. The database commits the next number first. Then the tag of that number is created and the one before it deleted.
 * When the provider no longer has the number of a database, that database is therefore older than the provider. [OPS-8]
 */
@Injectable()
export class RestoreWitness {
  constructor(
    private readonly database: Database,
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
      const lagMs = this.config.provider.lagMs - later.age_ms;
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
    await this.database.query('update database_witness set marked = true, mark_changed_at = clock_timestamp() where mark = $1', [row.mark]);
  }

  /** After a restore: raises the number above all numbers of this installation at the provider. Throws the client's errors. */
  async raiseAboveAll(): Promise<void> {
    const { installation, mark } = await this.read();
    const known = (await this.tags.list()).flatMap(({ name }) => numberIn(installation, name) ?? []);
    const next = Math.max(Number(mark), ...known) + 1;
    await this.tags.create(tagName(installation, next));
    await this.database.query(RAISED_ABOVE, [next]);
    for (const lower of known) if (lower < next) await this.tags.delete(tagName(installation, lower));
  }

  /** Deletes those of the named tags that a worker created after another worker had raised the number further. */
  async deleteOlder(names: readonly string[]): Promise<void> {
    const { installation, mark, marked } = await this.read();
    const current = Number(mark) - (marked ? 0 : 1);
    for (const name of names) if ((numberIn(installation, name) ?? current) < current) await this.tags.delete(name);
  }

  private async read(): Promise<WitnessRow> {
    const [row] = await this.database.query<WitnessRow>(READ);
    return row ?? { installation: '', mark: '0', marked: true, age_ms: 0 };
  }
}

const tagName = (installation: string, number: number): string => `${PREFIX}${installation}-${number}`;

function numberIn(installation: string, name: string): number | undefined {
  const start = tagName(installation, 0).slice(0, -1);
  const rest = name.startsWith(start) ? name.slice(start.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
}

const READ = `
select installation::text, mark::text, marked, extract(epoch from clock_timestamp() - mark_changed_at)::float8 * 1000 as age_ms from database_witness`;

/** Without an open saga, and without one that ended after the last raise, no resource was created since. */
const RAISE = `
update database_witness set mark = mark + 1, marked = false, mark_changed_at = clock_timestamp()
 where marked and (mark = 0 or exists (select 1 from saga_runs where wake_at is not null)
                   or exists (select 1 from saga_runs where finished_at > mark_changed_at))`;

/** $1 the number with a tag at the provider. */
const RAISED_ABOVE = `update database_witness set mark = $1, marked = true, mark_changed_at = clock_timestamp() where mark < $1`;
