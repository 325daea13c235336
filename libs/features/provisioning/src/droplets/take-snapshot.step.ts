import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { madeSince } from '../provider/creation-time';
import { SnapshotCalls } from '../provider/snapshot-calls';
import { snapshotName } from '../provider/saga-tags';
import { outcomeOf } from '../provider/write-outcome';
import { leftAfterRestore } from '../restored-saga';
import type { WithDroplet } from './own-droplet';

interface SnapshotIntent {
  /** When it was last asked for, or last seen that a snapshot of the droplet is being taken; ms since the step was begun. */
  readonly movedAtMs: number;
  /** From 1: how often it was asked for; what was refused does not count. */
  readonly create: number;
  readonly ruledOut: boolean;
  /** The one that was asked away. */
  readonly deleted?: string;
}

/**
 * Asks for a snapshot under a name that only this saga uses. When the answer is lost the name is looked for, while a snapshot of the droplet is being
 * taken and for the lag bound after that, before it is asked for again.
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

  readonly execute = async (ctx: StepContext<WithDroplet>): Promise<StepAnswer> => {
    const { droplet_id: id } = ctx.input;
    const name = snapshotName(id, ctx.sagaId);
    if (this.mayHaveHappened(ctx)) {
      if (await this.find(ctx, name)) return done({ name });
      if (await this.stillPossible(ctx)) return wait(this.config.saga.pollMs, 'whether the snapshot is being taken');
    }
    const before = ctx.intent as unknown as SnapshotIntent | null;
    const create = (before?.create ?? 0) + (before?.ruledOut ? 0 : 1);
    const intent: SnapshotIntent = { movedAtMs: ctx.sinceBegunMs, create, ruledOut: false };
    await ctx.recordIntent({ ...intent });
    const outcome = await outcomeOf(this.droplets.act(id, { type: 'snapshot', name }, ctx.signal));
    if (outcome.is === 'done') return done({ name, action_id: outcome.value.id });
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, movedAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, 'whether the snapshot is being taken');
    }
    await ctx.recordIntent({ ...intent, ruledOut: true });
    return outcome.is === 'gone' ? fail(outcome.error, 'none') : outcome.answer;
  };

  readonly compensate = async (ctx: StepContext<WithDroplet>): Promise<StepAnswer> => {
    if (!this.mayHaveHappened(ctx)) return done();
    const found = await this.find(ctx, snapshotName(ctx.input.droplet_id, ctx.sagaId));
    if (found && ctx.restored) return leftAfterRestore(`snapshot ${found.id}`);
    if (found) {
      await ctx.guard();
      const outcome = await outcomeOf(this.snapshots.destroy(found.id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
      if (outcome.is === 'done') await ctx.recordIntent({ ...ctx.intent, deleted: found.id });
      return wait(this.config.saga.pollMs, 'the snapshot being gone');
    }
    const deleted = (ctx.intent as unknown as SnapshotIntent | null)?.deleted;
    if (deleted !== undefined) await this.inventory.markDeleted('snapshot', deleted, ctx.sagaId);
    else if (await this.stillPossible(ctx)) return wait(this.config.saga.pollMs, 'whether a snapshot still appears');
    return done();
  };

  private mayHaveHappened(ctx: StepContext<WithDroplet>): boolean {
    return ctx.intent === null ? ctx.restored : !(ctx.intent as unknown as SnapshotIntent).ruledOut;
  }

  private async find(ctx: StepContext<WithDroplet>, name: string) {
    return (await this.snapshots.ofDroplets(ctx.signal)).find((one) => one.name === name && madeSince(one.createdAt, ctx.createdAtMs));
  }

  /** True while one is being taken, by whomever, and until the lag bound after the last sign of it has passed. */
  private async stillPossible(ctx: StepContext<WithDroplet>): Promise<boolean> {
    const intent = ctx.intent as unknown as SnapshotIntent | null;
    const actions = await this.droplets.newestActions(ctx.input.droplet_id, ctx.signal);
    if (actions.some(({ type, status }) => type === 'snapshot' && status === 'in-progress')) {
      if (intent) await ctx.recordIntent({ ...intent, movedAtMs: ctx.sinceBegunMs });
      return true;
    }
    return ctx.sinceBegunMs < (intent?.movedAtMs ?? 0) + this.config.provider.lagMs;
  }
}
