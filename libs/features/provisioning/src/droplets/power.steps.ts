import { Catalog } from '#libs/catalog';
import { done, fail, skipped, type StepAnswer, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls, type Droplet } from '../provider/droplet-calls';
import { dropletMissing } from '../provisioning.errors';
import { ACTION_CALLS, DropletActionRunner, type ActionIntent, type DropletGoal } from './droplet-action-runner';
import type { DropletFacts } from './droplet-forecasts';
import { findDiskObstacle, hasSizeAlready, type WantedSize, type WithDroplet } from './droplet.input';

const HAS_SIZE = 'the droplet has this size already';

const isOff = ({ status }: { readonly status: string }): boolean => status === 'off';
const isOn = ({ status }: { readonly status: string }): boolean => status === 'active';

type Resized = WithDroplet & WantedSize;
type PowerIntent = ActionIntent & { readonly wasOn?: boolean };
/** `unneeded`: the droplet had its size already, so it was not powered off. */
type PoweredOff = { readonly was_on: boolean; readonly unneeded?: true };
type PoweredOn = { readonly stays_off: true };

export const POWER_OFF: StepKey<PoweredOff> = { name: 'power_off' };

const poweredOff = ({ droplet_id: dropletId }: WithDroplet): DropletGoal => ({ dropletId, action: { type: 'power_off' }, reached: isOff });
/** The droplet was on before the saga, so it does not stay off for a new owner either. */
const poweredOn = ({ droplet_id: dropletId }: WithDroplet): DropletGoal => ({
  dropletId,
  action: { type: 'power_on' },
  reached: isOn,
  restoring: true,
});

/** Powers the droplet off and records whether it was running. The compensation powers on only a droplet that was running. */
@Injectable()
export class PowerOffStep implements StepDefinition<WithDroplet, PowerIntent, PoweredOff> {
  readonly name = POWER_OFF.name;

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
    private readonly catalog: Catalog,
  ) {}

  readonly outline = (_input: WithDroplet, { sized, status }: DropletFacts) => {
    if (sized) return { skipped: HAS_SIZE };
    if (status === 'off') return { skipped: 'the droplet is off already' };
    return { does: 'Powers the droplet off', undo: 'Powers it on again', calls: ACTION_CALLS };
  };

  readonly execute = async (ctx: StepContext<Resized, PowerIntent, PoweredOff>): Promise<StepAnswer<PoweredOff>> => {
    const droplet = ctx.intent?.wasOn === undefined ? await this.droplets.get(ctx.input.droplet_id, ctx.signal) : undefined;
    const refusal = droplet && (await this.judge(ctx.input, droplet));
    if (refusal) return refusal;
    const wasOn = ctx.intent?.wasOn ?? (droplet && isOn(droplet));
    if (wasOn === undefined) return dropletMissing(ctx.input.droplet_id);
    const answer = await this.runner.ensure(ctx, poweredOff(ctx.input), { wasOn });
    return answer.is === 'done' ? { ...answer, output: { was_on: wasOn } } : answer;
  };

  readonly compensate = async (ctx: StepContext<Resized, PowerIntent, PoweredOff>): Promise<StepAnswer<PoweredOff>> => {
    if (ctx.output?.unneeded) return done();
    const wasOn = ctx.intent?.wasOn === true || ctx.output?.was_on === true;
    return wasOn ? this.runner.ensure(ctx, poweredOn(ctx.input), { wasOn }) : done();
  };

  /** Ends the step where the new size is reached already or can only be refused, because an outage would be for nothing. */
  private async judge(
    { size_slug: slug, disk }: WantedSize,
    { sizeSlug, diskGb, ...droplet }: Droplet,
  ): Promise<StepAnswer<PoweredOff> | undefined> {
    const newDiskGb = (await this.catalog.size(slug))?.diskGb;
    const obstacle = findDiskObstacle(slug, diskGb, newDiskGb);
    if (obstacle !== undefined) return fail({ code: 'disk_cannot_shrink', detail: obstacle }, 'none');
    if (!hasSizeAlready({ size_slug: slug, disk }, { sizeSlug, diskGb }, newDiskGb)) return undefined;
    return skipped(HAS_SIZE, { was_on: isOn(droplet), unneeded: true });
  }
}

/** Powers the droplet on again, if it was running before. */
@Injectable()
export class PowerOnStep implements StepDefinition<WithDroplet, ActionIntent, PoweredOn> {
  readonly name = 'power_on';

  constructor(private readonly runner: DropletActionRunner) {}

  readonly outline = (_input: WithDroplet, { sized, status }: DropletFacts) => {
    if (sized) return { skipped: 'the droplet is not powered off' };
    if (status === 'off') return { skipped: 'the droplet was off before' };
    return { does: 'Powers the droplet on again', undo: 'Powers it off, so that its old size can be restored', calls: ACTION_CALLS };
  };

  readonly execute = async (ctx: StepContext<WithDroplet, ActionIntent, PoweredOn>): Promise<StepAnswer<PoweredOn>> => {
    const off = ctx.findOutputOf(POWER_OFF);
    if (off?.unneeded) return skipped('the droplet was not powered off');
    if (off?.was_on !== true) return skipped('the droplet was off before', { stays_off: true });
    return this.runner.ensure(ctx, poweredOn(ctx.input), {});
  };

  /** The next compensation restores the size, for which the droplet must be off. */
  readonly compensate = async (ctx: StepContext<WithDroplet, ActionIntent, PoweredOn>): Promise<StepAnswer<PoweredOn>> =>
    ctx.findOutputOf(POWER_OFF)?.unneeded ? done() : this.runner.ensure(ctx, { ...poweredOff(ctx.input), restoring: true }, {});
}
