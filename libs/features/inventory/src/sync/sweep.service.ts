import { AccountBinding, AccountUnknownError, OtherAccountError } from '#libs/accounts';
import { AuditLog, type AuditContext } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import {
  DigitalOcean,
  ForbiddenByProviderError,
  IncompleteListError,
  ProviderNotConfiguredError,
  TokenRejectedError,
} from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { inSpan, withLogFields } from '#libs/observability';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SweepLeaseLostError, SweepNotFoundError, SweepNotReleasableError } from '../inventory.errors';
import { ACTION_FEED, listedKind, sweepNamed } from '../kinds';
import { ProjectMembershipRepository } from '../projects/project-membership.repository';
import { MissRecorder } from '../recorder/miss-recorder';
import { ActionFeed } from './action-feed';
import { ListSweep } from './list-sweep';
import { ProjectReconciler } from './project-reconciler';
import { ProjectSweep } from './project-sweep';
import { SWEEP_COLUMNS, SweepProgress, sweepView, type SweepRow, type SweepRun, type SweepTrigger, type SweepView } from './sweep';
import { SweepLedger } from './sweep-ledger';

type UnboundRun = Omit<SweepRun, 'accountId' | 'fingerprint'>;

/** Requests, runs and releases sweeps. Concurrent runs of a kind have the effect of one: the others return the running sweep. [INV-10] */
@Injectable()
export class SweepService {
  private readonly log = new Logger(SweepService.name);

  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly ledger: SweepLedger,
    private readonly lists: ListSweep,
    private readonly projects: ProjectSweep,
    private readonly actions: ActionFeed,
    private readonly misses: MissRecorder,
    private readonly reconciler: ProjectReconciler,
    private readonly members: ProjectMembershipRepository,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Creates a sweep of this kind for a worker to claim, or returns the one that runs already. */
  async request(kind: string, context: AuditContext): Promise<SweepView> {
    sweepNamed(kind);
    await this.ledger.closeLapsed();
    return this.database.transaction(async (tx) => {
      const sweep = await this.ledger.requestSweep(tx, kind);
      await this.audit.record(tx, { ...context, action: 'sweep_requested', target: { type: 'sweep', id: sweep.id }, details: { kind } });
      return sweepView(sweep);
    });
  }

  /**
   * Accepts a suspect list: the rows it missed get their strike, and later sweeps that miss no other rows are trusted. [INV-5]
   * It deletes nothing: a row still needs all of its strikes and the provider's 404.
   */
  async release(sweepId: string, context: AuditContext): Promise<SweepView> {
    return this.database.transaction(async (tx) => {
      const sweep = await this.markReleased(tx, sweepId);
      const struck = await this.misses.strikeReleased(tx, sweepId);
      await this.reconciler.strikeReleased(tx, sweepId);
      await this.members.missReleased(tx, sweepId);
      await this.audit.record(tx, {
        ...context,
        action: 'sweep_released',
        target: { type: 'sweep', id: sweepId },
        details: { kind: sweep.kind, struck },
      });
      return sweepView({ ...sweep, struck });
    });
  }

  /** Resolves when the sweep has ended, with any status. Rejects only when the ledger itself cannot be written. */
  async run(kind: string, { trigger, signal }: { trigger: SweepTrigger; signal?: AbortSignal }): Promise<SweepView> {
    const { sync } = sweepNamed(kind);
    if (!this.provider.configured) throw new ProviderNotConfiguredError();
    const { sweep, mine } = await this.ledger.openSweep(kind, trigger);
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
    const heartbeat = setInterval(() => void this.renewLease(run.id, stop), this.config.inventory.sweepLeaseMs / 3);
    const span = { name: `sweep ${kind}`, kind: 'internal', attributes: { sweep_id: run.id } } as const;
    try {
      await withLogFields({ sweep_id: run.id }, () => inSpan(span, () => this.sweep(run)));
    } catch (error) {
      await this.closeFailed(run, error);
    } finally {
      clearInterval(heartbeat);
    }
    return this.report(await this.ledger.get(run.id));
  }

  /** True when a scheduled sweep should not run: it would repeat a refusal [INV-7], or use too much of its token. */
  async shouldSkip(kind: string): Promise<boolean> {
    return (await this.ledger.wasForbidden(kind)) || (await this.ledger.exceedsTokenShare(kind, sweepNamed(kind).sync.everyMs));
  }

  private async markReleased(tx: Queryable, sweepId: string): Promise<SweepRow> {
    const [released] = await tx.query<SweepRow>(
      `update cloud_sweeps set status = 'released', released_at = clock_timestamp()
        where id = $1 and status = 'suspect' and missing is not null returning ${SWEEP_COLUMNS}`,
      [sweepId],
    );
    if (released) return released;
    const known = await tx.query('select 1 from cloud_sweeps where id = $1', [sweepId]);
    throw known.length > 0 ? new SweepNotReleasableError(sweepId) : new SweepNotFoundError(sweepId);
  }

  private async sweep(run: UnboundRun): Promise<void> {
    const { accountId, fingerprint } = await this.binding.check(run.purpose);
    await this.ledger.setAccount(run.id, accountId);
    const kind = listedKind(run.kind);
    const bound: SweepRun = { ...run, accountId, fingerprint };
    if (kind) return this.lists.run(bound, kind);
    await (run.kind === ACTION_FEED.kind ? this.actions.run(bound) : this.projects.run(bound));
  }

  /** Closes a sweep that threw. A sweep that lost its lease was closed by the session that replaced it. */
  private async closeFailed({ id, kind, progress, signal }: UnboundRun, error: unknown): Promise<void> {
    const { status, reason } = sweepOutcome(error, signal);
    if (reason === 'internal')
      this.log.error({ event: 'sweep_failed', kind, sweep_id: id }, error instanceof Error ? error.stack : undefined);
    try {
      await progress.saveCounts();
      await this.ledger.closeSweep(this.database, id, status, reason);
    } catch (closing) {
      if (!(closing instanceof SweepLeaseLostError)) throw closing;
    }
  }

  private async renewLease(sweepId: string, stop: AbortController): Promise<void> {
    await this.ledger.saveProgress(sweepId).catch((error: unknown) => {
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

/** The status and reason of a sweep that ended with an error. `refused`: the token may sync nothing, or not this kind. [INV-6, INV-7] */
function sweepOutcome(error: unknown, signal: AbortSignal): { status: 'incomplete' | 'refused'; reason: string } {
  if (signal.aborted) return { status: 'incomplete', reason: 'stopped' }; // any error of a process that is stopping means this
  const refused =
    error instanceof OtherAccountError ||
    error instanceof AccountUnknownError ||
    error instanceof TokenRejectedError ||
    error instanceof ForbiddenByProviderError;
  const reason = error instanceof IncompleteListError ? error.reason : errorCode(error);
  return { status: refused ? 'refused' : 'incomplete', reason };
}
