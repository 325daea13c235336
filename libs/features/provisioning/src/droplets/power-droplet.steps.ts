import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, skipped, underWay, wait, type StepAnswer, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { DropletCalls, dropletValues, type Droplet } from '../provider/droplet-calls';
import { dropletMissing, stepErrorOf } from '../provisioning.errors';
import { ACTION_CALLS, answerRefusal, DropletActionRunner, type ActionIntent, type DropletGoal } from './droplet-action-runner';
import type { DropletFacts } from './droplet-forecasts';
import type { PowerDropletInput, WithDroplet } from './droplet.input';

export type Power = 'on' | 'off';
type AcceptedPower = WithDroplet<PowerDropletInput>;
/** `was` is the previous power; null while the droplet is neither on nor off. */
type PowerIntent = ActionIntent & { readonly was?: Power | null };
type ChangedPower = { readonly was: Power | null; readonly power: Power };
type PowerCtx = StepContext<WithDroplet, PowerIntent, ChangedPower>;

export const CHANGE_POWER: StepKey<ChangedPower> = { name: 'change_power' };

export const powerOf = (droplet: Droplet): Power | null => (dropletValues(droplet).power as Power | undefined) ?? null;

/** The system of a machine may ignore a shutdown; the action completes all the same. */
const SHUTDOWN_LIMIT = {
  sends: 2,
  error: { code: 'shutdown_ignored', detail: 'The system of the droplet does not shut down when asked: use the action off' },
};

/** Base of the steps that switch a droplet on or off. The compensation restores the previous power. */
@Injectable()
abstract class PowerStep<Input extends WithDroplet> implements StepDefinition<Input, PowerIntent, ChangedPower> {
  abstract readonly name: string;

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  protected abstract goalOf(input: Input): { readonly power: Power; readonly gently?: boolean };

  readonly outline = (input: Input, { power: was }: DropletFacts) => {
    const { power, gently } = this.goalOf(input);
    if (was === power) return { skipped: `the droplet is ${power} already` };
    const does = gently ? 'Lets the system of the droplet shut down' : `Powers the droplet ${power}`;
    return { does, undo: `Powers it ${power === 'on' ? 'off' : 'on'} again`, calls: ACTION_CALLS };
  };

  readonly execute = async (ctx: StepContext<Input, PowerIntent, ChangedPower>): Promise<StepAnswer<ChangedPower>> => {
    const { power, gently } = this.goalOf(ctx.input);
    const droplet = ctx.intent?.was === undefined ? await this.droplets.get(ctx.input.droplet_id, ctx.signal) : undefined;
    const was = ctx.intent?.was !== undefined ? ctx.intent.was : droplet && powerOf(droplet);
    if (was === undefined) return dropletMissing(ctx.input.droplet_id);
    const answer = await this.runner.ensure(ctx, goal(ctx, power, gently), { was });
    return answer.is === 'done' ? { ...answer, output: { was, power } } : answer;
  };

  readonly compensate = async (ctx: StepContext<Input, PowerIntent, ChangedPower>): Promise<StepAnswer<ChangedPower>> => {
    const was = ctx.intent?.was ?? ctx.output?.was;
    return was ? this.runner.ensure(ctx, { ...goal(ctx, was), restoring: true }, { was }) : done();
  };
}

function goal({ input }: Pick<PowerCtx, 'input'>, power: Power, gently = false): DropletGoal {
  const type = power === 'on' ? 'power_on' : gently ? 'shutdown' : 'power_off';
  const reached = (droplet: Droplet) => powerOf(droplet) === power;
  return { dropletId: input.droplet_id, action: { type }, reached, ...(gently && { sendLimit: SHUTDOWN_LIMIT }) };
}

/** Switches a droplet on or off as asked; a shutdown lets its system end by itself. */
@Injectable()
export class ChangePowerStep extends PowerStep<AcceptedPower> {
  readonly name = CHANGE_POWER.name;
  readonly policy = { waitLimitMs: 900_000 };

  protected goalOf({ action }: AcceptedPower) {
    return { power: action === 'on' ? 'on' : 'off', gently: action === 'shutdown' } as const;
  }
}

/** Powers a droplet off long before it is destroyed, so that its users notice while it can be had back. */
@Injectable()
export class PowerDownStep extends PowerStep<WithDroplet> {
  readonly name = 'power_down';

  protected goalOf() {
    return { power: 'off' } as const;
  }
}

/** `after`: the id of the newest action of the droplet before the first request. `asks`: the number of requests. */
type ActIntent = { readonly after: string; readonly askedAtMs?: number; readonly asks?: number; readonly ruledOut?: boolean };
type Acted = { readonly action_id: string };
type ActCtx<Input> = StepContext<Input, ActIntent, Acted>;

/**
 * Base of the steps that let a droplet do something once. It leaves no state behind that would prove it, so an earlier request is found by its
 * action: one that is newer than all actions before the first request.
 */
@Injectable()
export abstract class OneActionStep<Input extends WithDroplet> implements StepDefinition<Input, ActIntent, Acted> {
  abstract readonly name: string;

