import { AccountBinding } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean, idText, IncompleteListError, NotFoundAtProviderError, record, type ListPage } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { readableId, type Kind, type KindList, type ListUnderParents, type Observation } from '../kinds/kind';
import { decideMisses, missRules } from '../recorder/decide-misses';
import { MissRecorder } from '../recorder/miss-recorder';
import { OwnershipRecorder } from '../recorder/ownership-recorder';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { BackupPolicies } from './backup-policies';
import { Confirmation } from './confirmation';
import { ParentIndex, ParentResolver } from './parent-resolver';
import { databaseTime, minSweepIntervalMs, type SweepRun } from './sweep';
import { SweepLedger } from './sweep-ledger';

/** Sweeps a kind that has lists of its own: list, observe, record; and only after a complete list strike the missing rows. */
@Injectable()
export class ListSweep {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly recorder: ResourceRecorder,
    private readonly misses: MissRecorder,
    private readonly owners: OwnershipRecorder,
    private readonly parents: ParentResolver,
    private readonly confirmation: Confirmation,
    private readonly policies: BackupPolicies,
    private readonly ledger: SweepLedger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Throws the error that makes the list incomplete, after recording the objects that were seen until then. */
  async run(run: SweepRun, kind: Kind): Promise<void> {
    const listed = new Set<string>();
    const { namedBy } = kind;
    const parents = namedBy && (await this.parents.loadParents(run, namedBy));
    for (const list of kind.lists) {
      const { orOne } = list;
      await this.recordList(run, kind, list, listed, { parents }).catch((error: unknown) => {
        if (orOne && error instanceof NotFoundAtProviderError) return this.recordOne(run, kind, orOne, listed);
        throw error;
      });
    }
    if (kind.under) await this.listUnderParents(run, kind, kind.under, listed);
    const readParents = namedBy && parents && (await this.parents.findUnlisted(run, kind, namedBy, parents, listed));
    this.assertFewUnreadable(run, listed.size);
    if (kind.readsBackupPolicies) await this.policies.read(run);
    const situation = await this.misses.findMissing(run, kind.kind, [...listed], kind.kind);
    const decision = decideMisses(situation, missRules(this.config, kind));
    if (decision.suspect) {
      const missing = situation.missing.map((row) => `${kind.kind}/${row.providerId}`);
      await run.progress.saveCounts();
      return this.ledger.closeSweep(this.database, run.id, 'suspect', decision.suspect, missing);
    }
    const { deleted, alive } = await this.confirmation.confirm(run, kind, decision.tombstone);
    const strike = decision.strike.filter((row) => !alive.has(row.id));
    await this.binding.reverify(run.purpose); // a 404 of another account proves nothing [INV-6]
    await run.progress.saveCounts();
    await this.database.transaction(async (tx) => {
      if (run.progress.hasChanges) await this.owners.lockAttribution(tx);
      await this.ledger.lockSweep(tx, run.id);
      await this.misses.strikeAndTombstone(tx, run, strike, deleted);
      await this.misses.clearStrikes(tx, run, run.progress.unreadableItems);
      if (run.progress.hasChanges) await this.owners.settle(tx, run);
      const reason = run.progress.completeReason ?? (readParents ? 'parents_asked_one_by_one' : null);
      await this.ledger.closeSweep(tx, run.id, 'complete', reason);
    });
  }

  /** Many unreadable objects at once mean that the API has changed: the list says little about the account then, and strikes nothing. */
  private assertFewUnreadable({ progress }: SweepRun, listed: number): void {
    const { vanishMin, vanishMaxRatio } = this.config.inventory;
    if (progress.unreadableItems.length > Math.max(vanishMin, vanishMaxRatio * listed)) throw new IncompleteListError('unreadable_item');
  }

