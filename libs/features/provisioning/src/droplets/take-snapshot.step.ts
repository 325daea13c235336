import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, underWay, wait, type StepAnswer, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { DropletCalls } from '../provider/droplet-calls';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { SnapshotCalls, type Snapshot } from '../provider/snapshot-calls';
import { isCreatedSince, snapshotName } from '../provider/tag-calls';
import { leftAfterRestore } from '../provisioning.errors';
import { answerRefusal } from './droplet-action-runner';
import type { WithDroplet } from './droplet.input';

type SnapshotIntent = {
  /** When the snapshot was last requested, or a snapshot of the droplet was last seen in progress; ms since the step began. */
  readonly movedAtMs: number;
  /** The number of requests, from 1. Refused requests do not count. */
  readonly create: number;
  /** True when the provider answered that the request did not happen. */
  readonly ruledOut: boolean;
  /** The id of the snapshot that a compensation has deleted. */
  readonly deleted?: string;
};

type TakenSnapshot = { readonly name: string; readonly action_id?: string };

export const TAKE_SNAPSHOT: StepKey<TakenSnapshot> = { name: 'take_snapshot' };

type Ctx = StepContext<WithDroplet, SnapshotIntent, TakenSnapshot>;

const SNAPSHOT_REASON = 'waiting for an unconfirmed snapshot to appear';

/**
 * Requests a snapshot under a name that only this saga uses. When the answer is lost, the step searches for that name while a snapshot of the
 * droplet is in progress and until the lag bound has passed after it, before it requests another one.
 */
@Injectable()
export class TakeSnapshotStep implements StepDefinition<WithDroplet, SnapshotIntent, TakenSnapshot> {
  readonly name = TAKE_SNAPSHOT.name;
  readonly policy = { tries: 10, waitLimitMs: 7_200_000 };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly snapshots: SnapshotCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: 'Takes a snapshot of the droplet', undo: 'Deletes the snapshot', calls: { min: 1, typical: 1 } });

  readonly execute = (ctx: Ctx) => {
    const { droplet_id: id } = ctx.input;
    const name = snapshotName(id, ctx.sagaId);
    return ctx.effect('take snapshot', {
      find: async () => {
        if (!this.mayHaveHappened(ctx)) return undefined;
        if (await this.find(ctx, name)) return done({ name });
        return (await this.isUnderWay(ctx)) ? underWay(SNAPSHOT_REASON) : undefined;
      },
      unrecorded: ctx.restored ? 'late' : undefined,
      intent: {},
      fields: { sentAtMs: 'movedAtMs', sends: 'create', ruledOut: 'ruledOut' },
      lagMs: this.config.provider.lagMs,
      send: async () => {
        await this.guard.assertSameOwner(ctx, ctx.input.resource_id);
        return this.droplets.startAction(id, { type: 'snapshot', name }, ctx.signal);
      },
      pending: wait(this.config.saga.pollMs, SNAPSHOT_REASON),
      answered: ({ id: actionId }) => done({ name, action_id: actionId }),
      refused: (error) =>
        answerGuard(error, this.mayHaveHappened(ctx)) ??
        answerRefusal(error, { droplets: this.droplets, dropletId: id, signal: ctx.signal, pollMs: this.config.saga.pollMs }),
    });
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<TakenSnapshot>> => {
    if (!this.mayHaveHappened(ctx)) return done();
    const found = await this.find(ctx, snapshotName(ctx.input.droplet_id, ctx.sagaId));
    if (!found) return this.endCompensation(ctx);
    if (ctx.restored) return leftAfterRestore(`snapshot ${found.id}`);
    const deleting = wait(this.config.saga.pollMs, `waiting for snapshot ${found.id} to be deleted`);
    return ctx.effect('delete snapshot', {
      find: async () => undefined, // the list above contains it
      send: () => this.snapshots.delete(found.id, ctx.signal),
      pending: deleting,
      answered: async () => {
        if (ctx.intent) await ctx.recordIntent({ ...ctx.intent, deleted: found.id });
        return deleting;
      },
      refused: ({ category }) => (category === 'not_found' ? deleting : undefined),
    });
  };

  /** Ends once no snapshot can appear any more. */
  private async endCompensation(ctx: Ctx): Promise<StepAnswer<never>> {
    const { intent } = ctx;
    if (intent?.deleted !== undefined) await this.inventory.markDeleted('snapshot', intent.deleted, ctx.sagaId);
    else if (await this.isUnderWay(ctx)) {
      if (intent) await ctx.recordIntent({ ...intent, movedAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, SNAPSHOT_REASON);
    } else if (ctx.sinceBegunMs < (intent?.movedAtMs ?? 0) + this.config.provider.lagMs) {
      return wait(this.config.saga.pollMs, SNAPSHOT_REASON);
    }
    return done();
  }

  private mayHaveHappened({ intent, restored }: Ctx): boolean {
    return intent === null ? restored : !intent.ruledOut;
  }

  private async find(ctx: Ctx, name: string): Promise<Snapshot | undefined> {
    const snapshots = await this.snapshots.listOfAllDroplets(ctx.signal);
    return snapshots.find((snapshot) => snapshot.name === name && isCreatedSince(snapshot.createdAt, ctx.createdAtMs));
  }

  /** Whether any snapshot of the droplet is in progress. */
  private async isUnderWay({ input, signal }: Ctx): Promise<boolean> {
    const actions = await this.droplets.listNewestActions(input.droplet_id, signal);
    return actions.some(({ type, status }) => type === 'snapshot' && status === 'in-progress');
  }
}

/** Snapshots of large disks take long. */
const WAIT_LIMIT_MS = 7_200_000;

type ListedSnapshot = { readonly snapshot_id: string; readonly resource_id: string };

/** Waits until the provider lists the snapshot, which happens after its action has ended, and records it in the inventory. */
@Injectable()
export class AwaitSnapshotStep implements StepDefinition<WithDroplet, never, ListedSnapshot> {
  readonly name = 'await_snapshot';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly poller: SharedProviderPoller,
    private readonly snapshots: SnapshotCalls,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({
    does: 'Waits until the provider lists the snapshot, and records it in the inventory',
    calls: { min: 2, typical: 10 },
  });

  readonly execute = async (ctx: StepContext<WithDroplet, never, ListedSnapshot>) => {
    const { name, action_id: actionId } = ctx.outputOf(TAKE_SNAPSHOT);
    const { pollMs } = this.config.saga;
    const action = actionId === undefined ? undefined : await this.poller.action(actionId);
    if (action?.status === 'errored') return fail({ code: 'action_errored', detail: 'DigitalOcean could not take the snapshot' });
    if (action?.status === 'in-progress') return wait(pollMs, 'waiting for the snapshot action to end');
    const listed = (await this.snapshots.listOfDroplet(ctx.input.droplet_id, ctx.signal)).find(
      (snapshot) => snapshot.name === name && isCreatedSince(snapshot.createdAt, ctx.createdAtMs),
    );
    if (!listed) return wait(pollMs, 'waiting for the provider to list the snapshot');
    const requestedAtMs = performance.now();
    const { raw } = await this.snapshots.get(listed.id, ctx.signal);
    await ctx.guard();
    if (actionId !== undefined) await this.inventory.startedActions(ctx.sagaId, [actionId]);
    const { resourceId } = await this.inventory.observe({ kind: 'snapshot', raw, requestedAtMs, sagaId: ctx.sagaId });
    return done({ snapshot_id: listed.id, resource_id: resourceId });
  };
}
