import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../looks/provider-looks';
import { madeSince } from '../provider/creation-time';
import { SnapshotCalls } from '../provider/snapshot-calls';
import type { WithDroplet } from './own-droplet';

/** Snapshots of large disks take long. */
const WAIT_LIMIT_MS = 7_200_000;

/** Waits until the snapshot is listed, which is later than its action says, and puts it into the inventory. */
@Injectable()
export class AwaitSnapshotStep implements StepDefinition<WithDroplet> {
  readonly name = 'await_snapshot';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly looks: SharedProviderPoller,
    private readonly snapshots: SnapshotCalls,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<WithDroplet>): Promise<StepAnswer> => {
    const { name, action_id: actionId } = ctx.context.take_snapshot as { name: string; action_id?: string };
    const { pollMs } = this.config.saga;
    const action = actionId === undefined ? undefined : await this.looks.action(actionId);
    if (action?.status === 'errored') return fail({ code: 'action_errored', detail: 'DigitalOcean could not take the snapshot' });
    if (action?.status === 'in-progress') return wait(pollMs, 'the snapshot being taken');
    const listed = (await this.snapshots.ofDroplet(ctx.input.droplet_id, ctx.signal)).find(
      (snapshot) => snapshot.name === name && madeSince(snapshot.createdAt, ctx.createdAtMs),
    );
    if (!listed) return wait(pollMs, 'the snapshot being listed');
    const requestedAtMs = performance.now();
    const { raw } = await this.snapshots.get(listed.id, ctx.signal);
    await ctx.guard();
    if (actionId !== undefined) await this.inventory.startedActions(ctx.sagaId, [actionId]);
    const { resourceId } = await this.inventory.observe({ kind: 'snapshot', raw, requestedAtMs, sagaId: ctx.sagaId });
    return done({ snapshot_id: listed.id, resource_id: resourceId });
  };
}
