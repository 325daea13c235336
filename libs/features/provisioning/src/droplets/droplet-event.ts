import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, retry, wait, type StepAnswer, type StepContext } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../looks/provider-looks';
import type { Action } from '../provider/action';
import type { Droplet } from '../provider/droplet';
import { DropletCalls } from '../provider/droplet-calls';
import { outcomeOf } from '../provider/write-outcome';

/** What a droplet is to become, and the event that makes it so. */
export interface Goal {
  readonly dropletId: string;
  readonly action: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly reached: (droplet: Droplet) => boolean;
}

/** What the ledger keeps of an event before and after it was asked for. `goal` tells the events of doing and undoing apart. */
interface EventIntent {
  readonly goal: string;
  readonly askedAtMs: number;
  readonly actionId: string | null;
}

type Ctx = Pick<StepContext, 'sagaId' | 'intent' | 'sinceBegunMs' | 'signal' | 'recordIntent'>;

/**
 * Brings a droplet to a state by one of its events. Whether it is there already is looked at before the event is asked for, and again after its
 * action has ended: an action may be `completed` before its effect can be seen (docs/digitalocean-facts.md 1.7).
 */
@Injectable()
export class DropletActionRunner {
  constructor(
    private readonly droplets: DropletCalls,
    private readonly looks: SharedProviderPoller,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `keep`: what the step itself has recorded and must not lose. */
  async ensure(ctx: Ctx, goal: Goal, keep: Readonly<Record<string, unknown>> = {}): Promise<StepAnswer> {
    const { dropletId, action, reached } = goal;
    const before = ctx.intent as unknown as EventIntent | null;
    const asked = before?.goal === JSON.stringify(action);
    const status = before?.actionId ? await this.statusOf(ctx, before.actionId) : undefined;
    if (status === 'errored' && asked) {
      await ctx.recordIntent({ ...keep });
      return retry({ code: 'action_errored', detail: `DigitalOcean could not do the ${action.type}` });
    }
    const open = before?.goal !== undefined && status !== 'errored';
    // Of an event without a known end, or of the one that is being undone, what the droplet looks like says nothing yet.
    const goesOn = status === 'in-progress' || (open && (!asked || !before.actionId) && (await this.isBusy(ctx, dropletId)));
    if (goesOn) {
      await ctx.recordIntent({ ...ctx.intent, askedAtMs: ctx.sinceBegunMs }); // its effect may lag behind its end, not its beginning
      return wait(this.config.saga.pollMs, `an event of droplet ${dropletId}`);
    }
    const recently = open && ctx.sinceBegunMs - before.askedAtMs < this.config.provider.lagMs;
    if (recently && !asked) return wait(this.config.saga.pollMs, 'what was asked before showing its effect');
    const droplet = await this.droplets.get(dropletId, ctx.signal);
    if (!droplet) return fail({ code: 'droplet_gone', detail: `Droplet ${dropletId} does not exist any more` }, 'none');
    if (reached(droplet)) return done();
    if (recently) return wait(this.config.saga.pollMs, `the effect of the ${action.type}`);
    if (await this.isBusy(ctx, dropletId)) return wait(this.config.saga.pollMs, 'another event of the droplet');
    return this.ask(ctx, goal, keep, asked);
  }

  private async isBusy({ signal }: Ctx, dropletId: string): Promise<boolean> {
    return (await this.droplets.newestActions(dropletId, signal)).some(({ status }) => status === 'in-progress');
  }

  private async ask(ctx: Ctx, { dropletId, action }: Goal, keep: Readonly<Record<string, unknown>>, again: boolean): Promise<StepAnswer> {
    const intent = { ...keep, goal: JSON.stringify(action), askedAtMs: ctx.sinceBegunMs, actionId: null };
    await ctx.recordIntent(intent);
    const outcome = await outcomeOf(this.droplets.act(dropletId, action, ctx.signal));
    if (outcome.is === 'done') {
      await ctx.recordIntent({ ...intent, actionId: outcome.value.id });
      await this.inventory.startedActions(ctx.sagaId, [outcome.value.id]);
      return wait(this.config.saga.pollMs, `the ${action.type} of droplet ${dropletId}`);
    }
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, askedAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, `whether the ${action.type} was begun`);
    }
    await ctx.recordIntent({ ...keep });
    if (outcome.is === 'gone') return fail(outcome.error, 'none');
    const { answer } = outcome;
    if (answer.is !== 'fail') return answer;
    if (mayBeStale(action.type, answer.error.detail)) return retry(answer.error);
    return again ? fail(answer.error, 'unknown') : answer; // the first may have had its effect
  }

  /** From the look that all share; by itself where the feed no longer shows it, or not yet: an action just returned may answer 404. */
  private async statusOf(ctx: Ctx, actionId: string): Promise<Action['status'] | undefined> {
    const shared = await this.looks.action(actionId);
    return shared ? shared.status : (await this.droplets.action(actionId, ctx.signal))?.status;
  }
}

/** The droplet's status lags its events, so what was seen may be refused as done already, or as too early; other refusals of a resize are final. */
const mayBeStale = (type: string, detail: string): boolean => type !== 'resize' || /currently on|powered on/i.test(detail);
