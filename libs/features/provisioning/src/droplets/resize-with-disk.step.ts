import { Catalog } from '#libs/catalog';
import type { StepContext, StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { DropletActionRunner } from './droplet-action-runner';
import type { AcceptedResize } from './droplet.input';
import { RESIZE_WAIT_LIMIT_MS, resizeDroplet, type ResizedDroplet, type ResizeIntent } from './resize.step';

/** Changes the size and grows the disk. The step is a pivot, because a disk cannot shrink again. */
@Injectable()
export class ResizeWithDiskStep implements StepDefinition<AcceptedResize, ResizeIntent, ResizedDroplet> {
  readonly name = 'resize_with_disk';
  readonly pivot = true;
  readonly policy = { waitLimitMs: RESIZE_WAIT_LIMIT_MS };

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
    private readonly catalog: Catalog,
  ) {}

  readonly execute = async (ctx: StepContext<AcceptedResize, ResizeIntent, ResizedDroplet>) => {
    const size = await this.catalog.size(ctx.input.size_slug);
    return resizeDroplet(ctx, this.runner, this.droplets, { disk: true, diskGb: size?.diskGb ?? 0 });
  };
}
