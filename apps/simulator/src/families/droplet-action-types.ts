import { unprocessable } from '../http/provider-refusal';
import type { LagName } from '../world/lags';
import type { DropletRecord } from '../world/records';
import type { World } from '../world/world';
import { parseBackupPolicy } from './backup-policy';
import { checkDropletName } from './droplet-create';
import { publicIpv6 } from './droplet-lifecycle';
import { findImage } from './droplet-placement';
import { checkResize, takeResize } from './droplet-resize';
import { checkSnapshot, takeSnapshot } from './droplet-snapshot';

type Input = Record<string, unknown>;

/** One type of droplet action: whether it is accepted, how long it lasts, what it does in the end. */
export interface DropletActionType {
  duration: LagName;
  /** Refuses with 422, or answers what has to be remembered until the end. */
  check: (world: World, droplet: DropletRecord, input: Input) => Input;
  take: (world: World, droplet: DropletRecord, input: Input) => void;
}

const isOff = (droplet: DropletRecord): boolean => (droplet.unshown_status ?? droplet.status) === 'off';
const nothing = (): void => undefined;

function mustBeOn(world: World, droplet: DropletRecord): Input {
  if (isOff(droplet)) throw unprocessable('Droplet is currently off. Please power it on to run this event.');
  return {};
}

function checkOff(world: World, droplet: DropletRecord): Input {
  if (isOff(droplet)) throw unprocessable('Droplet is already powered off');
  return {};
}

/** The power state changes now; `status` shows it a little later. */
function power(status: 'active' | 'off'): DropletActionType['take'] {
  return (world, droplet) => {
    world.collections.droplets.put({ ...droplet, unshown_status: status });
    world.after('droplet_status_ms', 'droplet_status_shown', droplet.id);
  };
}

function checkImage(world: World, droplet: DropletRecord, input: Input): Input {
  const image = findImage(world, input.image);
  if (image === undefined || !image.regions.includes(droplet.region)) throw unprocessable('You specified an invalid image.');
  return { image_id: image.id };
}

function takeImage(world: World, droplet: DropletRecord, { image_id }: Input): void {
  world.collections.droplets.put({ ...droplet, image_id: Number(image_id) });
}

function withBackups(world: World, droplet: DropletRecord, { policy }: Input): void {
  const features = [...new Set(['backups', ...droplet.features])];
  world.collections.droplets.put({ ...droplet, features, backup_policy: policy as DropletRecord['backup_policy'] });
}

const hasBackups = (droplet: DropletRecord): boolean => droplet.features.includes('backups');

export const DROPLET_ACTIONS: Record<string, DropletActionType> = {
  power_on: {
    duration: 'power_action_ms',
    check: (_, droplet) => {
      if (!isOff(droplet)) throw unprocessable('Droplet is already powered on');
      return {};
    },
    take: power('active'),
  },
  power_off: { duration: 'power_action_ms', check: checkOff, take: power('off') },
  /** Asks the guest politely: it completes even when the guest does not listen. */
  shutdown: {
    duration: 'power_action_ms',
    check: checkOff,
    take: (world, droplet) => (droplet.ignores_shutdown === true ? undefined : power('off')(world, droplet, {})),
  },
  power_cycle: { duration: 'power_action_ms', check: mustBeOn, take: nothing },
  reboot: { duration: 'power_action_ms', check: mustBeOn, take: nothing },
  resize: { duration: 'resize_action_ms', check: checkResize(isOff), take: takeResize },
  snapshot: { duration: 'snapshot_action_ms', check: checkSnapshot, take: takeSnapshot },
  rename: {
    duration: 'other_action_ms',
    check: (_world, _droplet, { name }) => ({ name: checkDropletName(name) }),
    take: (world, droplet, { name }) => world.after('droplet_rename_ms', 'droplet_renamed', droplet.id, { data: { name } }),
  },
  rebuild: { duration: 'snapshot_action_ms', check: checkImage, take: takeImage },
  restore: { duration: 'snapshot_action_ms', check: checkImage, take: takeImage },
  enable_backups: {
    duration: 'other_action_ms',
    check: (_, droplet, { backup_policy }) => {
      if (hasBackups(droplet)) throw unprocessable('Backups are already enabled for this Droplet.');
      return { policy: parseBackupPolicy(backup_policy) };
    },
    take: withBackups,
  },
  change_backup_policy: {
    duration: 'other_action_ms',
    check: (_, droplet, { backup_policy }) => {
      if (!hasBackups(droplet)) throw unprocessable('Backups are not enabled for this Droplet.');
      return { policy: parseBackupPolicy(backup_policy) };
    },
    take: withBackups,
  },
  disable_backups: {
    duration: 'other_action_ms',
    check: (_, droplet) => {
      if (!hasBackups(droplet)) throw unprocessable('Backups are already disabled for this Droplet.');
      return {};
    },
    take: (world, droplet) => {
      const features = droplet.features.filter((feature) => feature !== 'backups');
      world.collections.droplets.put({ ...droplet, features, backup_policy: undefined });
    },
  },
  enable_ipv6: {
    duration: 'other_action_ms',
    check: (_, droplet) => {
      if (droplet.features.includes('ipv6')) throw unprocessable('This Droplet already has IPv6 enabled.');
      return {};
    },
    take: (world, droplet) => {
      world.collections.droplets.put({ ...droplet, features: [...droplet.features, 'ipv6'], public_ipv6: publicIpv6(droplet.id) });
    },
  },
  password_reset: { duration: 'other_action_ms', check: () => ({}), take: nothing },
};
