import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import type { Kind, Observation } from '../kinds/kind';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { askedById } from './asked-by-id';
import type { MissingRow } from '../recorder/decide-misses';
import { askedAt, type SweepRun } from './sweep';

export interface Confirmed {
  /** The provider answered 404 for these, or their kind cannot be asked. */
  readonly gone: readonly MissingRow[];
  /** Row ids that the provider still answered for: they were seen, so they are not struck. */
  readonly alive: ReadonlySet<string>;
}

/**
 * Asks the provider for each condemned row by id before it becomes a tombstone (INV-3). A row that answers is recorded as
 * seen; one that could not be asked keeps its strikes and is asked again by the next complete sweep that misses it.
 */
@Injectable()
export class Confirmation {
  constructor(
    private readonly provider: DigitalOcean,
    private readonly recorder: ResourceRecorder,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async confirm(run: SweepRun, kind: Kind, condemned: readonly MissingRow[]): Promise<Confirmed> {
    const { fetch } = kind;
    if (!fetch) return { gone: condemned, alive: new Set() };
    const gone: MissingRow[] = [];
    const alive = new Set<string>();
    for (const row of condemned.slice(0, this.config.inventory.confirmationsPerSweep)) {
      const requestedAtMs = performance.now();
      const { purpose, fingerprint, signal } = run;
      const path = fetch.path(encodeURIComponent(row.providerId));
      const answer = await askedById(
        this.provider.get<Observation>({ purpose, fingerprint, path, key: fetch.key, parse: kind.observe, signal }),
      );
      if (answer.proved === 'gone') gone.push(row);
      if (answer.proved === 'alive') {
        alive.add(row.id);
        if (answer.object.providerId === row.providerId)
          await run.progress.add(await this.recorder.recordPage(run, kind, [answer.object], askedAt(run, requestedAtMs)));
      }
      await run.progress.add({ calls: 1 });
    }
    return { gone, alive };
  }
}
