import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { DropletCalls } from '../provider/droplet-calls';
import type { ProvisionDropletInput } from './droplet.input';

/** Records the new droplet in the inventory at once, and the order as its desired state. */
@Injectable()
export class RegisterDropletStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'register_droplet';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const { droplet_id: id, action_id: actionId } = ctx.context.create_droplet as { droplet_id: string; action_id?: string };
    const { project_uuid: projectUuid } = (ctx.context.assign_project ?? {}) as { project_uuid?: string };
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(id, ctx.signal);
    if (!droplet) return wait(this.config.saga.pollMs, `waiting for droplet ${id} to become readable`);
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
    await this.desiredStates.record(resourceId, { size_slug, region, image }, ctx.sagaId);
    return done({ resource_id: resourceId });
  };

  readonly compensate = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const { droplet_id: id } = ctx.context.create_droplet as { droplet_id: string };
    const known = await this.inventory.findByProviderId('droplet', id);
    if (known) await this.desiredStates.end(known.id);
    return done();
  };
}
