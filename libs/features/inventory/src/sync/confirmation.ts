import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean, MalformedAnswerError, NotFoundAtProviderError, ProviderError, TokenRejectedError } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import type { Kind, Observation } from '../kinds/kind';
import type { MissingRow } from '../recorder/decide-misses';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { databaseTime, type SweepRun } from './sweep';

/**
 * The outcome of a request for one object by id. `unreadable`: the object exists, but a field of it cannot be read. `unknown`: the request
 * failed, and the next complete sweep that misses the object repeats it.
 */
export type FetchOutcome<T> =
  { readonly outcome: 'found'; readonly object: T } | { readonly outcome: 'not_found' | 'unreadable' | 'unknown' };

/** One object that cannot be read must not stop the others from being settled. A rejected token ends the sweep. */
export async function settleFetch<T>(fetched: Promise<T>): Promise<FetchOutcome<T>> {
  try {
    return { outcome: 'found', object: await fetched };
  } catch (error) {
    if (error instanceof NotFoundAtProviderError) return { outcome: 'not_found' };
    if (error instanceof MalformedAnswerError && error.field !== undefined) return { outcome: 'unreadable' };
    if (error instanceof ProviderError && !(error instanceof TokenRejectedError)) return { outcome: 'unknown' };
    throw error;
  }
}

export interface Confirmed {
  /** The provider returned 404 for these rows, or their kind cannot be fetched by id. */
  readonly deleted: readonly MissingRow[];
  /** Ids of rows that the provider still returned, readable or not: they exist, so they are not struck. */
  readonly alive: ReadonlySet<string>;
}

/**
 * Requests each row that is out of strikes by its id before it becomes a tombstone. A row that the provider still returns is recorded as
 * seen. A row with a failed request keeps its strikes, and the next complete sweep that misses it requests it again. [INV-3]
 */
@Injectable()
export class Confirmation {
  constructor(
    private readonly provider: DigitalOcean,
    private readonly recorder: ResourceRecorder,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async confirm(run: SweepRun, kind: Kind, rows: readonly MissingRow[]): Promise<Confirmed> {
    const { fetch } = kind;
    if (!fetch) return { deleted: rows, alive: new Set() };
    const deleted: MissingRow[] = [];
    const alive = new Set<string>();
    for (const row of rows.slice(0, this.config.inventory.confirmationsPerSweep)) {
      const requestedAtMs = performance.now();
      const { purpose, fingerprint, signal } = run;
      const path = fetch.path(encodeURIComponent(row.providerId));
      const result = await settleFetch(
        this.provider.get<Observation>({ purpose, fingerprint, path, key: fetch.key, parse: kind.observe, signal }),
      );
      if (result.outcome === 'not_found') deleted.push(row);
      if (result.outcome === 'found' || result.outcome === 'unreadable') alive.add(row.id);
      if (result.outcome === 'found' && result.object.providerId === row.providerId)
        await run.progress.addCounts(await this.recorder.recordPage(run, kind, [result.object], databaseTime(run, requestedAtMs)));
      await run.progress.addCounts({ calls: 1 });
    }
    return { deleted, alive };
  }
}
