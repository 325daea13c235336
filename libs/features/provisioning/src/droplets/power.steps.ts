import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { DropletActionRunner } from './droplet-event';
import type { WithDroplet } from './own-droplet';

const isOff = ({ status }: { readonly status: string }): boolean => status === 'off';
const isOn = ({ status }: { readonly status: string }): boolean => status === 'active';

type Ctx = StepContext<WithDroplet>;

/** Powers the droplet off, and remembers whether it ran: undoing restores just that. */
@Injectable()
export class PowerOffStep implements StepDefinition<WithDroplet> {
  readonly name = 'power_off';

  constructor(
    private readonly event: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const wasOn = (ctx.intent?.wasOn as boolean | undefined) ?? (await this.isRunning(ctx));
    if (wasOn === undefined) return fail({ code: 'droplet_gone', detail: 'The droplet does not exist any more' }, 'none');
    const answer = await this.event.ensure(
      ctx,
      { dropletId: ctx.input.droplet_id, action: { type: 'power_off' }, reached: isOff },
      { wasOn },
    );
    return answer.is === 'done' ? done({ was_on: wasOn }) : answer;
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const wasOn = ctx.intent?.wasOn === true || (ctx.context[this.name] as { was_on?: boolean } | undefined)?.was_on === true;
    if (!wasOn) return done();
    return this.event.ensure(ctx, { dropletId: ctx.input.droplet_id, action: { type: 'power_on' }, reached: isOn }, { wasOn });
  };

  private async isRunning({ input, signal }: Ctx): Promise<boolean | undefined> {
    const droplet = await this.droplets.get(input.droplet_id, signal);
    return droplet && isOn(droplet);
  }
}

/** Powers the droplet on again, if it ran before. */
@Injectable()
export class PowerOnStep implements StepDefinition<WithDroplet> {
  readonly name = 'power_on';

  constructor(private readonly event: DropletActionRunner) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    if ((ctx.context.power_off as { was_on?: boolean } | undefined)?.was_on !== true) return done({ stays_off: true });
    return this.event.ensure(ctx, { dropletId: ctx.input.droplet_id, action: { type: 'power_on' }, reached: isOn });
  };

  /** Its size is given back next, for which it must be off. */
  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> =>
    this.event.ensure(ctx, { dropletId: ctx.input.droplet_id, action: { type: 'power_off' }, reached: isOff });
}