  /**
   * Reads the list of each parent in turn: at once as many as the kind may call in a minute, and then one at a time, so that thousands of
   * parents spread over the cadence. A parent that was deleted in the meantime has no children. [KND-3]
   */
  private async listUnderParents(run: SweepRun, kind: Kind, under: ListUnderParents, listed: Set<string>): Promise<void> {
    if (await this.ledger.isUnlisted(under.kind)) throw new IncompleteListError('parents_not_listed');
    const parents = await this.parents.listLive(run.accountId, under.kind);
    const pauseMs = minSweepIntervalMs(1, this.config.provider, under.tokenShare);
    const atOnce = Math.floor(this.config.provider.ratePerMinute * under.tokenShare);
    for (const [nth, parentId] of parents.entries()) {
      if (nth >= atOnce) await delay(pauseMs, undefined, { signal: run.signal });
      const { key, unpaged } = under;
      try {
        await this.recordList(run, kind, { path: under.path(encodeURIComponent(parentId)), key, unpaged }, listed, { parentId });
      } catch (error) {
        if (!(error instanceof NotFoundAtProviderError)) throw error;
        await run.progress.addCounts({ calls: 1 });
      }
    }
  }

  private async recordOne(run: SweepRun, kind: Kind, { path, key }: { path: string; key: string }, listed: Set<string>): Promise<void> {
    const { purpose, fingerprint, signal } = run;
    const requestedAtMs = performance.now();
    const seen = await this.provider.get({ purpose, fingerprint, path, key, parse: (raw) => kind.observe(raw), signal });
    await this.binding.reverify(purpose);
    listed.add(seen.providerId);
    await this.recordPage(run, kind, { items: [seen], requestedAtMs, calls: 2 }, 1); // the first found no list
  }

  /** While one page is written, the next is fetched and compared: at most two pages are in progress. */
  private async recordList(
    run: SweepRun,
    kind: Kind,
    list: KindList,
    listed: Set<string>,
    { parents, parentId }: { parents?: ParentIndex; parentId?: string },
  ): Promise<void> {
    const { purpose, fingerprint, signal } = run;
    const { path, query, key, unpaged, mayOmitKey, objectsIn } = list;
    const parse = (raw: unknown) => parseListed(kind, list, raw, parentId);
    const idOfUnreadable = (raw: unknown) => readableId(kind, raw, parentId);
    const request = { purpose, fingerprint, path, query, key, unpaged, mayOmitKey, parse, idOf, idOfUnreadable, signal };
    const before = run.progress.pagesDone;
    const recorded: Promise<void>[] = [];
    try {
      for await (const page of this.provider.list(request)) {
        await this.binding.reverify(purpose); // a long sweep outlasts the check at its start [INV-6]
        const items = page.items.flatMap(({ seen }) => seen.map((one) => parents?.withParent(one) ?? one));
        const fresh = items.filter((seen) => !listed.has(seen.providerId)).length;
        for (const seen of items) listed.add(seen.providerId);
        for (const { id } of page.unreadable) if (id !== null) listed.add(id);
        run.progress.addUnreadable(path, page.unreadable);
        if (objectsIn && page.unreadable.length > 0) throw new IncompleteListError('unreadable_item'); // it may contain known objects
        run.progress.expectPages(before + Math.max(page.pagesExpected, page.page));
        const next = this.recordPage(run, kind, { ...page, items }, fresh);
        next.catch(() => undefined); // a rejection is handled when this page is awaited
        recorded.push(next);
        await recorded.at(-2);
      }
      await recorded.at(-1);
    } finally {
      await Promise.allSettled(recorded.slice(-2));
    }
  }

  private async recordPage(
    run: SweepRun,
    kind: Kind,
    page: Pick<ListPage<Observation>, 'items' | 'requestedAtMs' | 'calls'>,
    seen: number,
  ): Promise<void> {
    const outcome = await this.recorder.recordPage(run, kind, page.items, databaseTime(run, page.requestedAtMs));
    await run.progress.addCounts({ pagesDone: 1, calls: page.calls, seen, ...outcome });
  }
}

/** An entry of a list with the objects of the kind that it contains: none for an object of another kind. */
interface Listed {
  readonly id: string;
  readonly seen: readonly Observation[];
}

function parseListed(kind: Kind, { key, includes, objectsIn }: KindList, raw: unknown, parentId: string | undefined): Listed {
  if (objectsIn) return { id: idText(record(raw, key), 'id'), seen: objectsIn(raw).map((one) => kind.observe(one)) };
  if (includes?.(raw) === false) return { id: idText(record(raw, key), kind.idField ?? 'id'), seen: [] };
  const seen = kind.observe(raw, parentId);
  return { id: seen.providerId, seen: [seen] };
}

function idOf({ id }: Listed): string {
  return id;
}
