import { Injectable } from '@nestjs/common';
import type { DropletGoal } from '../droplets/droplet-action-runner';
import type { Droplet } from '../provider/droplet-calls';
import { DropletSettingStep, type SettingValue } from './droplet-setting.step';
import { findBackupsObstacle, type AcceptedRevert } from './revert-droplet.input';

/** Switches backups on or off. On means the provider's weekly backups. */
@Injectable()
export class SetBackupsStep extends DropletSettingStep {
  readonly name = 'set_backups';

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
