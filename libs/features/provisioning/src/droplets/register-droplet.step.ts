import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { DesiredStateRepository } from '../spec/provisioned-specs';
import type { ProvisionDropletInput } from './provision-droplet.input';

/** Puts the new droplet into the inventory at once, and what was ordered into the desired state. */
@Injectable()
export class RegisterDropletStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'register_droplet';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly specs: DesiredStateRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const { droplet_id: id, action_id: actionId } = ctx.context.create_droplet as { droplet_id: string; action_id?: string };
    const { project_uuid: projectUuid } = (ctx.context.assign_project ?? {}) as { project_uuid?: string };
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(id, ctx.signal);
    if (!droplet) return wait(this.config.saga.pollMs, `droplet ${id} being readable`);
    await ctx.guard();
    if (actionId) await this.inventory.startedActions(ctx.sagaId, [actionId]);
    const { resourceId } = await this.inventory.observe({
      kind: 'droplet',
      raw: droplet.raw,
      requestedAtMs,
      projectUuid,
      sagaId: ctx.sagaId,
    });
    const { size_slug, region, image } = ctx.input;
    await this.specs.record(resourceId, { size_slug, region, image }, ctx.sagaId);
    return done({ resource_id: resourceId });
  };

  readonly compensate = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const { droplet_id: id } = ctx.context.create_droplet as { droplet_id: string };
    const known = await this.inventory.findByProviderId('droplet', id);
    if (known) await this.specs.end(known.id);
    return done();
  };
}
