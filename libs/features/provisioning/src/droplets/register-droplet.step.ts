import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, wait, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import type { Spec } from '../entities/desired-state.entity';
import { DropletCalls, type Droplet } from '../provider/droplet-calls';
import { ASSIGN_PROJECT } from './assign-project.step';
import { CREATE_DROPLET } from './create-droplet.step';
import type { ProvisionDropletInput } from './droplet.input';

type RegisteredDroplet = { readonly resource_id: string };
type Ctx = StepContext<ProvisionDropletInput, never, RegisteredDroplet>;

/**
 * The whole order as the desired state: `desiredFields` of a droplet. An image that was ordered by its number is known by its slug later, if
 * it has one. Pure.
 */
function orderedState({ name, size_slug, region, image, tags, backups }: ProvisionDropletInput, { imageSlug }: Droplet): Spec {
  const ordered = { name, size_slug, region, tags: tags ?? [], backups: backups === true, power: 'on' };
  return { ...ordered, image: /^\d+$/.test(image) ? (imageSlug ?? image) : image };
}

/** Records the new droplet in the inventory at once, and the order as its desired state. */
@Injectable()
export class RegisterDropletStep implements StepDefinition<ProvisionDropletInput, never, RegisteredDroplet> {
  readonly name = 'register_droplet';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({
    does: 'Records the droplet in the inventory, and the order as its desired state',
    undo: 'Ends the desired state',
    calls: { min: 1, typical: 1 },
  });

  readonly execute = async (ctx: Ctx) => {
    const { droplet_id: id, action_id: actionId } = ctx.outputOf(CREATE_DROPLET);
    const projectUuid = ctx.findOutputOf(ASSIGN_PROJECT)?.project_uuid;
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
    await this.desiredStates.record(resourceId, orderedState(ctx.input, droplet), ctx.sagaId);
    return done({ resource_id: resourceId });
  };

  readonly compensate = async (ctx: Ctx) => {
    const { droplet_id: id } = ctx.outputOf(CREATE_DROPLET);
    const known = await this.inventory.findByProviderId('droplet', id);
    if (known) await this.desiredStates.end(known.id);
    return done();
  };
}
