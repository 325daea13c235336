import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean, type ListPage } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import { AccountBinding } from '../account/account-binding';
import type { Kind, KindList, Observation } from '../kinds/kind';
import { MissRecorder } from '../recorder/miss-recorder';
import { OwnershipRecorder } from '../recorder/ownership-recorder';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { Confirmation } from './confirmation';
import { decideMisses } from '../recorder/decide-misses';
import { missRules } from '../recorder/miss-rules';
import { NamedParents, ParentsOfChildren } from './parent-resolver';
import { SweepLedger } from './sweep-ledger';
import { askedAt, type SweepRun } from './sweep';

/** Sweeps a kind that has lists of its own: list → observe → record, and only after a complete listing strike what was missing. */
@Injectable()
export class ListSweep {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
    private readonly recorder: ResourceRecorder,
    private readonly misses: MissRecorder,
    private readonly owners: OwnershipRecorder,
    private readonly parents: NamedParents,
    private readonly confirmation: Confirmation,
    private readonly ledger: SweepLedger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Throws whatever makes the listing incomplete, after recording what was seen until then. */
  async run(run: SweepRun, kind: Kind): Promise<void> {
    const listed = new Set<string>();
    const { namedBy } = kind;
    const parents = namedBy && (await this.parents.of(run, namedBy));
    for (const list of kind.lists) await this.recordList(run, kind, list, listed, parents);
    const asked = namedBy && parents && (await this.parents.askForUnlisted(run, kind, namedBy, parents, listed));
    const situation = await this.misses.missing(run, kind.kind, [...listed], kind.kind);
    const decision = decideMisses(situation, missRules(this.config, kind));
    if (decision.suspect) {
      const missing = situation.missing.map((row) => `${kind.kind}/${row.providerId}`);
      await run.progress.flush();
      return this.ledger.close(this.database, run.id, 'suspect', decision.suspect, missing);
    }
    const { gone, alive } = await this.confirmation.confirm(run, kind, decision.condemned);
    const strike = decision.strike.filter((row) => !alive.has(row.id));
    await this.pin.reverify(run.purpose); // another account's 404 proves nothing (INV-6)
    await run.progress.flush();
    await this.database.transaction(async (tx) => {
      if (run.progress.hasChanges) await this.owners.lockAttribution(tx);
      await this.ledger.hold(tx, run.id);
      await this.misses.strikeAndBury(tx, run, strike, gone);
      if (run.progress.hasChanges) await this.owners.settle(tx, run);
      await this.ledger.close(tx, run.id, 'complete', asked ? 'parents_asked_one_by_one' : null);
    });
  }

  /** While one page is being written, the next is fetched, read and compared: at most two are in hand. */
  private async recordList(run: SweepRun, kind: Kind, list: KindList, listed: Set<string>, parents?: ParentsOfChildren): Promise<void> {
    const { purpose, fingerprint, signal } = run;
    const { path, query, key, holds } = list;
    const parse = (raw: unknown): Listed => ({ seen: kind.observe(raw), ours: holds?.(raw) ?? true });
    const before = run.progress.pagesDone;
    const recorded: Promise<void>[] = [];
    try {
      for await (const page of this.provider.list({ purpose, fingerprint, path, query, key, parse, idOf, signal })) {
        await this.pin.reverify(purpose); // a long sweep outlives the check at its start (INV-6)
        const items = page.items.flatMap(({ seen, ours }) => (ours ? [parents?.adopt(seen) ?? seen] : []));
        const fresh = items.filter((seen) => !listed.has(seen.providerId)).length;
        for (const seen of items) listed.add(seen.providerId);
        run.progress.expect(before + Math.max(page.pagesExpected, page.page));
        const next = this.recordPage(run, kind, { ...page, items }, fresh);
        next.catch(() => undefined); // looked at in its turn
        recorded.push(next);
        await recorded.at(-2);
      }
      await recorded.at(-1);
    } finally {
      await Promise.allSettled(recorded.slice(-2));
    }
  }

  private async recordPage(run: SweepRun, kind: Kind, page: ListPage<Observation>, seen: number): Promise<void> {
    const outcome = await this.recorder.recordPage(run, kind, page.items, askedAt(run, page.requestedAtMs));
    await run.progress.add({ pagesDone: 1, calls: page.calls, seen, ...outcome });
  }
}

/** An entry of a list; `ours` is false for objects of other kinds that share it. */
interface Listed {
  readonly seen: Observation;
  readonly ours: boolean;
}

function idOf({ seen }: Listed): string {
  return seen.providerId;
}
