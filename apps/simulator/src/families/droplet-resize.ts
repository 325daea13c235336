import { unprocessable } from '../http/provider-refusal';
import type { DropletRecord } from '../world/records';
import type { World } from '../world/world';
import { isOffered } from './droplet-placement';

type Input = Record<string, unknown>;

/** A resize needs a droplet that is off, a size on offer in its region and a disk that does not shrink. */
export function checkResize(isOff: (droplet: DropletRecord) => boolean): (world: World, droplet: DropletRecord, input: Input) => Input {
  return (world, droplet, { size: wanted, disk }) => {
    const size = world.collections.sizes.get(String(wanted));
    const region = world.collections.regions.get(droplet.region);
    if (size === undefined || region === undefined) throw unprocessable('You specified an invalid size for Droplet resize.');
    if (!isOff(droplet)) throw unprocessable('Droplet is currently on. Please power it off to run this event.');
    if (size.slug === droplet.size_slug && (disk !== true || size.disk === droplet.disk))
      throw unprocessable('Droplet is already this size.');
    if (!isOffered(size, region)) throw unprocessable('Size is not available in this region.');
    if (size.disk < droplet.disk) throw unprocessable("Size can not decrease size of Droplet's disk image");
    return { size_slug: size.slug, disk: disk === true };
  };
}

/** With `disk` the disk grows for ever; without it the droplet can go back to its old size. */
export function takeResize(world: World, droplet: DropletRecord, { size_slug, disk }: Input): void {
  const size = world.collections.sizes.get(String(size_slug));
  if (size === undefined) return;
  world.collections.droplets.put({ ...droplet, size_slug: size.slug, disk: disk === true ? size.disk : droplet.disk });
}
