import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller, type ListedDroplet } from '../looks/provider-looks';
import { DropletCalls, isGpuSize } from '../provider/droplet-calls';
import type { ProvisionDropletInput } from './provision-droplet.input';

const WAIT_LIMIT_MS = 480_000;

/** Waits for `active` and a public address: the one does not imply the other (docs/digitalocean-facts.md 1.3). Looks are shared. */
@Injectable()
export class AwaitActiveStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'await_active';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly looks: SharedProviderPoller,
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const { droplet_id: id, action_id: actionId } = ctx.context.create_droplet as { droplet_id: string; action_id?: string };
    const droplet = await this.find(ctx, id, actionId);
    if (droplet?.status === 'active' && droplet.publicIpv4) return done({ public_ipv4: droplet.publicIpv4 });
    return wait(this.config.saga.pollMs, `droplet ${id} being active with an address`);
  };

  /** In the list of our droplets; on its own where that list is too long, and where it has not shown the droplet for as long as an index may lag. */
  private async find(
    ctx: StepContext<ProvisionDropletInput>,
    id: string,
    actionId: string | undefined,
  ): Promise<Pick<ListedDroplet, 'status' | 'publicIpv4'> | undefined> {
    if (isGpuSize(ctx.input.size_slug)) return this.droplets.get(id, ctx.signal);
    const listed = await this.looks.managed();
    if (!listed) return undefined;
    const found = listed.what.droplets.find((droplet) => droplet.id === id);
    if (found) return found;
    if (listed.what.whole && ctx.sinceBegunMs < this.config.provider.lagMs) return undefined;
    if (!listed.what.whole && actionId && (await this.looks.action(actionId))?.status === 'in-progress') return undefined;
    return this.droplets.get(id, ctx.signal);
  }
}
