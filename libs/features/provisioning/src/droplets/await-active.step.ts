import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller, type ListedDroplet } from '../polling/shared-provider-poller';
import { DropletCalls, isGpuSize } from '../provider/droplet-calls';
import { CREATE_DROPLET } from './create-droplet.step';
import type { ProvisionDropletInput } from './droplet.input';

const WAIT_LIMIT_MS = 480_000;

type ActiveDroplet = { readonly public_ipv4: string };
type Ctx = StepContext<ProvisionDropletInput, never, ActiveDroplet>;

/**
 * Waits for the status `active` and for a public address, which `active` does not imply (docs/digitalocean-facts.md 1.3). Uses shared
 * polls.
 */
@Injectable()
export class AwaitActiveStep implements StepDefinition<ProvisionDropletInput, never, ActiveDroplet> {
  readonly name = 'await_active';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly poller: SharedProviderPoller,
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: 'Waits until the droplet is active with a public address', calls: { min: 0, typical: 6 } });

  readonly execute = async (ctx: Ctx) => {
    const { droplet_id: id, action_id: actionId } = ctx.outputOf(CREATE_DROPLET);
    const droplet = await this.find(ctx, id, actionId);
    if (droplet?.status === 'active' && droplet.publicIpv4) return done({ public_ipv4: droplet.publicIpv4 });
    return wait(this.config.saga.pollMs, `waiting for droplet ${id} to be active with a public address`);
  };

  /**
   * Finds the droplet in the shared list of managed droplets. Reads the droplet itself when that list is too long, or when it does not
   * contain the droplet although the lag bound has passed.
   */
  private async find(
    ctx: Ctx,
    id: string,
    actionId: string | undefined,
  ): Promise<Pick<ListedDroplet, 'status' | 'publicIpv4'> | undefined> {
    if (isGpuSize(ctx.input.size_slug)) return this.droplets.get(id, ctx.signal);
    const listed = await this.poller.managedDroplets();
    if (!listed) return undefined;
    const { droplets, whole } = listed.value;
    const found = droplets.find((droplet) => droplet.id === id);
    if (found) return found;
    if (whole && ctx.sinceBegunMs < this.config.provider.lagMs) return undefined;
    if (!whole && actionId && (await this.poller.action(actionId))?.status === 'in-progress') return undefined;
    return this.droplets.get(id, ctx.signal);
  }
}
