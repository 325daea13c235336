import { ResourceRegistrar } from '#libs/inventory';
import { done, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { dropletMissing } from '../provisioning.errors';
import type { WithDroplet } from './droplet.input';

/** Records the changed droplet in the inventory at once. */
@Injectable()
export class ObserveDropletStep implements StepDefinition<WithDroplet> {
  readonly name = 'observe_droplet';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
  ) {}

  readonly execute = async ({ sagaId, input, signal, guard }: StepContext<WithDroplet>): Promise<StepAnswer> => {
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(input.droplet_id, signal);
    if (!droplet) return dropletMissing(input.droplet_id);
    await guard();
    await this.inventory.observe({ kind: 'droplet', raw: droplet.raw, requestedAtMs, sagaId });
    return done();
  };
}
