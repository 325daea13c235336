import { CONFIG, type Config } from '#libs/config';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { outcomeOf } from '../provider/write-outcome';
import type { WithDroplet } from './own-droplet';

const WAIT_LIMIT_MS = 900_000;

/** Asks the provider to destroy the droplet. "Not found" is done; once asked, nothing brings it back (SAG-15). */
@Injectable()
export class DestroyDropletStep implements StepDefinition<WithDroplet> {
  readonly name = 'destroy_droplet';
  readonly pivot = true;
  readonly policy = { tries: 10, waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<WithDroplet>): Promise<StepAnswer> => {
    const { droplet_id: id } = ctx.input;
    const before = ctx.intent;
    if (before && !(await this.droplets.get(id, ctx.signal))) return done();
    await ctx.recordIntent({ asked: true });
    const outcome = await outcomeOf(this.droplets.destroy(id, ctx.signal));
    if (outcome.is === 'unknown') return wait(this.config.saga.pollMs, 'whether the droplet was destroyed');
    if (outcome.is === 'gone') return done({ already_gone: true });
    if (outcome.is === 'done') return done();
    // A refused DELETE had no effect, but one before it may have had.
    return outcome.answer.is === 'fail' && before ? fail(outcome.answer.error, 'unknown') : outcome.answer;
  };
}
