import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { DropletCalls } from '../provider/droplet-calls';
import { outcomeOf } from '../provider/write-outcome';
import type { WithDroplet } from './droplet.input';

const WAIT_LIMIT_MS = 900_000;

/** Marks the droplet deleted once the provider answers 404, because droplets have survived a 204 (docs/digitalocean-facts.md 4.4). */
@Injectable()
export class MarkDeletedStep implements StepDefinition<WithDroplet> {
  readonly name = 'mark_deleted';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly poller: SharedProviderPoller,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<WithDroplet>): Promise<StepAnswer> => {
    const { droplet_id: id, resource_id: resourceId } = ctx.input;
    const notYet = wait(this.config.saga.pollMs, `waiting for droplet ${id} to be deleted`);
    const destroy = await this.poller.newestActionOn(id, 'destroy');
    if (destroy?.status === 'in-progress') return notYet;
    if (await this.droplets.get(id, ctx.signal)) return (await this.destroyAgain(ctx, destroy?.status === 'errored')) ?? notYet;
    await ctx.guard();
    if (destroy) await this.inventory.startedActions(ctx.sagaId, [destroy.id]);
    await this.inventory.markDeleted('droplet', id, ctx.sagaId);
    await this.desiredStates.end(resourceId);
    return done();
  };

  /** Sends another DELETE when the droplet has survived the last one for longer than the lag bound. */
  private async destroyAgain(ctx: StepContext<WithDroplet>, errored: boolean): Promise<StepAnswer | undefined> {
    const askedAtMs = (ctx.intent?.askedAtMs as number | undefined) ?? 0;
    if (!errored && ctx.sinceBegunMs - askedAtMs < this.config.provider.lagMs) return undefined;
    await ctx.recordIntent({ askedAtMs: ctx.sinceBegunMs });
    const outcome = await outcomeOf(this.droplets.destroy(ctx.input.droplet_id, ctx.signal));
    return outcome.is === 'refused' && outcome.answer.is !== 'fail' ? outcome.answer : undefined;
  }
}
