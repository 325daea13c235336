import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { urnOf, type Kind, type Observation } from '../kinds/kind';
import { SweepLeaseLostError } from '../sweep/sweep.error';
import { contentHash } from './content-hash';
import { decideChanges, type Change, type KnownResource } from './decide-changes';
import { COMPARE_PAGE, WRITE_CHANGES } from './record.sql';

/** The sweep on whose behalf a page is recorded, as far as recording needs it. */
export interface SweepRef {
  readonly id: string;
  readonly accountId: string;
  readonly source: 'sweep' | 'action_feed';
  /** By the database's clock. */
  readonly startedAt: Date;
}

/** One object that a saga has seen, without a sweep. */
export interface Sighting extends Pick<SweepRef, 'accountId' | 'startedAt'> {
  readonly id: null;
  readonly source: 'saga';
  /** Its events name it as their writer. */
  readonly sagaId: string | null;
}

/** What a page changed. */
export interface PageOutcome {
  readonly discovered: number;
  /** Tag changes among them. */
  readonly updated: number;
  readonly restored: number;
}

const UNCHANGED: PageOutcome = { discovered: 0, updated: 0, restored: 0 };

type Difference = { held: number; page_id: string | null } & ({ id: null } | KnownResource);

/**
 * Writes what was seen into `cloud_resources`, with its events. A page costs one statement when nothing differs and two
 * otherwise, whatever its size; an unchanged row is not written at all (INV-2). The statements are planned each time: a plan
 * made for the empty table of a first sweep would still be used when the table holds the first hundred thousand rows.
 */
@Injectable()
export class ResourceRecorder {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Records one page. Throws `SweepLeaseLostError`, having written nothing, when the sweep is no longer the running one. */
  async recordPage(sweep: SweepRef | Sighting, kind: Kind, page: readonly Observation[], requestedAt: Date): Promise<PageOutcome> {
    const hashed = distinct(page).map((seen) => ({ seen, hash: contentHash(seen) }));
    const known = await this.compare(sweep, kind, hashed);
    const differing = hashed.filter(({ seen }) => known.has(seen.providerId));
    const changes = decideChanges({
      known: new Map([...known].flatMap(([id, row]) => (row ? [[id, row] as const] : []))),
      page: differing,
      requestedAt,
      sweepStartedAt: sweep.startedAt,
      deletionLagMs: this.config.inventory.deletionLagMs,
      volatileAttrs: kind.volatileAttrs,
    });
    return changes.length > 0 ? this.write(sweep, kind, changes, requestedAt) : UNCHANGED;
  }

  /** What differs from the page: the known row, or undefined where there is none. */
  private async compare(
    sweep: SweepRef | Sighting,
    kind: Kind,
    page: readonly { seen: Observation; hash: string }[],
  ): Promise<Map<string, KnownResource | undefined>> {
    const rows = await this.database.query<Difference>(COMPARE_PAGE, [
      sweep.id,
      sweep.accountId,
      kind.kind,
      page.map(({ seen }) => seen.providerId),
      page.map(({ hash }) => hash),
    ]);
    if (rows[0]?.held !== 1) throw new SweepLeaseLostError(sweep.id ?? 'sighting');
    return new Map(rows.flatMap((row) => (row.page_id === null ? [] : [[row.page_id, row.id === null ? undefined : row] as const])));
  }

  private async write(sweep: SweepRef | Sighting, kind: Kind, changes: readonly Change[], requestedAt: Date): Promise<PageOutcome> {
    const [row] = await this.database.query<PageOutcome & { held: number }>(WRITE_CHANGES, [
      sweep.id,
      sweep.accountId,
      kind.kind,
      requestedAt,
      JSON.stringify(changes.map((change) => changeRow(kind, change))),
      sweep.source,
      sweep.source === 'sweep' ? null : this.config.provider.lagMs, // asked for by id: lists may not show it yet (INV-9)
      'sagaId' in sweep ? sweep.sagaId : null,
    ]);
    if (row?.held !== 1) throw new SweepLeaseLostError(sweep.id ?? 'sighting');
    const { discovered, updated, restored } = row;
    return { discovered, updated, restored };
  }
}

function changeRow(kind: Kind, change: Change) {
  const { seen } = change;
  const known = change.what === 'discovered' ? undefined : change.known;
  return {
    id: known?.id,
    owner_override: known?.owner_override,
    old_hash: known?.content_hash,
    what: change.what,
    provider_id: seen.providerId,
    urn: urnOf(kind, seen),
    name: seen.name,
    region: seen.region,
    status: seen.status,
    size_slug: seen.sizeSlug,
    attrs: seen.attrs,
    parents: seen.parents,
    content_hash: change.hash,
    changes: change.what === 'discovered' ? null : change.changes,
  };
}

/** A page may show one object twice; the later sighting counts. */
function distinct(page: readonly Observation[]): Observation[] {
  return [...new Map(page.map((seen) => [seen.providerId, seen])).values()];
}
