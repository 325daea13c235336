import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { TagCalls } from '../provider/tag-calls';

const PREFIX = 'arcadia-mark-';
/** Between two reads of a mark that may only lag. */
const LOOK_AGAIN_MS = 1_000;

interface MarkRow {
  readonly installation: string;
  readonly mark: string;
  /** False while the mark is being raised: then the provider carries it, or the one before it. */
  readonly marked: boolean;
  readonly age_ms: number;
}

/**
 * A number at the provider that only rises, as the name of a tag that nothing carries: the witness of a restore that no backup of the database
 * contains (OPS-8). The database commits the next number first, then the tag of that number is made and the one before it removed. A database
 * that knows a number that the provider no longer carries is therefore older than the provider.
 */
@Injectable()
export class ProviderMark {
  constructor(
    private readonly database: Database,
    private readonly tags: TagCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whether the provider carries the mark that this database knows; one call as a rule. Throws the client's errors. */
  async agrees(): Promise<boolean> {
    for (let row = await this.read(); ;) {
      const current = Number(row.mark);
      if (current === 0 || (current === 1 && !row.marked)) return true; // never put there yet
      for (const mark of row.marked ? [current] : [current, current - 1])
        if (await this.tags.exists(tagOf(row.installation, mark))) return true;
      const later = await this.read();
      const raisedMeanwhile = later.mark !== row.mark || later.marked !== row.marked;
      const lagMs = this.config.provider.lagMs - later.age_ms;
      if (!raisedMeanwhile && lagMs <= 0) return false;
      if (!raisedMeanwhile) await delay(Math.min(lagMs, LOOK_AGAIN_MS));
      row = later;
    }
  }

  /** Raises it when a saga has been open since it was raised last, and finishes what a crash cut off. Three calls. Throws the client's errors. */
  async raise(): Promise<void> {
    await this.database.query(RAISE);
    const row = await this.read();
    if (row.marked) return;
    await this.tags.make(tagOf(row.installation, Number(row.mark)));
    if (Number(row.mark) > 1) await this.tags.remove(tagOf(row.installation, Number(row.mark) - 1));
    await this.database.query('update database_witness set marked = true, mark_changed_at = clock_timestamp() where mark = $1', [row.mark]);
  }

  /** After a restore: above all that the provider has seen of this installation. Throws the client's errors. */
  async raiseAboveAll(): Promise<void> {
    const { installation, mark } = await this.read();
    const known = (await this.tags.list()).flatMap(({ name }) => markOf(installation, name) ?? []);
    const next = Math.max(Number(mark), ...known) + 1;
    await this.tags.make(tagOf(installation, next));
    await this.database.query(RAISED_ABOVE, [next]);
    for (const lower of known) if (lower < next) await this.tags.remove(tagOf(installation, lower));
  }

  /** Of the names of tags: removes marks that a worker made after another one had raised them already. */
  async removeOlder(names: readonly string[]): Promise<void> {
    const { installation, mark, marked } = await this.read();
    const current = Number(mark) - (marked ? 0 : 1);
    for (const name of names) if ((markOf(installation, name) ?? current) < current) await this.tags.remove(name);
  }

  private async read(): Promise<MarkRow> {
    const [row] = await this.database.query<MarkRow>(READ);
    return row ?? { installation: '', mark: '0', marked: true, age_ms: 0 };
  }
}

const tagOf = (installation: string, mark: number): string => `${PREFIX}${installation}-${mark}`;

function markOf(installation: string, name: string): number | undefined {
  const start = tagOf(installation, 0).slice(0, -1);
  const rest = name.startsWith(start) ? name.slice(start.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
}

const READ = `
select installation::text, mark::text, marked, extract(epoch from clock_timestamp() - mark_changed_at)::float8 * 1000 as age_ms from database_witness`;

/** Nothing has been made since when no saga is open and none has ended since. */
const RAISE = `
update database_witness set mark = mark + 1, marked = false, mark_changed_at = clock_timestamp()
 where marked and (mark = 0 or exists (select 1 from saga_runs where wake_at is not null)
                   or exists (select 1 from saga_runs where finished_at > mark_changed_at))`;

/** $1 the mark that was made. */
const RAISED_ABOVE = `update database_witness set mark = $1, marked = true, mark_changed_at = clock_timestamp() where mark < $1`;
