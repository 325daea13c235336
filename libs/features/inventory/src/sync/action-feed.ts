import { Database } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { AccountBinding } from '../account/account-binding';
import { listedKind } from '../kinds';
import type { Observation } from '../kinds/kind';
import { ResourceRecorder } from '../recorder/resource-recorder';
import { askedById } from './asked-by-id';
import { SweepLedger } from './sweep-ledger';
import { askedAt, type SweepRun } from './sweep';
import { KEEP_ACTIONS, OPEN_ACTIONS, READ_UP_TO, TELL_ACTIONS } from './actions.sql';
import { kindsToResync, affectedResources, type ObservedAction } from './action-effects';
import { parseAction, type ProviderAction } from './provider-action';

/** A feed that is further behind is not read to its end: the kinds' own sweeps tell what became of it. */
const MOST_PAGES = 25;
/** Per pass: actions asked for by id because the feed no longer shows them, and objects read again. More are left to the sweeps. */
const MOST_SINGLE_READS = 20;

/**
 * Reads the account's action feed from its newest page back to what is known, keeps what it says, and looks again at just what changed, so
 * that a change behind our back shows within a minute or so, with the action that made it.
 */
@Injectable()
export class ActionFeed {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
    private readonly recorder: ResourceRecorder,
    private readonly ledger: SweepLedger,
  ) {}

  async run(run: SweepRun): Promise<void> {
    const shown = new Set<string>();
    const heard = [...(await this.readFeed(run, shown)), ...(await this.readOpenOnes(run, shown))];
    for (const { kind, providerId } of affectedResources(heard).slice(0, MOST_SINGLE_READS)) await this.readAgain(run, kind, providerId);
    await this.pin.reverify(run.purpose);
    await run.progress.flush();
    await this.database.transaction(async (tx) => {
      await this.ledger.hold(tx, run.id);
      await tx.query(TELL_ACTIONS, [run.id, run.accountId]);
      for (const kind of kindsToResync(heard)) await this.ledger.request(tx, kind, 'action_feed');
      await this.ledger.close(tx, run.id, 'complete', null);
    });
  }

  private async readFeed(run: SweepRun, shown: Set<string>): Promise<ObservedAction[]> {
    const { purpose, fingerprint, signal, accountId } = run;
    const [known] = await this.database.query<{ begun: boolean; id: string | null }>(READ_UP_TO, [accountId]);
    const heard: ObservedAction[] = [];
    const idOf = (action: ProviderAction) => action.actionId;
    for await (const page of this.provider.list({
      purpose,
      fingerprint,
      path: '/v2/actions',
      key: 'actions',
      parse: parseAction,
      idOf,
      signal,
    })) {
      await this.pin.reverify(purpose);
      for (const { actionId } of page.items) shown.add(actionId);
      const news = await this.keep(run, page.items);
      if (known?.begun) heard.push(...news); // the first look finds history, of which the sweeps know the outcome
      await run.progress.add({ pagesDone: 1, calls: page.calls, seen: page.items.length });
      const reachedKnown = !known?.id || page.items.some((action) => BigInt(action.actionId) <= BigInt(known.id ?? 0));
      if (reachedKnown || page.page >= MOST_PAGES) break;
    }
    run.progress.expect(run.progress.pagesDone);
    return heard;
  }

  private async readOpenOnes(run: SweepRun, shown: ReadonlySet<string>): Promise<ObservedAction[]> {
    const { purpose, fingerprint, signal } = run;
    const open = await this.database.query<{ id: string }>(OPEN_ACTIONS, [run.accountId, MOST_SINGLE_READS]);
    const heard: ObservedAction[] = [];
    for (const { id } of open.filter((action) => !shown.has(action.id))) {
      const answer = await askedById(
        this.provider.get({ purpose, fingerprint, path: `/v2/actions/${id}`, key: 'action', parse: parseAction, signal }),
      );
      if (answer.proved === 'alive') heard.push(...(await this.keep(run, [answer.object])));
      await run.progress.add({ calls: 1 });
    }
    return heard;
  }

  private keep(run: SweepRun, actions: readonly ProviderAction[]): Promise<ObservedAction[]> {
    return this.database.query<ObservedAction>(KEEP_ACTIONS, [run.id, run.accountId, JSON.stringify(actions)]);
  }

  /** What the provider no longer has is left to the kind's next sweep, which knows how to be sure. */
  private async readAgain(run: SweepRun, kindName: string, providerId: string): Promise<void> {
    const kind = listedKind(kindName);
    if (!kind?.fetch) return;
    const requestedAtMs = performance.now();
    const { purpose, fingerprint, signal } = run;
    const path = kind.fetch.path(encodeURIComponent(providerId));
    const answer = await askedById(
      this.provider.get<Observation>({ purpose, fingerprint, path, key: kind.fetch.key, parse: kind.observe, signal }),
    );
    await run.progress.add({ calls: 1 });
    if (answer.proved === 'alive' && answer.object.providerId === providerId)
      await run.progress.add(await this.recorder.recordPage(run, kind, [answer.object], askedAt(run, requestedAtMs)));
  }
}
