import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean, NotFoundAtProviderError } from '#libs/digitalocean';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { readableId, type Kind, type NamedBy, type Observation } from '../kinds/kind';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { databaseTime, type SweepRun } from './sweep';

/** A parent's row that names a child. */
interface Naming {
  readonly parent: string;
  readonly child: string;
  readonly live: boolean;
}

/** The parents of children that only the parents' rows name. Deleted parents count too, but a live one takes precedence. */
export class ParentIndex {
  private readonly byChild = new Map<string, string>();

  constructor(
    private readonly kind: string,
    private readonly namings: readonly Naming[],
  ) {
    for (const { child, parent, live } of namings) if (live || !this.byChild.has(child)) this.byChild.set(child, parent);
  }

  withParent(seen: Observation): Observation {
    const parent = this.byChild.get(seen.providerId);
    return parent === undefined ? seen : { ...seen, parents: [`${this.kind}/${parent}`] };
  }

  /** Live parents that name a child which the list did not contain. */
  parentsOfUnlisted(listed: ReadonlySet<string>): string[] {
    return [...new Set(this.namings.filter(({ live, child }) => live && !listed.has(child)).map(({ parent }) => parent))];
  }
}

/** For kinds with `namedBy`: finds the parents, and reads the lists of single parents for objects that the kind's own list lacked. */
@Injectable()
export class ParentResolver {
  private readonly log = new Logger(ParentResolver.name);

  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly recorder: ResourceRecorder,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The ids of all live resources of a kind. Set-based: one statement for the whole sweep. */
  async listLive(accountId: string, kind: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'select provider_id as id from cloud_resources where account_id = $1 and kind = $2 and deleted_at is null order by provider_id',
      [accountId, kind],
    );
    return rows.map(({ id }) => id);
  }

  /** Set-based: reads all parents of the kind with one statement for the whole sweep. */
  async loadParents({ accountId }: SweepRun, { kind, attr }: NamedBy): Promise<ParentIndex> {
    const namings = await this.database.query<Naming>(
      `select r.provider_id as parent, child, r.deleted_at is null as live
         from cloud_resources r cross join jsonb_array_elements_text(r.attrs -> $3) child
        where r.account_id = $1 and r.kind = $2 and jsonb_typeof(r.attrs -> $3) = 'array' and r.attrs -> $3 <> '[]'`,
      [accountId, kind, attr],
    );
    return new ParentIndex(kind, namings);
  }

  /**
   * Reads the list of each parent that names an unlisted child, and adds the children found to `listed`. Returns true when it read any: the
   * sweep records this as its reason, because an incomplete list of the provider is worth knowing. At most `confirmationsPerSweep` parents
   * are read; the children of the others are left to the strikes.
   */
  async findUnlisted(run: SweepRun, kind: Kind, namedBy: NamedBy, parents: ParentIndex, listed: Set<string>): Promise<boolean> {
    const toRead = parents.parentsOfUnlisted(listed).slice(0, this.config.inventory.confirmationsPerSweep);
    for (const parent of toRead) await this.readChildren(run, kind, namedBy, parents, parent, listed);
    if (toRead.length > 0) this.log.warn({ event: 'parents_asked_one_by_one', kind: kind.kind, sweep_id: run.id, parents: toRead.length });
    return toRead.length > 0;
  }

  private async readChildren(run: SweepRun, kind: Kind, { list }: NamedBy, parents: ParentIndex, parent: string, listed: Set<string>) {
    const { purpose, fingerprint, signal } = run;
    const path = list.path(encodeURIComponent(parent));
    const idOf = (seen: Observation) => seen.providerId;
    const idOfUnreadable = (raw: unknown) => readableId(kind, raw);
    try {
      const request = { purpose, fingerprint, path, key: list.key, parse: kind.observe, idOf, idOfUnreadable, signal };
      for await (const page of this.provider.list(request)) {
        for (const { id } of page.unreadable) if (id !== null) listed.add(id);
        run.progress.addUnreadable(path, page.unreadable);
        const found = page.items.filter((seen) => !listed.has(seen.providerId)).map((seen) => parents.withParent(seen));
        for (const seen of found) listed.add(seen.providerId);
        const outcome = await this.recorder.recordPage(run, kind, found, databaseTime(run, page.requestedAtMs));
        await run.progress.addCounts({ calls: page.calls, seen: found.length, ...outcome });
      }
    } catch (error) {
      if (!(error instanceof NotFoundAtProviderError)) throw error; // a parent that was deleted in the meantime has no children
      await run.progress.addCounts({ calls: 1 });
    }
  }
}
