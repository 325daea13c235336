import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { ACTION_CALLS, DropletActionRunner, type ActionIntent, type DropletGoal } from '../droplets/droplet-action-runner';
import type { DropletFacts } from '../droplets/droplet-forecasts';
import { DropletCalls, type Droplet } from '../provider/droplet-calls';
import { findBackupsObstacle, type AcceptedRevert } from './revert-droplet.input';

type SettingValue = string | boolean;
/** `from` is the previous value. */
type SettingIntent = ActionIntent & { readonly from?: SettingValue };
type ChangedSetting = { readonly from: SettingValue | undefined; readonly to: SettingValue };
type Ctx = StepContext<AcceptedRevert, SettingIntent, ChangedSetting>;

/**
 * Base of the steps that change one setting of a droplet by one action. The compensation restores the previous value. A setting that
 * already has the wanted value is not changed, and a compensation does not touch a setting that the step never changed.
 */
@Injectable()
abstract class DropletSettingStep implements StepDefinition<AcceptedRevert, SettingIntent, ChangedSetting> {
  abstract readonly name: string;

  constructor(
    private readonly runner: DropletActionRunner,
    private readonly droplets: DropletCalls,
  ) {}

  /** The name of the setting among the facts of a plan. */
  protected abstract readonly setting: 'name' | 'backups' | 'power';
  protected abstract describe(to: SettingValue): string;
  protected abstract wantedValue(input: AcceptedRevert): SettingValue;
  protected abstract liveValue(droplet: Droplet): SettingValue;
  protected abstract actionFor(value: SettingValue): DropletGoal['action'];
  /** A value as the intent of an earlier release may name it, in the words of `liveValue`. */
  protected inPresentWords(value: SettingValue): SettingValue {
    return value;
  }
  /** Describes the data that the droplet would lose by this value; undefined when it would lose none. */
  protected lossBy(_value: SettingValue, _droplet: Droplet): string | undefined {
    return undefined;
  }

  readonly outline = (input: AcceptedRevert, { live }: DropletFacts) => {
    const to = this.wantedValue(input);
    if (live[this.setting] === to) return { skipped: `the droplet has this ${this.setting} already` };
    return { does: this.describe(to), undo: 'Restores the previous value', calls: ACTION_CALLS };
  };

  readonly execute = async (ctx: Ctx): Promise<StepAnswer<ChangedSetting>> => {
    const to = this.wantedValue(ctx.input);
    const recorded = ctx.intent?.from;
    const droplet = recorded === undefined ? await this.droplets.get(ctx.input.droplet_id, ctx.signal) : undefined;
    const loss = droplet && this.lossBy(to, droplet);
    if (loss !== undefined) return fail({ code: 'would_lose_data', detail: loss }, 'none');
    const from = recorded ?? (droplet && this.liveValue(droplet)); // undefined for a missing droplet, on which the action fails
    const answer = await this.ensureValue(ctx, to, { from });
    return answer.is === 'done' ? { ...answer, output: { from, to } } : answer;
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<ChangedSetting>> => {
    const from = ctx.intent?.from;
    return from === undefined ? done() : this.ensureValue(ctx, this.inPresentWords(from), { from }, true);
  };

  private ensureValue(ctx: Ctx, value: SettingValue, keep: SettingIntent, restoring?: true): Promise<StepAnswer<ChangedSetting>> {
    const reached = (droplet: Droplet) => this.liveValue(droplet) === value;
    return this.runner.ensure(ctx, { dropletId: ctx.input.droplet_id, action: this.actionFor(value), reached, restoring }, keep);
  }
}

/** Restores the desired name. A new name becomes visible a little after its action (docs/digitalocean-facts.md 4.9). */
@Injectable()
export class RenameStep extends DropletSettingStep {
  readonly name = 'rename';
  protected readonly setting = 'name';

  protected describe(name: SettingValue): string {
    return `Renames the droplet to ${name}`;
  }

  protected wantedValue({ name }: AcceptedRevert): SettingValue {
    return name;
  }
  protected liveValue({ name }: Droplet): SettingValue {
    return name ?? '';
  }
  protected actionFor(name: SettingValue): DropletGoal['action'] {
    return { type: 'rename', name };
  }
}

/** Switches backups on or off. On means the provider's weekly backups. */
@Injectable()
export class SetBackupsStep extends DropletSettingStep {
  readonly name = 'set_backups';
  protected readonly setting = 'backups';

  protected describe(on: SettingValue): string {
    return `Switches the backups ${on === true ? 'on' : 'off'}`;
  }

  protected wantedValue({ backups }: AcceptedRevert): SettingValue {
    return backups;
  }
  protected liveValue({ features }: Droplet): SettingValue {
    return features.includes('backups');
  }
  protected actionFor(on: SettingValue): DropletGoal['action'] {
    return { type: on === true ? 'enable_backups' : 'disable_backups' };
  }
  /** Checks again, because the provider may have taken a backup since the revert was requested. */
  protected override lossBy(on: SettingValue, { backupIds }: Droplet): string | undefined {
    return on === true ? undefined : findBackupsObstacle(backupIds.length);
  }
}

/** Gives the droplet its desired power. */
@Injectable()
export class SetPowerStep extends DropletSettingStep {
  readonly name = 'set_power';
  protected readonly setting = 'power';

  protected describe(power: SettingValue): string {
    return `Powers the droplet ${power === 'off' ? 'off' : 'on'}`;
  }

  protected wantedValue({ power, status }: { readonly power?: string; readonly status?: string }): SettingValue {
    return power ?? this.inPresentWords(status ?? ''); // a saga of the previous release has only the latter
  }
  protected liveValue({ status }: Droplet): SettingValue {
    return this.inPresentWords(status);
  }
  protected override inPresentWords(value: SettingValue): SettingValue {
    return value === 'active' ? 'on' : value;
  }
  protected actionFor(power: SettingValue): DropletGoal['action'] {
    return { type: power === 'off' ? 'power_off' : 'power_on' };
  }
}
