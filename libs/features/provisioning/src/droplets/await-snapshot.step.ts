import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { SnapshotCalls } from '../provider/snapshot-calls';
import { isCreatedSince } from '../provider/tag-calls';
import type { WithDroplet } from './droplet.input';
import { TAKE_SNAPSHOT } from './take-snapshot.step';

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
