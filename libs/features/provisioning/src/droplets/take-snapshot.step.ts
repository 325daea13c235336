import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { SnapshotCalls, type Snapshot } from '../provider/snapshot-calls';
import { isCreatedSince, snapshotName } from '../provider/tag-calls';
import { outcomeOf } from '../provider/write-outcome';
import { leftAfterRestore } from '../provisioning.errors';
import type { WithDroplet } from './droplet.input';

interface SnapshotIntent {
  /** When the snapshot was last requested, or a snapshot of the droplet was last seen in progress; ms since the step began. */
  readonly movedAtMs: number;
  /** The number of requests, from 1. Refused requests do not count. */
  readonly create: number;
  /** True when the provider answered that the request did not happen. */
  readonly ruledOut: boolean;
  /** The id of the snapshot that a compensation has deleted. */
  readonly deleted?: string;
}

type Ctx = StepContext<WithDroplet>;

const SNAPSHOT_REASON = 'waiting for an unconfirmed snapshot to appear';

/**
 * Requests a snapshot under a name that only this saga uses. When the answer is lost, the step looks for that name while a snapshot of the
 * droplet is in progress and until the lag bound has passed after it, before it requests another one.
 */
@Injectable()
export class TakeSnapshotStep implements StepDefinition<WithDroplet> {
  readonly name = 'take_snapshot';
  readonly policy = { tries: 10, waitLimitMs: 7_200_000 };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly snapshots: SnapshotCalls,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const { droplet_id: id } = ctx.input;
    const name = snapshotName(id, ctx.sagaId);
    if (this.mayHaveHappened(ctx)) {
      if (await this.find(ctx, name)) return done({ name });
      if (await this.mayStillAppear(ctx)) return wait(this.config.saga.pollMs, SNAPSHOT_REASON);
    }
    const before = ctx.intent as unknown as SnapshotIntent | null;
    const create = (before?.create ?? 0) + (before?.ruledOut ? 0 : 1);
    const intent: SnapshotIntent = { movedAtMs: ctx.sinceBegunMs, create, ruledOut: false };
    await ctx.recordIntent({ ...intent });
    const outcome = await outcomeOf(this.droplets.startAction(id, { type: 'snapshot', name }, ctx.signal));
    if (outcome.is === 'done') return done({ name, action_id: outcome.value.id });
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, movedAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, SNAPSHOT_REASON);
    }
    await ctx.recordIntent({ ...intent, ruledOut: true });
    return outcome.is === 'not_found' ? fail(outcome.error, 'none') : outcome.answer;
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    if (!this.mayHaveHappened(ctx)) return done();
    const found = await this.find(ctx, snapshotName(ctx.input.droplet_id, ctx.sagaId));
    if (found && ctx.restored) return leftAfterRestore(`snapshot ${found.id}`);
    if (found) {
      await ctx.guard();
      const outcome = await outcomeOf(this.snapshots.delete(found.id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
      if (outcome.is === 'done') await ctx.recordIntent({ ...ctx.intent, deleted: found.id });
      return wait(this.config.saga.pollMs, `waiting for snapshot ${found.id} to be deleted`);
    }
    const deleted = (ctx.intent as unknown as SnapshotIntent | null)?.deleted;
    if (deleted !== undefined) await this.inventory.markDeleted('snapshot', deleted, ctx.sagaId);
    else if (await this.mayStillAppear(ctx)) return wait(this.config.saga.pollMs, SNAPSHOT_REASON);
    return done();
  };

  private mayHaveHappened(ctx: Ctx): boolean {
    return ctx.intent === null ? ctx.restored : !(ctx.intent as unknown as SnapshotIntent).ruledOut;
  }

  private async find(ctx: Ctx, name: string): Promise<Snapshot | undefined> {
    const snapshots = await this.snapshots.listOfAllDroplets(ctx.signal);
    return snapshots.find((snapshot) => snapshot.name === name && isCreatedSince(snapshot.createdAt, ctx.createdAtMs));
  }

  /** True while any snapshot of the droplet is in progress, and until the lag bound after it has passed. */
  private async mayStillAppear(ctx: Ctx): Promise<boolean> {
    const intent = ctx.intent as unknown as SnapshotIntent | null;
    const actions = await this.droplets.listNewestActions(ctx.input.droplet_id, ctx.signal);
    if (actions.some(({ type, status }) => type === 'snapshot' && status === 'in-progress')) {
      if (intent) await ctx.recordIntent({ ...intent, movedAtMs: ctx.sinceBegunMs });
      return true;
    }
    return ctx.sinceBegunMs < (intent?.movedAtMs ?? 0) + this.config.provider.lagMs;
  }
}
