import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { Catalog } from '#libs/catalog';
import type { Droplet } from '../provider/droplet';
import { DropletCalls } from '../provider/droplet-calls';
import { DropletActionRunner } from './droplet-event';
import type { AcceptedResize } from './resize-droplet.input';

type Ctx = StepContext<AcceptedResize>;

/** Large disks are moved to another machine. */
const WAIT_LIMIT_MS = 7_200_000;

const hasSize = (slug: string) => (droplet: { readonly sizeSlug: string | null }) => droplet.sizeSlug === slug;

/** Changes the size and keeps the disk, which can be undone. */
@Injectable()
export class ResizeStep implements StepDefinition<AcceptedResize> {
  readonly name = 'resize';
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly event: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  readonly execute = (ctx: Ctx): Promise<StepAnswer> => resized(ctx, this.event, this.droplets, { disk: false, diskGb: 0 });

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const { from } = (ctx.intent ?? {}) as { from?: string };
    if (from === undefined) return done();
    const action = { type: 'resize', size: from, disk: false };
    return this.event.ensure(ctx, { dropletId: ctx.input.droplet_id, action, reached: hasSize(from) }, { from });
  };
}

/** Changes the size and grows the disk: there is no way back. */
@Injectable()
export class ResizeWithDiskStep implements StepDefinition<AcceptedResize> {
  readonly name = 'resize_with_disk';
  readonly pivot = true;
  readonly policy = { waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly event: DropletActionRunner,
    private readonly droplets: DropletCalls,
    private readonly catalogue: Catalog,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const size = await this.catalogue.size(ctx.input.size_slug);
    return resized(ctx, this.event, this.droplets, { disk: true, diskGb: size?.diskGb ?? 0 });
  };
}

async function resized(
  ctx: Ctx,
  event: DropletActionRunner,
  droplets: DropletCalls,
  { disk, diskGb }: { disk: boolean; diskGb: number },
): Promise<StepAnswer> {
  const { droplet_id: dropletId, size_slug: size } = ctx.input;
  const from = (ctx.intent?.from as string | undefined) ?? (await droplets.get(dropletId, ctx.signal))?.sizeSlug;
  if (!from) return fail({ code: 'droplet_gone', detail: 'The droplet does not exist any more' }, 'none');
  const reached = (droplet: Droplet) => hasSize(size)(droplet) && droplet.diskGb >= diskGb;
  const answer = await event.ensure(ctx, { dropletId, action: { type: 'resize', size, disk }, reached }, { from });
  return answer.is === 'done' ? done({ from, to: size }) : answer;
}
