import { Database } from '#libs/database';

/** What was seen, and how long ago it was asked for. */
export interface Seen<T> {
  readonly what: T;
  readonly ageMs: number;
}

/** A look that has not ended by then has failed: another may be taken. */
const LOOK_LIMIT_MS = 30_000;

interface Row {
  readonly seen: unknown;
  readonly age_ms: number | null;
  readonly mine: boolean;
}

/**
 * One look at the provider for all sagas of all workers that wait for the same thing: whoever finds the last one too old takes the next and
 * leaves it in `provider_looks`. Nobody waits for it: who comes meanwhile gets the last one.
 */
export class SharedPoll<T> {
  private asking: Promise<Seen<T> | undefined> | undefined;

  constructor(
    private readonly database: Database,
    private readonly everyMs: number,
    private readonly name: string,
    private readonly take: () => Promise<T>,
  ) {}

  /** Undefined when nothing has been seen yet. Rejects with what went wrong with the look when it was this process' turn to take it. */
  latest(): Promise<Seen<T> | undefined> {
    this.asking ??= this.look().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async look(): Promise<Seen<T> | undefined> {
    const [row] = await this.database.prepared<Row>('provider_look', LOOK, [this.name, this.everyMs, LOOK_LIMIT_MS]);
    if (!row?.mine) return row && row.age_ms !== null ? { what: row.seen as T, ageMs: row.age_ms } : undefined;
    const askedMs = performance.now();
    try {
      const what = await this.take();
      const ageMs = performance.now() - askedMs;
      await this.database.query(SEEN, [this.name, JSON.stringify(what), ageMs]);
      return { what, ageMs };
    } catch (error) {
      await this.database.query('update provider_looks set looking_until = null where name = $1', [this.name]);
      throw error;
    }
  }
}

/** The last look, and whether the next one is ours to take. $1 name, $2 every ms, $3 limit of a look ms. */
const LOOK = `
with claimed as (
  insert into provider_looks as l (name, looking_until) values ($1, clock_timestamp() + $3 * interval '1 millisecond')
  on conflict (name) do update set looking_until = excluded.looking_until
   where (l.looking_until is null or l.looking_until <= clock_timestamp())
     and (l.asked_at is null or l.asked_at <= clock_timestamp() - $2 * interval '1 millisecond')
  returning name)
select l.seen, extract(epoch from clock_timestamp() - l.asked_at)::float8 * 1000 as age_ms, exists (select 1 from claimed) as mine
  from (select 1) one left join provider_looks l on l.name = $1`;

/** $1 name, $2 what was seen, $3 asked ms ago. */
const SEEN = `
update provider_looks set seen = $2::jsonb, asked_at = clock_timestamp() - $3 * interval '1 millisecond', looking_until = null where name = $1`;
