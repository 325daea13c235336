import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletActionRunner, type Goal } from '../droplets/droplet-event';
import { DropletCalls } from '../provider/droplet-calls';
import type { Droplet } from '../provider/droplet';
import { whyBackupsStay } from './revert-judgement';
import type { AcceptedRevert } from './revert-droplet.input';

type Ctx = StepContext<AcceptedRevert>;
type Value = string | boolean;

/**
 * Sets one thing of a droplet that one event changes, and gives the former back when the saga is undone. What stands right already is left alone,
 * and so is what the step never asked to be changed.
 */
@Injectable()
abstract class SetByEvent implements StepDefinition<AcceptedRevert> {
  abstract readonly name: string;

  constructor(
    private readonly event: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  protected abstract wanted(input: AcceptedRevert): Value;
  protected abstract of(droplet: Droplet): Value;
  protected abstract action(value: Value): Goal['action'];
  /** What would be lost if this droplet became so. */
  protected loss(_droplet: Droplet, _value: Value): string | undefined {
    return undefined;
  }

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const to = this.wanted(ctx.input);
    const known = ctx.intent?.from as Value | undefined;
    const before = known === undefined ? await this.droplets.get(ctx.input.droplet_id, ctx.signal) : undefined;
    const loss = before && this.loss(before, to);
    if (loss !== undefined) return fail({ code: 'would_lose_data', detail: loss }, 'none');
    const from = known ?? (before && this.of(before)); // undefined when the droplet is gone, which the event then says
    const answer = await this.bring(ctx, to, { from });
    return answer.is === 'done' ? done({ from, to }) : answer;
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const from = ctx.intent?.from as Value | undefined;
    return from === undefined ? done() : this.bring(ctx, from, { from });
  };

  private bring(ctx: Ctx, value: Value, keep: Readonly<Record<string, unknown>>): Promise<StepAnswer> {
    const reached = (droplet: Droplet) => this.of(droplet) === value;
    return this.event.ensure(ctx, { dropletId: ctx.input.droplet_id, action: this.action(value), reached }, keep);
  }
}

/** The name as it was ordered. It is seen a little after its event (docs/digitalocean-facts.md 4.9). */
@Injectable()
export class RenameStep extends SetByEvent {
  readonly name = 'rename';

  protected wanted({ name }: AcceptedRevert): Value {
    return name;
  }
  protected of({ name }: Droplet): Value {
    return name ?? '';
  }
  protected action(name: Value): Goal['action'] {
    return { type: 'rename', name };
  }
}

/** Backups on or off. On means the provider's weekly ones. */
@Injectable()
export class SetBackupsStep extends SetByEvent {
  readonly name = 'set_backups';

  protected wanted({ backups }: AcceptedRevert): Value {
    return backups;
  }
  protected of({ features }: Droplet): Value {
    return features.includes('backups');
  }
  protected action(on: Value): Goal['action'] {
    return { type: on === true ? 'enable_backups' : 'disable_backups' };
  }
  /** A backup may have been taken since the revert was asked for. */
  protected override loss({ backupIds }: Droplet, on: Value): string | undefined {
    return on === true ? undefined : whyBackupsStay(backupIds.length);
  }
}
