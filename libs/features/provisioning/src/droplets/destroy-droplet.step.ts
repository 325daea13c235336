import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, retry, skipped, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { DropletCalls } from '../provider/droplet-calls';
import { stepErrorOf } from '../provisioning.errors';
import { answerRefusal } from './droplet-action-runner';
import { MOST_AFTER_HOURS, type AcceptedDestroy, type WithDroplet } from './droplet.input';

const WAIT_LIMIT_MS = 900_000;
const HOUR_MS = 3_600_000;

/** `refused`: every DELETE so far was refused, so the droplet was certainly not destroyed. */
type DestroyIntent = { readonly asked: true; readonly refused?: boolean };
type DestroyedDroplet = { readonly already_gone: true };
type Ctx = StepContext<WithDroplet, DestroyIntent, DestroyedDroplet>;

/** Requests the destroy of the droplet. A 404 counts as done. The step is a pivot, because a destroy cannot be undone. [SAG-15] */
@Injectable()
export class DestroyDropletStep implements StepDefinition<WithDroplet, DestroyIntent, DestroyedDroplet> {
  readonly name = 'destroy_droplet';
  readonly pivot = true;
  readonly policy = { tries: 10, waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: 'Destroys the droplet with the data on its disk', calls: { min: 1, typical: 1 } });

  readonly execute = (ctx: Ctx) => {
    const { droplet_id: id } = ctx.input;
    const { pollMs } = this.config.saga;
    const mayBeUnderWay = ctx.intent !== null && ctx.intent.refused !== true;
    return ctx.effect('destroy droplet', {
      find: async () => ((await this.droplets.get(id, ctx.signal)) ? undefined : done()),
      intent: { asked: true },
      send: async () => {
        await this.guard.assertStillAllowed(ctx, ctx.input.resource_id);
        await this.droplets.destroy(id, ctx.signal);
      },
      pending: wait(pollMs, `waiting for droplet ${id} to be deleted`),
      answered: () => done(),
      refused: async (error) => {
        const stopped = answerGuard(error, mayBeUnderWay);
        if (stopped) return stopped;
        if (error.category === 'not_found') return skipped('the droplet did not exist any more', { already_gone: true } as const);
        if (!mayBeUnderWay) await ctx.recordIntent({ asked: true, refused: true });
        const answer = await answerRefusal(error, { droplets: this.droplets, dropletId: id, signal: ctx.signal, pollMs });
        return answer?.is === 'retry' && mayBeUnderWay ? retry(stepErrorOf(error)) : answer;
      },
    });
  };
}

type WaitCtx = StepContext<AcceptedDestroy, never, never>;

/** Waits for `after_hours`, counted from the moment when the droplet was off. A cancel ends the wait and powers the droplet on again. */
@Injectable()
export class AwaitDueStep implements StepDefinition<AcceptedDestroy, never, never> {
  readonly name = 'await_due';
  /** The bound of the wait is `after_hours`; this is the longest one, and an hour for the worker to notice. [SAG-13] */
  readonly policy = { waitLimitMs: (MOST_AFTER_HOURS + 1) * HOUR_MS };

  readonly outline = ({ after_hours: hours }: AcceptedDestroy) => ({
    does: `Waits ${hours === 1 ? 'an hour' : `${hours} hours`}, in which a cancel keeps the droplet`,
    calls: { min: 0, typical: 0 },
  });

  readonly execute = async ({ input: { after_hours: hours = 0 }, sinceBegunMs }: WaitCtx): Promise<StepAnswer<never>> => {
    const leftMs = hours * HOUR_MS - sinceBegunMs;
    return leftMs <= 0 ? done() : wait(leftMs, `waiting for the ${hours} hours before the droplet is destroyed to pass`);
  };
}

type RepeatIntent = { readonly askedAtMs: number };
type MarkCtx = StepContext<WithDroplet, RepeatIntent, never>;

/** Marks the droplet deleted once the provider returns 404, because droplets have survived a 204 (docs/digitalocean-facts.md 4.4). */
@Injectable()
export class MarkDeletedStep implements StepDefinition<WithDroplet, RepeatIntent, never> {
  readonly name = 'mark_deleted';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly poller: SharedProviderPoller,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({
    does: 'Waits until the provider has no such droplet any more, and marks it deleted in the inventory',
    calls: { min: 1, typical: 4 },
  });

  readonly execute = async (ctx: MarkCtx) => {
    const { droplet_id: id } = ctx.input;
    const deleting = wait(this.config.saga.pollMs, `waiting for droplet ${id} to be deleted`);
    const destroy = await this.poller.newestActionOn(id, 'destroy');
    if (destroy?.status === 'in-progress') return deleting;
    // The droplet may survive the DELETE of the previous step, and each later one, for longer than the lag bound.
    return ctx.effect('destroy droplet again', {
      find: async () => ((await this.droplets.get(id, ctx.signal)) ? undefined : this.markDeleted(ctx, destroy?.id)),
      unrecorded: 'late',
      intent: {},
      fields: { sentAtMs: 'askedAtMs' },
      lagMs: destroy?.status === 'errored' ? 0 : this.config.provider.lagMs,
      send: async () => {
        await this.guard.assertStillAllowed(ctx, ctx.input.resource_id);
        await this.droplets.destroy(id, ctx.signal);
      },
      pending: deleting,
      refused: (error) => answerGuard(error, true) ?? (error.writeFailure?.is === 'refused' ? deleting : undefined),
    });
  };

  private async markDeleted({ sagaId, input, guard }: MarkCtx, destroyId: string | undefined): Promise<StepAnswer<never>> {
    await guard();
    if (destroyId !== undefined) await this.inventory.startedActions(sagaId, [destroyId]);
    await this.inventory.markDeleted('droplet', input.droplet_id, sagaId);
    await this.desiredStates.end(input.resource_id);
    return done();
  }
}
