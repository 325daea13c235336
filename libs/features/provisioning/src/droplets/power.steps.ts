import { done, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { dropletMissing } from '../provisioning.errors';
import { DropletActionRunner, type DropletGoal } from './droplet-action-runner';
import type { WithDroplet } from './droplet.input';

const isOff = ({ status }: { readonly status: string }): boolean => status === 'off';
const isOn = ({ status }: { readonly status: string }): boolean => status === 'active';

type Ctx = StepContext<WithDroplet>;

const poweredOff = ({ input }: Ctx): DropletGoal => ({ dropletId: input.droplet_id, action: { type: 'power_off' }, reached: isOff });
const poweredOn = ({ input }: Ctx): DropletGoal => ({ dropletId: input.droplet_id, action: { type: 'power_on' }, reached: isOn });

/** Powers the droplet off and records whether it was running. The compensation powers on only a droplet that was running. */
@Injectable()
export class PowerOffStep implements StepDefinition<WithDroplet> {
  readonly name = 'power_off';

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const wasOn = (ctx.intent?.wasOn as boolean | undefined) ?? (await this.isRunning(ctx));
    if (wasOn === undefined) return dropletMissing(ctx.input.droplet_id);
    const answer = await this.runner.ensure(ctx, poweredOff(ctx), { wasOn });
    return answer.is === 'done' ? done({ was_on: wasOn }) : answer;
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const wasOn = ctx.intent?.wasOn === true || (ctx.context[this.name] as { was_on?: boolean } | undefined)?.was_on === true;
    return wasOn ? this.runner.ensure(ctx, poweredOn(ctx), { wasOn }) : done();
  };

  private async isRunning({ input, signal }: Ctx): Promise<boolean | undefined> {
    const droplet = await this.droplets.get(input.droplet_id, signal);
    return droplet && isOn(droplet);
  }
}

/** Powers the droplet on again, if it was running before. */
@Injectable()
export class PowerOnStep implements StepDefinition<WithDroplet> {
  readonly name = 'power_on';

  constructor(private readonly runner: DropletActionRunner) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    if ((ctx.context.power_off as { was_on?: boolean } | undefined)?.was_on !== true) return done({ stays_off: true });
    return this.runner.ensure(ctx, poweredOn(ctx));
  };

  /** The next compensation restores the size, for which the droplet must be off. */
  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => this.runner.ensure(ctx, poweredOff(ctx));
}
