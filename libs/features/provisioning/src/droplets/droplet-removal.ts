import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepAnswer, type StepContext } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { outcomeOf } from '../provider/write-outcome';

type Removing = Pick<StepContext, 'intent' | 'signal' | 'guard' | 'recordIntent'>;

/** What is not sure yet about droplets that are to go. */
export interface RemovalUncertainty {
  /** Just made: a 404 may only mean "not yet", unless the provider has promised to destroy it. */
  readonly recentlyCreated: boolean;
  /** A create has no answer: one more may appear. */
  readonly createUnconfirmed: boolean;
}

/** Destroys droplets and waits until the provider answers 404: droplets have survived a 204 (docs/digitalocean-facts.md 4.4). */
@Injectable()
export class DropletRemoval {
  constructor(
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** One look and at most one DELETE for each; waits until all are gone, and until nothing more can appear. */
  async remove(ctx: Removing, ids: readonly string[], { recentlyCreated, createUnconfirmed }: RemovalUncertainty): Promise<StepAnswer> {
    let next: StepAnswer | undefined;
    for (const id of ids) next = (await this.removeOne(ctx, id, recentlyCreated)) ?? next;
    if (next) return next;
    return createUnconfirmed ? wait(this.config.saga.pollMs, 'whether a create without an answer still takes effect') : done();
  }

  /** Undefined once it is gone. */
  private async removeOne(ctx: Removing, id: string, young: boolean): Promise<StepAnswer | undefined> {
    const promised = (ctx.intent?.deleted ?? []) as readonly string[];
    const seen = await this.droplets.get(id, ctx.signal);
    if (!seen && (promised.includes(id) || !young)) return undefined;
    await ctx.guard();
    const outcome = await outcomeOf(this.droplets.destroy(id, ctx.signal));
    if (outcome.is === 'refused') return outcome.answer;
    if (outcome.is === 'gone' && !young) return undefined;
    if (outcome.is === 'done' && !promised.includes(id)) await ctx.recordIntent({ ...ctx.intent, deleted: [...promised, id] });
    return wait(this.config.saga.pollMs, `droplet ${id} being gone`);
  }
}
