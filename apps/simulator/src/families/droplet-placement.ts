import { unprocessable } from '../http/provider-refusal';
import type { ImageRecord, RegionRecord, SizeRecord } from '../world/records';
import type { World } from '../world/world';

/** Where and of what a droplet is made. */
export interface Placement {
  size: SizeRecord;
  region: RegionRecord;
  image: ImageRecord;
  /** The region's default VPC. */
  vpc: string;
}

/** Checks size, image and region of a create against the catalogue. Refusals are final: 422. */
export function choosePlacement(world: World, body: Record<string, unknown>): Placement {
  const size = world.collections.sizes.get(String(body.size));
  if (size === undefined) throw unprocessable('You specified an invalid size for Droplet creation.');
  const image = findImage(world, body.image);
  if (image === undefined) throw unprocessable('You specified an invalid image for Droplet creation.');
  if (image.min_disk_size > size.disk) throw unprocessable('The image you specified is larger than the disk of the size.');
  const region = chooseRegion(world, body.region, size, image);
  return { size, region, image, vpc: defaultVpc(world, region.slug) };
}

/** An image by its number or slug, if it can still be used. */
export function findImage(world: World, wanted: unknown): ImageRecord | undefined {
  const image =
    typeof wanted === 'number' || /^\d+$/.test(String(wanted))
      ? world.collections.images.get(Number(wanted))
      : world.collections.images.all().find(({ slug }) => slug !== null && slug === wanted);
  return image?.status === 'available' ? image : undefined;
}

/** Whether a size can be had in a region now. */
export function isOffered(size: SizeRecord, region: RegionRecord): boolean {
  return size.available && region.available && size.regions.includes(region.slug);
}

function chooseRegion(world: World, wanted: unknown, size: SizeRecord, image: ImageRecord): RegionRecord {
  const regions = world.collections.regions.all();
  if (wanted === undefined || wanted === null) {
    const possible = regions.filter((region) => isOffered(size, region) && image.regions.includes(region.slug));
    if (possible.length === 0) throw unprocessable('Size is not available in this region.');
    return world.random.pick(possible);
  }
  const region = regions.find(({ slug }) => slug === wanted);
  if (region === undefined) throw unprocessable('You specified an invalid region for Droplet creation.');
  if (!isOffered(size, region)) throw unprocessable('Size is not available in this region.');
  if (!image.regions.includes(region.slug)) throw unprocessable('The image you specified is not available in the selected region.');
  return region;
}

function defaultVpc(world: World, region: string): string {
  const known = world.collections.vpcs.all().find((vpc) => vpc.region === region && vpc.default === true);
  if (known !== undefined) return String(known.id);
  const id = world.random.uuid();
  world.collections.vpcs.put({ id, name: `default-${region}`, region, default: true, created_at: world.now });
  return id;
}
