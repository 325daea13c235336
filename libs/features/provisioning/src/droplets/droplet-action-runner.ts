import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import type { DomainError } from '#libs/kernel';
import {
  done,
  fail,
  retry,
  skipped,
  underWay,
  wait,
  type StepAnswer,
  type StepContext,
  type StepError,
  type TrackedWrite,
} from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { DropletCalls, dropletValues, type Droplet, type DropletAction } from '../provider/droplet-calls';
import { dropletMissing, stepErrorOf } from '../provisioning.errors';
import { dropletHolds } from './droplet-access';

/** The calls of one action: the droplet before it and after it, the action itself, and reads until it has ended. */
export const ACTION_CALLS = { min: 3, typical: 8 };

/** The wanted state of a droplet, and the action that leads to it. */
export interface DropletGoal {
  readonly dropletId: string;
  readonly action: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly reached: (droplet: Droplet) => boolean;
  /** Fails the step when the action has been requested this often and its goal is not reached. */
  readonly sendLimit?: { readonly sends: number; readonly error: StepError };
  /** The action restores what the saga has changed, so it is requested whatever owner the droplet has now. */
  readonly restoring?: true;
  /** The last check before the action is requested, instead of that of the owner. Throws an error of the `DestructionGuard`. */
  readonly check?: () => Promise<void>;
}

/** The intent of an action. A step adds its own fields, such as the previous state. Without `goal`, no action is requested. */
export type ActionIntent = {
  /** The action as JSON. It differs between the action of a step and that of its compensation. */
  readonly goal?: string;
  /** When the action was requested, or was last seen in progress; ms since the step began. */
  readonly askedAtMs?: number;
  readonly actionId?: string | null;
  /** The number of requests, for an action with a `sendLimit`. */
  readonly asks?: number;
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
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `keep` contains the fields of the step's own intent, which this class writes back with its own. */
  async ensure<Intent extends ActionIntent, Output>(
    ctx: StepContext<{ readonly resource_id?: string }, Intent, Output>,
    { dropletId, action, reached, restoring, check, sendLimit }: DropletGoal,
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
    let live: Droplet | undefined;
    const endUnknown = open && (!requested || !before.actionId);
    return ctx.effect(`${type} droplet`, {
      find: async () => {
        // While an action has no known end, or the action being undone still runs, the state of the droplet proves nothing.
        if (status === 'in-progress' || (endUnknown && (await this.droplets.isBusy(dropletId, ctx.signal))))
          return underWay(`waiting for the running action of droplet ${dropletId} to end`);
        if (open && !requested && ctx.sinceBegunMs - (before.askedAtMs ?? 0) < lagMs)
          return wait(pollMs, 'waiting for the previous action to take effect');
        live = await this.droplets.get(dropletId, ctx.signal);
        if (!live) return dropletMissing(dropletId);
        if (!reached(live)) return undefined;
        return requested ? done() : skipped(`the droplet needs no ${type}`);
      },
      unrecorded: 'visible',
      intent: { ...keep, goal, actionId: null },
      fields: { sentAtMs: 'askedAtMs', ...(sendLimit && { sends: 'asks' as const }) },
      ...(sendLimit && { sendLimit }),
      lagMs: status === 'errored' ? 0 : lagMs,
      writes: () => (live ? [writeOf(live, valuesSetBy(action))] : []),
      instead: async () => ((await this.droplets.isBusy(dropletId, ctx.signal)) ? wait(pollMs, BUSY_REASON) : undefined),
      send: async () => {
        if (check) await check();
        else if (!restoring) await this.guard.assertSameOwner(ctx, ctx.input.resource_id);
        return this.droplets.startAction(dropletId, action, ctx.signal);
      },
      pending: wait(pollMs, `waiting for the ${type} to take effect`),
      unanswered: wait(pollMs, `waiting for an unconfirmed ${type} to take effect`),
      answered: async ({ id }, intent) => {
        await ctx.recordIntent({ ...intent, actionId: id });
        await this.inventory.startedActions(ctx.sagaId, [id]);
        return wait(pollMs, `waiting for the ${type} of droplet ${dropletId}`);
      },
      refused: async (error) => {
        await ctx.recordIntent(open ? { ...before, ...keep } : keep); // an earlier request without a known outcome may still take effect
        const stopped = answerGuard(error, open);
        if (stopped) return stopped;
        if (error.category === 'not_found') return fail(stepErrorOf(error), 'none');
        return answerRefusal(error, { droplets: this.droplets, dropletId, signal: ctx.signal, pollMs });
      },
    });
  }

  /** Reads the shared poll first. The action itself is read when the poll does not contain it; a new action may answer 404. */
  private async statusOf(actionId: string, signal: AbortSignal): Promise<DropletAction['status'] | undefined> {
    const polled = await this.poller.action(actionId);
    return polled ? polled.status : (await this.droplets.getAction(actionId, signal))?.status;
  }
}

const BUSY_REASON = 'waiting for another action of the droplet to end';

/**
 * The answer to a refused action or DELETE of a droplet, undefined for any other failure. The state of the droplet decides, never the words
 * of the refusal: while another action runs, the step waits. The status of a droplet lags behind its actions, so any other refusal may pass
 * too, and is tried again within the limits of the step. [SAG-10]
 */
export async function answerRefusal(
  error: DomainError,
  { droplets, dropletId, signal, pollMs }: RefusedWrite,
): Promise<StepAnswer<never> | undefined> {
  if (error.writeFailure?.is !== 'refused' || error.category !== 'conflict') return undefined;
  if (await droplets.isBusy(dropletId, signal)) return wait(pollMs, BUSY_REASON);
  return retry(stepErrorOf(error), undefined, 'none');
}

interface RefusedWrite {
  readonly droplets: DropletCalls;
  readonly dropletId: string;
  readonly signal: AbortSignal;
  /** Pause before the step asks the provider again. */
  readonly pollMs: number;
}

/** Describes a change of settings of a droplet. */
export function writeOf(live: Droplet, sets: Readonly<Record<string, unknown>>): TrackedWrite {
  const [target = ''] = dropletHolds({ droplet_id: live.id });
  const values = dropletValues(live);
  const before = Object.fromEntries(Object.keys(sets).map((field) => [field, values[field] ?? false]));
  return { target, object: '', sets, before };
}

/** The settings that an action of ours sets. Pure. */
function valuesSetBy({ type, ...action }: DropletGoal['action']): Readonly<Record<string, unknown>> {
  if (type === 'power_on' || type === 'power_off' || type === 'shutdown') return { power: type === 'power_on' ? 'on' : 'off' };
  if (type === 'enable_backups' || type === 'disable_backups') return { backups: type === 'enable_backups' };
  if (type === 'rename') return { name: action.name };
  return { size_slug: action.size };
}