  constructor(
    protected readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    protected readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  protected abstract action(input: Input): DropletGoal['action'];
  /** Why the action must not be requested; undefined when nothing is in the way. Asked before the first request. */
  protected abstract judge(ctx: ActCtx<Input>): Promise<StepAnswer<never> | undefined>;
  /** The last check before the action is requested. Throws an error of the `DestructionGuard`. */
  protected check(ctx: ActCtx<Input>): Promise<void> {
    return this.guard.assertSameOwner(ctx, ctx.input.resource_id);
  }

  readonly execute = async (ctx: ActCtx<Input>): Promise<StepAnswer<Acted>> => {
    const { droplet_id: id } = ctx.input;
    const { pollMs } = this.config.saga;
    const action = this.action(ctx.input);
    const { type } = action;
    const refusal = ctx.intent ? undefined : await this.judge(ctx);
    if (refusal) return refusal;
    const actions = await this.droplets.listNewestActions(id, ctx.signal);
    const after = ctx.intent?.after ?? newestOf(actions.map((one) => one.id));
    const mayBeUnderWay = ctx.intent !== null && ctx.intent.ruledOut !== true;
    return ctx.effect(`${type} droplet`, {
      find: async () => {
        const own = actions.find((one) => one.type === type && BigInt(one.id) > BigInt(after));
        if (!own) return undefined;
        if (own.status === 'in-progress') return underWay(`waiting for the ${type} of droplet ${id}`);
        await this.inventory.startedActions(ctx.sagaId, [own.id]);
        if (own.status === 'errored') return fail({ code: 'action_errored', detail: `DigitalOcean could not do the ${type}` }, 'none');
        return done({ action_id: own.id });
      },
      intent: { after },
      fields: { sentAtMs: 'askedAtMs', sends: 'asks', ruledOut: 'ruledOut' },
      lagMs: this.config.provider.lagMs,
      sendLimit: { sends: 3, error: { code: `${type}_unanswered`, detail: '3 requests had no known outcome' } },
      instead: async () => ((await this.droplets.isBusy(id, ctx.signal)) ? wait(pollMs, BUSY) : undefined),
      send: async () => {
        await this.check(ctx);
        return this.droplets.startAction(id, action, ctx.signal);
      },
      pending: wait(pollMs, `waiting for the ${type} of droplet ${id}`),
      unanswered: wait(pollMs, `waiting for an unconfirmed ${type} to appear`),
      refused: (error) => {
        const stopped = answerGuard(error, mayBeUnderWay);
        if (stopped) return stopped;
        if (error.category === 'not_found') return fail(stepErrorOf(error), 'none');
        return answerRefusal(error, { droplets: this.droplets, dropletId: id, signal: ctx.signal, pollMs });
      },
    });
  };
}

/** Restarts a droplet that is on. */
@Injectable()
export class RebootStep extends OneActionStep<WithDroplet> {
  readonly name = 'reboot';

  readonly outline = () => ({ does: 'Restarts the droplet', calls: ACTION_CALLS });

  protected action() {
    return { type: 'reboot' };
  }

  protected async judge({ input, signal }: ActCtx<WithDroplet>): Promise<StepAnswer<never> | undefined> {
    const droplet = await this.droplets.get(input.droplet_id, signal);
    if (!droplet) return dropletMissing(input.droplet_id);
    if (powerOf(droplet) !== 'off') return undefined;
    return fail({ code: 'droplet_is_off', detail: 'The droplet is off, so it cannot be restarted: use the action on' }, 'none');
  }
}

const BUSY = 'waiting for another action of the droplet to end';

const newestOf = (ids: readonly string[]): string => ids.reduce((newest, id) => (BigInt(id) > BigInt(newest) ? id : newest), '0');

type RecordedPower = { readonly power: Power; readonly previous?: unknown };
const RECORDED = 'the power is recorded already';
type RecordCtx = StepContext<AcceptedPower, never, RecordedPower>;

/** Records the new power in the inventory and, where the droplet has one, in its desired state: what was asked for is no drift. */
@Injectable()
export class RecordPowerStep implements StepDefinition<AcceptedPower, never, RecordedPower> {
  readonly name = 'record_power';
  readonly skippable = 'freely';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
  ) {}

  readonly outline = (_input: AcceptedPower, { recorded }: DropletFacts) =>
    recorded
      ? { skipped: RECORDED }
      : {
          does: 'Records the new power in the inventory and in the desired state',
          undo: 'Restores the old power in the desired state',
          calls: { min: 1, typical: 1 },
        };

  readonly execute = async (ctx: RecordCtx): Promise<StepAnswer<RecordedPower>> => {
    const { droplet_id: id, resource_id: resourceId, action } = ctx.input;
    const power = action === 'on' ? 'on' : 'off';
    if (ctx.findOutputOf(CHANGE_POWER)?.was === power && (await this.isRecorded(ctx.input, power))) return skipped(RECORDED, { power });
    const requestedAtMs = performance.now();
    const droplet = await this.droplets.get(id, ctx.signal);
    if (!droplet) return dropletMissing(id);
    await ctx.guard();
    await this.inventory.observe({ kind: 'droplet', raw: droplet.raw, requestedAtMs, sagaId: ctx.sagaId });
    const desired = await this.desiredStates.find(resourceId);
    if (!desired) return done({ power });
    const previous = desired.lastSagaId === ctx.sagaId ? undefined : desired.spec.power; // of an earlier try of this step
    await this.desiredStates.record(resourceId, { power }, ctx.sagaId);
    return done({ power, ...(previous !== undefined && { previous }) });
  };

  private async isRecorded({ droplet_id: id, resource_id: resourceId }: AcceptedPower, power: Power): Promise<boolean> {
    const desired = await this.desiredStates.find(resourceId);
    const known = await this.inventory.findByProviderId('droplet', id);
    return known?.status === (power === 'on' ? 'active' : 'off') && (!desired || desired.spec.power === power);
  }

  readonly compensate = async (ctx: RecordCtx): Promise<StepAnswer<RecordedPower>> => {
    const { previous, power } = ctx.output ?? {};
    const desired = await this.desiredStates.find(ctx.input.resource_id);
    await ctx.guard();
    if (previous !== undefined && desired?.spec.power === power)
      await this.desiredStates.record(ctx.input.resource_id, { power: previous }, ctx.sagaId);
    return done();
  };
}
