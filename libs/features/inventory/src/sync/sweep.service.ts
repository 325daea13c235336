import { AccountBinding, AccountUnknownError, OtherAccountError } from '#libs/accounts';
import { AuditLog, type AuditContext } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { Database, queryableOf, Transaction } from '#libs/database';
import {
  DigitalOcean,
  ForbiddenByProviderError,
  IncompleteListError,
  NotFoundAtProviderError,
  ProviderNotConfiguredError,
  RefusedByProviderError,
  TokenRejectedError,
} from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { inSpan, withLogFields } from '#libs/observability';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { IsNull, Not, type EntityManager } from 'typeorm';
import { Sweep, type SweepTrigger } from '../entities/sweep.entity';
import { SweepLeaseLostError, SweepNotFoundError, SweepNotReleasableError } from '../inventory.errors';
import { ACTION_FEED, listedKind, SWEEPS, sweepNamed, type SweptKind } from '../kinds';
import { MissRecorder } from '../recorder/miss-recorder';
import { ActionFeed } from './action-feed';
import { ListSweep } from './list-sweep';
import { ProjectReconciler } from './project-reconciler';
import { ProjectSweep } from './project-sweep';
import { SweepProgress, sweepView, type SweepRun, type SweepView } from './sweep';
import { SweepLedger } from './sweep-ledger';

/** Unreadable objects in one log line; the sweep names more. */
const MOST_UNREADABLE_LOGGED = 5;

type UnboundRun = Omit<SweepRun, 'accountId' | 'fingerprint'>;

/** Requests, runs and releases sweeps. Concurrent runs of a kind have the effect of one: the others return the running sweep. [INV-10] */
@Injectable()
export class SweepService {
  private readonly log = new Logger(SweepService.name);

  constructor(
    private readonly database: Database,
    private readonly transaction: Transaction,
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly ledger: SweepLedger,
    private readonly lists: ListSweep,
    private readonly projects: ProjectSweep,
    private readonly actions: ActionFeed,
    private readonly misses: MissRecorder,
    private readonly reconciler: ProjectReconciler,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Creates a sweep of this kind for a worker to claim, or returns the one that runs already. */
  async request(kind: string, context: AuditContext): Promise<SweepView> {
    sweepNamed(kind);
    await this.ledger.closeLapsed();
    return this.transaction.run(async (em) => {
      const sweep = await this.ledger.requestSweep(em, kind);
      const target = { type: 'sweep', id: sweep.id };
      await this.audit.record(queryableOf(em), { ...context, action: 'sweep_requested', target, details: { kind } });
      return sweepView(sweep);
    });
  }

  /**
   * Accepts a suspect list: the rows it missed get their strike, and later sweeps that miss no other rows are trusted. [INV-5]
   * It deletes nothing: a row still needs all of its strikes and the provider's 404.
   */
  async release(sweepId: string, context: AuditContext): Promise<SweepView> {
    return this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      const sweep = await this.markReleased(em, sweepId);
      const struck = await this.misses.strikeReleased(tx, sweep);
      await this.reconciler.strikeReleased(tx, sweepId);
      await this.audit.record(tx, {
        ...context,
        action: 'sweep_released',
        target: { type: 'sweep', id: sweepId },
        details: { kind: sweep.kind, struck },
      });
      return sweepView(Object.assign(sweep, { struck }));
    });
  }

  /** Resolves when the sweep has ended, with any status. Rejects only when the ledger itself cannot be written. */
  async run(kind: string, { trigger, signal }: { trigger: SweepTrigger; signal?: AbortSignal }): Promise<SweepView> {
    const { sync } = sweepNamed(kind);
    if (!this.provider.configured) throw new ProviderNotConfiguredError();
    const mine = await this.ledger.openSweep(kind, trigger);
    const openedAtMs = performance.now();
    if (!mine) return sweepView(await this.ledger.findLatest(kind));
    const stop = new AbortController();
    const run: UnboundRun = {
      id: mine.id,
      kind,
      purpose: sync.queue,
      source: kind === ACTION_FEED.kind ? 'action_feed' : 'sweep',
      startedAt: mine.startedAt,
      openedAtMs,
      progress: new SweepProgress(this.ledger, mine.id),
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

  /** True when a scheduled sweep should not run: it would repeat a refusal [INV-7], read a list that the account does not use, or use too much of its token. */
  async shouldSkip(kind: string): Promise<boolean> {
    return (await this.ledger.isPaused(kind)) || (await this.ledger.exceedsTokenShare(sweepNamed(kind)));
  }

  /** The kinds that are listed under resources of this kind, and could not be listed yet because these were not. */
  async waitingForParents(parentKind: string): Promise<SweptKind[]> {
    const children = SWEEPS.filter(({ under }) => under?.kind === parentKind);
    const waits = await Promise.all(children.map(({ kind }) => this.ledger.waitsForParents(kind)));
    return children.filter((_child, nth) => waits[nth]);
  }

  /** Throws `SweepNotFoundError`, or `SweepNotReleasableError` for a sweep that is not the latest suspect one of its kind. */
  private async markReleased(em: EntityManager, sweepId: string): Promise<Sweep> {
    const releasable = { id: sweepId, status: 'suspect', missing: Not(IsNull()) } as const;
    const { affected } = await em.update(Sweep, releasable, { status: 'released', releasedAt: () => 'clock_timestamp()' });
    const sweep = await em.findOneBy(Sweep, { id: sweepId });
    if (!sweep) throw new SweepNotFoundError(sweepId);
    if (affected !== 1) throw new SweepNotReleasableError(sweepId);
    return sweep;
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
    const outcome = sweepOutcome(error, signal);
    const { reason } = outcome;
    if (reason === 'internal')
      this.log.error({ event: 'sweep_failed', kind, sweep_id: id }, error instanceof Error ? error.stack : undefined);
    try {
      await progress.saveCounts();
      const listed = listedKind(kind);
      const isOut = !signal.aborted && listed !== undefined && listed.required === undefined && isNotAvailable(error);
      const status = !isOut ? outcome.status : (await this.ledger.wasNeverRead(kind)) ? 'not_available' : 'refused';
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

  private report(sweep: Sweep): SweepView {
    const { id, kind, status, reason, calls, seen, discovered, updated, restored, struck, deleted } = sweep;
    const line = { event: 'sweep_ended', sweep_id: id, kind, status, reason, calls, seen, discovered, updated, restored, struck, deleted };
    const { unreadableItems } = sweep;
    if (unreadableItems.length > 0) this.log.warn({ ...line, unreadable: unreadableItems.slice(0, MOST_UNREADABLE_LOGGED) });
    else if (status === 'complete' || status === 'not_available') this.log.log(line);
    else this.log.warn(line);
    return sweepView(sweep);
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

/** [KND-2] The token may not read the list, or the account does not have the product (404, 412). */
function isNotAvailable(error: unknown): boolean {
  return (
    error instanceof ForbiddenByProviderError ||
    error instanceof NotFoundAtProviderError ||
    (error instanceof RefusedByProviderError && error.status === 412)
  );
}
