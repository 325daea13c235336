import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean, ProviderNotConfiguredError } from '#libs/digitalocean';
import { inSpan, withLogFields } from '#libs/observability';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AccountBinding } from '../account/account-binding';
import { ActionFeed } from './action-feed';
import { ACTION_FEED, listedKind, sweepNamed } from '../kinds';
import { ProjectSweep } from './project-sweep';
import { ListSweep } from './list-sweep';
import { sweepOutcome } from './sweep-ending';
import { SweepProgress } from './progress-notes';
import { SweepLedger } from './sweep-ledger';
import type { SweepRun } from './sweep';
import { SweepLeaseLostError } from './sweep.error';
import { sweepView, type SweepRow, type SweepTrigger, type SweepView } from './sweep.view';

type UnboundRun = Omit<SweepRun, 'accountId' | 'fingerprint'>;

/** Runs sweeps. Any number of calls for a kind have the effect of one: while one is running, the others answer with it (INV-10). */
@Injectable()
export class SweepService {
  private readonly log = new Logger(SweepService.name);

  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
    private readonly ledger: SweepLedger,
    private readonly lists: ListSweep,
    private readonly projects: ProjectSweep,
    private readonly actions: ActionFeed,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Resolves when the sweep has ended, however it ended; the ledger says how. Rejects only when the ledger itself cannot be written. */
  async run(kind: string, { trigger, signal }: { trigger: SweepTrigger; signal?: AbortSignal }): Promise<SweepView> {
    const { sync } = sweepNamed(kind);
    if (!this.provider.configured) throw new ProviderNotConfiguredError();
    const { sweep, mine } = await this.ledger.open(kind, trigger);
    const openedAtMs = performance.now();
    if (!mine) return sweepView(sweep);
    const stop = new AbortController();
    const run: UnboundRun = {
      id: sweep.id,
      kind,
      purpose: sync.queue,
      source: kind === ACTION_FEED.kind ? 'action_feed' : 'sweep',
      startedAt: sweep.started_at,
      openedAtMs,
      progress: new SweepProgress(this.ledger, sweep.id),
      signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    };
    const heartbeat = setInterval(() => void this.beat(run.id, stop), this.config.inventory.sweepLeaseMs / 3);
    const span = { name: `sweep ${kind}`, kind: 'internal', attributes: { sweep_id: run.id } } as const;
    try {
      await withLogFields({ sweep_id: run.id }, () => inSpan(span, () => this.sweep(run)));
    } catch (error) {
      await this.conclude(run, error);
    } finally {
      clearInterval(heartbeat);
    }
    return this.report(await this.ledger.get(run.id));
  }

  /** Whether a sweep that nobody asks for should be left out: it would repeat a refusal (INV-7), or use too much of the token. */
  async rests(kind: string): Promise<boolean> {
    return (await this.ledger.wasForbidden(kind)) || (await this.ledger.isStretched(kind, sweepNamed(kind).sync.everyMs));
  }

  private async sweep(run: UnboundRun): Promise<void> {
    const { accountId, fingerprint } = await this.pin.check(run.purpose);
    await this.ledger.belongsTo(run.id, accountId);
    const kind = listedKind(run.kind);
    const bound: SweepRun = { ...run, accountId, fingerprint };
    if (kind) return this.lists.run(bound, kind);
    await (run.kind === ACTION_FEED.kind ? this.actions.run(bound) : this.projects.run(bound));
  }

  /** A sweep that lost its place was closed by whoever took it over. */
  private async conclude({ id, kind, progress, signal }: UnboundRun, error: unknown): Promise<void> {
    const { status, reason } = sweepOutcome(error, signal);
    if (reason === 'internal')
      this.log.error({ event: 'sweep_failed', kind, sweep_id: id }, error instanceof Error ? error.stack : undefined);
    try {
      await progress.flush();
      await this.ledger.close(this.database, id, status, reason);
    } catch (closing) {
      if (!(closing instanceof SweepLeaseLostError)) throw closing;
    }
  }

  private async beat(sweepId: string, stop: AbortController): Promise<void> {
    await this.ledger.progress(sweepId).catch((error: unknown) => {
      if (error instanceof SweepLeaseLostError) stop.abort(error);
    });
  }

  private report(row: SweepRow): SweepView {
    const { id, kind, status, reason, calls, seen, discovered, updated, restored, struck, deleted } = row;
    const line = { event: 'sweep_ended', sweep_id: id, kind, status, reason, calls, seen, discovered, updated, restored, struck, deleted };
    if (status === 'complete') this.log.log(line);
    else this.log.warn(line);
    return sweepView(row);
  }
}
