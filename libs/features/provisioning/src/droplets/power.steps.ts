import { done, skipped, type StepAnswer, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { dropletMissing } from '../provisioning.errors';
import { DropletActionRunner, type ActionIntent, type DropletGoal } from './droplet-action-runner';
import type { WithDroplet } from './droplet.input';

const isOff = ({ status }: { readonly status: string }): boolean => status === 'off';
const isOn = ({ status }: { readonly status: string }): boolean => status === 'active';

type PowerIntent = ActionIntent & { readonly wasOn?: boolean };
type PoweredOff = { readonly was_on: boolean };
type PoweredOn = { readonly stays_off: true };

export const POWER_OFF: StepKey<PoweredOff> = { name: 'power_off' };

const poweredOff = ({ droplet_id: dropletId }: WithDroplet): DropletGoal => ({ dropletId, action: { type: 'power_off' }, reached: isOff });
const poweredOn = ({ droplet_id: dropletId }: WithDroplet): DropletGoal => ({ dropletId, action: { type: 'power_on' }, reached: isOn });

/** Powers the droplet off and records whether it was running. The compensation powers on only a droplet that was running. */
@Injectable()
export class PowerOffStep implements StepDefinition<WithDroplet, PowerIntent, PoweredOff> {
  readonly name = POWER_OFF.name;

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  readonly execute = async (ctx: StepContext<WithDroplet, PowerIntent, PoweredOff>): Promise<StepAnswer<PoweredOff>> => {
    const wasOn = ctx.intent?.wasOn ?? (await this.isRunning(ctx.input.droplet_id, ctx.signal));
    if (wasOn === undefined) return dropletMissing(ctx.input.droplet_id);
    const answer = await this.runner.ensure(ctx, poweredOff(ctx.input), { wasOn });
    return answer.is === 'done' ? { ...answer, output: { was_on: wasOn } } : answer;
  };

  readonly compensate = async (ctx: StepContext<WithDroplet, PowerIntent, PoweredOff>): Promise<StepAnswer<PoweredOff>> => {
    const wasOn = ctx.intent?.wasOn === true || ctx.output?.was_on === true;
    return wasOn ? this.runner.ensure(ctx, poweredOn(ctx.input), { wasOn }) : done();
  };

  private async isRunning(dropletId: string, signal: AbortSignal): Promise<boolean | undefined> {
    const droplet = await this.droplets.get(dropletId, signal);
    return droplet && isOn(droplet);
  }
}

/** Powers the droplet on again, if it was running before. */
@Injectable()
export class PowerOnStep implements StepDefinition<WithDroplet, ActionIntent, PoweredOn> {
  readonly name = 'power_on';

  constructor(private readonly runner: DropletActionRunner) {}

  readonly execute = async (ctx: StepContext<WithDroplet, ActionIntent, PoweredOn>): Promise<StepAnswer<PoweredOn>> =>
    ctx.findOutputOf(POWER_OFF)?.was_on === true
      ? this.runner.ensure(ctx, poweredOn(ctx.input), {})
      : skipped('the droplet was off before', { stays_off: true });

  /** The next compensation restores the size, for which the droplet must be off. */
  readonly compensate = (ctx: StepContext<WithDroplet, ActionIntent, PoweredOn>) => this.runner.ensure(ctx, poweredOff(ctx.input), {});
}
