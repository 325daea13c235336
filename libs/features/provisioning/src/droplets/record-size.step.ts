import { ResourceRegistrar } from '#libs/inventory';
import { done, skipped, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { DropletCalls } from '../provider/droplet-calls';
import { dropletMissing } from '../provisioning.errors';
import type { DropletFacts } from './droplet-forecasts';
import type { AcceptedResize, WithDroplet } from './droplet.input';
import { POWER_OFF } from './power.steps';
import { RESIZE } from './resize.step';

type RecordedSize = { readonly size_slug: string };
type Ctx = StepContext<AcceptedResize, never, RecordedSize>;

const RECORDED = 'the size is recorded already';

/** Records the new size in the inventory and in the desired state. */
@Injectable()
export class RecordSizeStep implements StepDefinition<AcceptedResize, never, RecordedSize> {
  readonly name = 'record_size';
  readonly skippable = 'freely';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
  ) {}

  readonly outline = (_input: AcceptedResize, { recorded }: DropletFacts) =>
    recorded
      ? { skipped: RECORDED }
      : {
          does: 'Records the new size in the inventory and in the desired state',
          undo: 'Restores the old size in the desired state',
          calls: { min: 1, typical: 1 },
        };

  readonly execute = async (ctx: Ctx) => {
    const { droplet_id: id, resource_id: resourceId, size_slug } = ctx.input;
    if (ctx.findOutputOf(POWER_OFF)?.unneeded && (await this.isRecorded(ctx.input))) return skipped(RECORDED, { size_slug });
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(id, ctx.signal);
    if (!droplet) return dropletMissing(id);
    await ctx.guard();
    await this.inventory.observe({ kind: 'droplet', raw: droplet.raw, requestedAtMs, sagaId: ctx.sagaId });
    if (await this.desiredStates.find(resourceId)) await this.desiredStates.record(resourceId, { size_slug }, ctx.sagaId);
    return done({ size_slug });
  };

  private async isRecorded({ droplet_id: id, resource_id: resourceId, size_slug }: AcceptedResize): Promise<boolean> {
    const desired = await this.desiredStates.find(resourceId);
    const known = await this.inventory.findByProviderId('droplet', id);
    return known?.size_slug === size_slug && (desired?.spec.size_slug ?? size_slug) === size_slug;
  }

  readonly compensate = async (ctx: Ctx) => {
    const { resource_id: resourceId, size_slug } = ctx.input;
    const from = ctx.findOutputOf(RESIZE)?.from;
    const desired = await this.desiredStates.find(resourceId);
    await ctx.guard();
    if (from !== undefined && desired?.spec.size_slug === size_slug)
      await this.desiredStates.record(resourceId, { size_slug: from }, ctx.sagaId);
    return done();
  };
}

/** Records the changed droplet in the inventory at once. */
@Injectable()
export class ObserveDropletStep implements StepDefinition<WithDroplet> {
  readonly name = 'observe_droplet';
  readonly skippable = 'freely';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
  ) {}

  readonly outline = () => ({ does: 'Reads the droplet, and records it in the inventory', calls: { min: 1, typical: 1 } });

  readonly execute = async ({ sagaId, input, signal, guard }: StepContext<WithDroplet>): Promise<StepAnswer> => {
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(input.droplet_id, signal);
    if (!droplet) return dropletMissing(input.droplet_id);
    await guard();
    await this.inventory.observe({ kind: 'droplet', raw: droplet.raw, requestedAtMs, sagaId });
    return done();
  };
}
