import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, retry, wait, type StepAnswer, type StepContext } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { DropletCalls, type Droplet, type DropletAction } from '../provider/droplet-calls';
import { outcomeOf } from '../provider/write-outcome';
import { dropletMissing } from '../provisioning.errors';

/** The wanted state of a droplet, and the action that leads to it. */
export interface DropletGoal {
  readonly dropletId: string;
  readonly action: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly reached: (droplet: Droplet) => boolean;
}

/**
 * The intent of an action, recorded before the action is requested. `goal` differs between the action of a step and that of its
 * compensation.
 */
interface ActionIntent {
  readonly goal: string;
  readonly askedAtMs: number;
  readonly actionId: string | null;
}

type Ctx = Pick<StepContext, 'sagaId' | 'intent' | 'sinceBegunMs' | 'signal' | 'recordIntent'>;

/**
 * Brings a droplet to a state by one action. Reads the droplet before the action is requested, and again after the action has ended,
 * because an action may be `completed` before its effect is visible (docs/digitalocean-facts.md 1.7).
 */
@Injectable()
export class DropletActionRunner {
  constructor(
    private readonly droplets: DropletCalls,
    private readonly poller: SharedProviderPoller,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `keep` contains the fields of the step's own intent, which this class writes back with its own. */
  async ensure(ctx: Ctx, goal: DropletGoal, keep: Readonly<Record<string, unknown>> = {}): Promise<StepAnswer> {
    const { dropletId, action, reached } = goal;
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const before = ctx.intent as unknown as ActionIntent | null;
    const requested = before?.goal === JSON.stringify(action);
    const status = before?.actionId ? await this.statusOf(ctx, before.actionId) : undefined;
    if (status === 'errored' && requested) {
      await ctx.recordIntent({ ...keep });
      return retry({ code: 'action_errored', detail: `DigitalOcean could not do the ${action.type}` });
    }
    const open = before?.goal !== undefined && status !== 'errored';
    // While an action has no known end, or the action being undone still runs, the state of the droplet proves nothing.
    const running = status === 'in-progress' || (open && (!requested || !before.actionId) && (await this.isBusy(ctx, dropletId)));
    if (running) {
      await ctx.recordIntent({ ...ctx.intent, askedAtMs: ctx.sinceBegunMs }); // the lag of the effect counts from the end of the action
      return wait(pollMs, `waiting for the running action of droplet ${dropletId} to end`);
    }
    const recently = open && ctx.sinceBegunMs - before.askedAtMs < lagMs;
    if (recently && !requested) return wait(pollMs, 'waiting for the previous action to take effect');
    const droplet = await this.droplets.get(dropletId, ctx.signal);
    if (!droplet) return dropletMissing(dropletId);
    if (reached(droplet)) return done();
    if (recently) return wait(pollMs, `waiting for the ${action.type} to take effect`);
    if (await this.isBusy(ctx, dropletId)) return wait(pollMs, 'waiting for another action of the droplet to end');
    return this.request(ctx, goal, keep, requested);
  }

  private async isBusy({ signal }: Ctx, dropletId: string): Promise<boolean> {
    return (await this.droplets.listNewestActions(dropletId, signal)).some(({ status }) => status === 'in-progress');
  }

  private async request(
    ctx: Ctx,
    { dropletId, action }: DropletGoal,
    keep: Readonly<Record<string, unknown>>,
    again: boolean,
  ): Promise<StepAnswer> {
    const intent = { ...keep, goal: JSON.stringify(action), askedAtMs: ctx.sinceBegunMs, actionId: null };
    await ctx.recordIntent(intent);
    const outcome = await outcomeOf(this.droplets.startAction(dropletId, action, ctx.signal));
    if (outcome.is === 'done') {
      await ctx.recordIntent({ ...intent, actionId: outcome.value.id });
      await this.inventory.startedActions(ctx.sagaId, [outcome.value.id]);
      return wait(this.config.saga.pollMs, `waiting for the ${action.type} of droplet ${dropletId}`);
    }
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, askedAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, `waiting for an unconfirmed ${action.type} to take effect`);
    }
    await ctx.recordIntent({ ...keep });
    if (outcome.is === 'not_found') return fail(outcome.error, 'none');
    const { answer } = outcome;
    if (answer.is !== 'fail') return answer;
    if (mayBeStale(action.type, answer.error.detail)) return retry(answer.error);
    return again ? fail(answer.error, 'unknown') : answer; // the first request may have had its effect
  }

  /** Reads the shared poll first. The action itself is read when the poll does not contain it; a new action may answer 404. */
  private async statusOf(ctx: Ctx, actionId: string): Promise<DropletAction['status'] | undefined> {
    const polled = await this.poller.action(actionId);
    return polled ? polled.status : (await this.droplets.getAction(actionId, ctx.signal))?.status;
  }
}

/**
 * The droplet's status lags behind its actions, so the provider may refuse a request that we made on an old status. Other refusals of a
 * resize are final.
 */
const mayBeStale = (type: string, detail: string): boolean => type !== 'resize' || /currently on|powered on/i.test(detail);
