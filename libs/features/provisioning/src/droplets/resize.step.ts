import { Catalog } from '#libs/catalog';
import { done, type StepAnswer, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DestructionGuard } from '../protection/destruction-guard';
import { DropletCalls, type Droplet } from '../provider/droplet-calls';
import { dropletMissing } from '../provisioning.errors';
import { ACTION_CALLS, DropletActionRunner, type ActionIntent } from './droplet-action-runner';
import type { DropletFacts } from './droplet-forecasts';
import type { AcceptedResize, WantedSize } from './droplet.input';

/** `from` is the previous size. */
type ResizeIntent = ActionIntent & { readonly from?: string };
type ResizedDroplet = { readonly from: string; readonly to: string };
type Ctx = StepContext<AcceptedResize, ResizeIntent, ResizedDroplet>;

export const RESIZE: StepKey<ResizedDroplet> = { name: 'resize' };

/** The provider moves large disks to another machine. */
const RESIZE_WAIT_LIMIT_MS = 7_200_000;

const hasSize = (slug: string) => (droplet: { readonly sizeSlug: string | null }) => droplet.sizeSlug === slug;

/** Changes the size and keeps the disk, which can be undone. */
@Injectable()
export class ResizeStep implements StepDefinition<AcceptedResize, ResizeIntent, ResizedDroplet> {
  readonly name = RESIZE.name;
  readonly policy = { waitLimitMs: RESIZE_WAIT_LIMIT_MS };

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  readonly outline = ({ size_slug }: WantedSize, { sized }: DropletFacts) =>
    sized
      ? { skipped: 'the droplet needs no resize' }
      : { does: `Changes the size to ${size_slug}, and keeps the disk`, undo: 'Restores the old size', calls: ACTION_CALLS };

  readonly execute = (ctx: Ctx) => resizeDroplet(ctx, this.runner, this.droplets, { disk: false, diskGb: 0 });

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<ResizedDroplet>> => {
    const from = ctx.intent?.from;
    if (from === undefined) return done();
    const action = { type: 'resize', size: from, disk: false };
    return this.runner.ensure(ctx, { dropletId: ctx.input.droplet_id, action, reached: hasSize(from), restoring: true }, { from });
  };
}

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
    private readonly guard: DestructionGuard,
  ) {}

  readonly outline = ({ size_slug }: WantedSize, { sized }: DropletFacts) =>
    sized
      ? { skipped: 'the droplet needs no resize' }
      : { does: `Changes the size to ${size_slug}, and grows the disk with it`, calls: ACTION_CALLS };

  readonly execute = async (ctx: StepContext<AcceptedResize, ResizeIntent, ResizedDroplet>) => {
    const size = await this.catalog.size(ctx.input.size_slug);
    const check = () => this.guard.assertStillAllowed(ctx, ctx.input.resource_id);
    return resizeDroplet(ctx, this.runner, this.droplets, { disk: true, diskGb: size?.diskGb ?? 0, check });
  };
}

/**
 * Resizes the droplet, with or without its disk, and records the previous size first. `diskGb` is the minimum size of the disk afterwards.
 */
async function resizeDroplet(
  ctx: Ctx,
  runner: DropletActionRunner,
  droplets: DropletCalls,
  { disk, diskGb, check }: { disk: boolean; diskGb: number; check?: () => Promise<void> },
): Promise<StepAnswer<ResizedDroplet>> {
  const { droplet_id: dropletId, size_slug: size } = ctx.input;
  const from = ctx.intent?.from ?? (await droplets.get(dropletId, ctx.signal))?.sizeSlug;
  if (!from) return dropletMissing(dropletId);
  const reached = (droplet: Droplet) => hasSize(size)(droplet) && droplet.diskGb >= diskGb;
  const answer = await runner.ensure(ctx, { dropletId, action: { type: 'resize', size, disk }, reached, check }, { from });
  return answer.is === 'done' ? { ...answer, output: { from, to: size } } : answer;
}
