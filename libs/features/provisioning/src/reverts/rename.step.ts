import { Injectable } from '@nestjs/common';
import type { DropletGoal } from '../droplets/droplet-action-runner';
import type { Droplet } from '../provider/droplet-calls';
import { DropletSettingStep, type SettingValue } from './droplet-setting.step';
import type { AcceptedRevert } from './revert-droplet.input';

/** Restores the desired name. A new name becomes visible a little after its action (docs/digitalocean-facts.md 4.9). */
@Injectable()
export class RenameStep extends DropletSettingStep {
  readonly name = 'rename';

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
