import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { DesiredStateRepository } from '../spec/provisioned-specs';
import type { AcceptedResize } from './resize-droplet.input';

/** Puts the new size into the inventory and into the desired state. */
@Injectable()
export class RecordSizeStep implements StepDefinition<AcceptedResize> {
  readonly name = 'record_size';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly specs: DesiredStateRepository,
  ) {}

  readonly execute = async (ctx: StepContext<AcceptedResize>): Promise<StepAnswer> => {
    const { droplet_id: id, resource_id: resourceId, size_slug } = ctx.input;
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(id, ctx.signal);
    if (!droplet) return fail({ code: 'droplet_gone', detail: 'The droplet does not exist any more' }, 'none');
    await ctx.guard();
    await this.inventory.observe({ kind: 'droplet', raw: droplet.raw, requestedAtMs, sagaId: ctx.sagaId });
    if (await this.specs.find(resourceId)) await this.specs.record(resourceId, { size_slug }, ctx.sagaId);
    return done({ size_slug });
  };

  readonly compensate = async (ctx: StepContext<AcceptedResize>): Promise<StepAnswer> => {
    const { resource_id: resourceId, size_slug } = ctx.input;
    const { from } = (ctx.context.resize ?? {}) as { from?: string };
    const ordered = await this.specs.find(resourceId);
    await ctx.guard();
    if (from !== undefined && ordered?.spec.size_slug === size_slug) await this.specs.record(resourceId, { size_slug: from }, ctx.sagaId);
    return done();
  };
}
