import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import type { WithDroplet } from './own-droplet';

/** Puts what has become of the droplet into the inventory at once. */
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
    if (!droplet) return fail({ code: 'droplet_gone', detail: 'The droplet does not exist any more' }, 'none');
    await guard();
    await this.inventory.observe({ kind: 'droplet', raw: droplet.raw, requestedAtMs, sagaId });
    return done();
  };
}
