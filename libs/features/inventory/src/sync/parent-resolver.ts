import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean, NotFoundAtProviderError } from '#libs/digitalocean';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Kind, NamedBy, Observation } from '../kinds/kind';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { askedAt, type SweepRun } from './sweep';

interface Naming {
  readonly parent: string;
  readonly child: string;
  readonly live: boolean;
}

/** Whose an object is when only the parents' rows tell: gone parents still count, a live one goes before them. */
export class ParentsOfChildren {
  private readonly byChild = new Map<string, string>();

  constructor(
    private readonly kind: string,
    private readonly namings: readonly Naming[],
  ) {
    for (const { child, parent, live } of namings) if (live || !this.byChild.has(child)) this.byChild.set(child, parent);
  }

  adopt(seen: Observation): Observation {
    const parent = this.byChild.get(seen.providerId);
    return parent === undefined ? seen : { ...seen, parents: [`${this.kind}/${parent}`] };
  }

  /** Live parents that name children which the list did not show. */
  withUnlisted(listed: ReadonlySet<string>): string[] {
    return [...new Set(this.namings.filter(({ live, child }) => live && !listed.has(child)).map(({ parent }) => parent))];
  }
}

/** For kinds with `namedBy`: finds the parents, and asks single parents for what the kind's own list lacked. */
@Injectable()
export class NamedParents {
  private readonly log = new Logger(NamedParents.name);

  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly recorder: ResourceRecorder,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** One statement for the whole sweep. */
  async of({ accountId }: SweepRun, { kind, attr }: NamedBy): Promise<ParentsOfChildren> {
    const namings = await this.database.query<Naming>(
      `select r.provider_id as parent, child, r.deleted_at is null as live
         from cloud_resources r cross join jsonb_array_elements_text(r.attrs -> $3) child
        where r.account_id = $1 and r.kind = $2 and jsonb_typeof(r.attrs -> $3) = 'array' and r.attrs -> $3 <> '[]'`,
      [accountId, kind, attr],
    );
    return new ParentsOfChildren(kind, namings);
  }

  /**
   * Asks each parent that names what the list did not show, and adds what it answers to `listed`. Answers whether anybody was asked: that is
   * noted with the sweep, because a list that leaves things out is news. Bounded like confirmations; the rest is left to the strikes.
   */
  async askForUnlisted(run: SweepRun, kind: Kind, namedBy: NamedBy, parents: ParentsOfChildren, listed: Set<string>): Promise<boolean> {
    const asked = parents.withUnlisted(listed).slice(0, this.config.inventory.confirmationsPerSweep);
    for (const parent of asked) await this.ask(run, kind, namedBy, parents, parent, listed);
    if (asked.length > 0) this.log.warn({ event: 'parents_asked_one_by_one', kind: kind.kind, sweep_id: run.id, parents: asked.length });
    return asked.length > 0;
  }

  private async ask(run: SweepRun, kind: Kind, { list }: NamedBy, parents: ParentsOfChildren, parent: string, listed: Set<string>) {
    const { purpose, fingerprint, signal } = run;
    const path = list.path(encodeURIComponent(parent));
    const idOf = (seen: Observation) => seen.providerId;
    try {
      for await (const page of this.provider.list({ purpose, fingerprint, path, key: list.key, parse: kind.observe, idOf, signal })) {
        const found = page.items.filter((seen) => !listed.has(seen.providerId)).map((seen) => parents.adopt(seen));
        for (const seen of found) listed.add(seen.providerId);
        const outcome = await this.recorder.recordPage(run, kind, found, askedAt(run, page.requestedAtMs));
        await run.progress.add({ calls: page.calls, seen: found.length, ...outcome });
      }
    } catch (error) {
      if (!(error instanceof NotFoundAtProviderError)) throw error; // a parent that has gone meanwhile has nothing to tell
      await run.progress.add({ calls: 1 });
    }
  }
}
