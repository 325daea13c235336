import { CONFIG, type Config } from '#libs/config';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { outcomeOf } from '../provider/write-outcome';
import type { WithDroplet } from './droplet.input';

const WAIT_LIMIT_MS = 900_000;

/** Requests the destroy of the droplet. A 404 counts as done. The step is a pivot, because a destroy cannot be undone. [SAG-15] */
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
    if (outcome.is === 'unknown') return wait(this.config.saga.pollMs, `waiting for droplet ${id} to be deleted`);
    if (outcome.is === 'not_found') return done({ already_gone: true });
    if (outcome.is === 'done') return done();
    // A refused DELETE had no effect, but an earlier one may have had.
    return outcome.answer.is === 'fail' && before ? fail(outcome.answer.error, 'unknown') : outcome.answer;
  };
}
