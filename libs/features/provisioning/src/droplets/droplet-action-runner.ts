import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, retry, underWay, wait, type StepAnswer, type StepContext } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { DropletCalls, type Droplet, type DropletAction } from '../provider/droplet-calls';
import { dropletMissing, stepErrorOf } from '../provisioning.errors';

/** The wanted state of a droplet, and the action that leads to it. */
export interface DropletGoal {
  readonly dropletId: string;
  readonly action: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly reached: (droplet: Droplet) => boolean;
}

/** The intent of an action. A step adds its own fields, such as the previous state. Without `goal`, no action is requested. */
export type ActionIntent = {
  /** The action as JSON. It differs between the action of a step and that of its compensation. */
  readonly goal?: string;
  /** When the action was requested, or was last seen in progress; ms since the step began. */
  readonly askedAtMs?: number;
  readonly actionId?: string | null;
};

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
  async ensure<Intent extends ActionIntent, Output>(
    ctx: StepContext<unknown, Intent, Output>,
    { dropletId, action, reached }: DropletGoal,
    keep: Intent,
  ): Promise<StepAnswer<Output>> {
    const { type } = action;
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const goal = JSON.stringify(action);
    const before = ctx.intent;
    const requested = before?.goal === goal;
    const status = before?.actionId ? await this.statusOf(before.actionId, ctx.signal) : undefined;
    if (status === 'errored' && requested) {
      await ctx.recordIntent(keep);
      return retry({ code: 'action_errored', detail: `DigitalOcean could not do the ${type}` });
    }
    const open = before?.goal !== undefined && status !== 'errored';
    const endUnknown = open && (!requested || !before.actionId);
    return ctx.effect(`${type} droplet`, {
      find: async () => {
        // While an action has no known end, or the action being undone still runs, the state of the droplet proves nothing.
        if (status === 'in-progress' || (endUnknown && (await this.isBusy(dropletId, ctx.signal))))
          return underWay(`waiting for the running action of droplet ${dropletId} to end`);
        if (open && !requested && ctx.sinceBegunMs - (before.askedAtMs ?? 0) < lagMs)
          return wait(pollMs, 'waiting for the previous action to take effect');
        const droplet = await this.droplets.get(dropletId, ctx.signal);
        if (!droplet) return dropletMissing(dropletId);
        return reached(droplet) ? done() : undefined;
      },
      unrecorded: 'visible',
      intent: { ...keep, goal, actionId: null },
      fields: { sentAtMs: 'askedAtMs' },
      lagMs: status === 'errored' ? 0 : lagMs,
      instead: async () =>
        (await this.isBusy(dropletId, ctx.signal)) ? wait(pollMs, 'waiting for another action of the droplet to end') : undefined,
      send: () => this.droplets.startAction(dropletId, action, ctx.signal),
      pending: wait(pollMs, `waiting for the ${type} to take effect`),
      unanswered: wait(pollMs, `waiting for an unconfirmed ${type} to take effect`),
      answered: async ({ id }, intent) => {
        await ctx.recordIntent({ ...intent, actionId: id });
        await this.inventory.startedActions(ctx.sagaId, [id]);
        return wait(pollMs, `waiting for the ${type} of droplet ${dropletId}`);
      },
      refused: async (error) => {
        await ctx.recordIntent(keep);
        if (error.category === 'not_found') return fail(stepErrorOf(error), 'none');
        const isRefused = error.writeFailure?.is === 'refused';
        return isRefused && mayBeStale(type, error.message) ? retry(stepErrorOf(error)) : undefined;
      },
    });
  }

  private async isBusy(dropletId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.droplets.listNewestActions(dropletId, signal)).some(({ status }) => status === 'in-progress');
  }

  /** Reads the shared poll first. The action itself is read when the poll does not contain it; a new action may answer 404. */
  private async statusOf(actionId: string, signal: AbortSignal): Promise<DropletAction['status'] | undefined> {
    const polled = await this.poller.action(actionId);
    return polled ? polled.status : (await this.droplets.getAction(actionId, signal))?.status;
  }
}

/**
 * The droplet's status lags behind its actions, so the provider may refuse a request that we made on an old status. Other refusals of a
 * resize are final.
 */
const mayBeStale = (type: string, detail: string): boolean => type !== 'resize' || /currently on|powered on/i.test(detail);
