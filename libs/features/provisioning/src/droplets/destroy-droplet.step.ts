import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import type { WithDroplet } from './droplet.input';

const WAIT_LIMIT_MS = 900_000;

type DestroyIntent = { readonly asked: true };
type DestroyedDroplet = { readonly already_gone: true };
type Ctx = StepContext<WithDroplet, DestroyIntent, DestroyedDroplet>;

/** Requests the destroy of the droplet. A 404 counts as done. The step is a pivot, because a destroy cannot be undone. [SAG-15] */
@Injectable()
export class DestroyDropletStep implements StepDefinition<WithDroplet, DestroyIntent, DestroyedDroplet> {
  readonly name = 'destroy_droplet';
  readonly pivot = true;
  readonly policy = { tries: 10, waitLimitMs: WAIT_LIMIT_MS };

  constructor(
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = (ctx: Ctx) => {
    const { droplet_id: id } = ctx.input;
    return ctx.effect('destroy droplet', {
      find: async () => ((await this.droplets.get(id, ctx.signal)) ? undefined : done()),
      intent: { asked: true },
      send: () => this.droplets.destroy(id, ctx.signal),
      pending: wait(this.config.saga.pollMs, `waiting for droplet ${id} to be deleted`),
      answered: () => done(),
      refused: ({ category }) => (category === 'not_found' ? done({ already_gone: true } as const) : undefined),
    });
  };
}
