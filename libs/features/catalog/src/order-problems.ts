import { closest } from 'fastest-levenshtein';
import type { Image } from './entities/image.entity';
import type { Region } from './entities/region.entity';
import type { Size } from './entities/size.entity';

/** The part of a droplet order that the catalog can check. An image given by its id is not checked. */
export interface Order {
  readonly sizeSlug: string;
  readonly region: string;
  readonly image?: string;
}

export interface OrderProblem {
  readonly field: 'size_slug' | 'region' | 'image';
  /** Stable, for programs. */
  readonly code: 'unknown' | 'unavailable' | 'not_in_region' | 'disk_too_small';
  /** For people. */
  readonly detail: string;
}

/** The catalog entries of one order. */
export interface KnownOffers {
  readonly size: Pick<Size, 'diskGb' | 'regions' | 'available'> | undefined;
  readonly region: Pick<Region, 'available'> | undefined;
  readonly image: Pick<Image, 'minDiskGb' | 'regions' | 'status'> | undefined;
  /** Slugs to suggest, by field. */
  readonly slugs: Readonly<Record<OrderProblem['field'], readonly string[]>>;
}

/** Finds all problems of an order at once: the region first, then the size, then the image. */
export function orderProblems({ sizeSlug, region: regionSlug, image: imageSlug }: Order, known: KnownOffers): OrderProblem[] {
  const problems: OrderProblem[] = [];
  const report = (field: OrderProblem['field'], code: OrderProblem['code'], detail: string) => problems.push({ field, code, detail });
  const { size, region, image, slugs } = known;
  if (!region) report('region', 'unknown', unknown(regionSlug, slugs.region));
  else if (!region.available) report('region', 'unavailable', `${regionSlug} is not available at present`);
  if (!size) report('size_slug', 'unknown', unknown(sizeSlug, slugs.size_slug));
  else if (!size.available) report('size_slug', 'unavailable', `${sizeSlug} cannot be ordered at present`);
  else if (region && !size.regions.includes(regionSlug))
    report('size_slug', 'not_in_region', `${sizeSlug} is not offered in ${regionSlug}`);
  if (imageSlug === undefined || /^\d+$/.test(imageSlug)) return problems;
  if (!image) report('image', 'unknown', unknown(imageSlug, slugs.image));
  else if (image.status.toLowerCase() !== 'available') report('image', 'unavailable', `${imageSlug} is ${image.status}`);
  else {
    if (region && !image.regions.includes(regionSlug)) report('image', 'not_in_region', `${imageSlug} is not available in ${regionSlug}`);
    if (size && size.diskGb < image.minDiskGb)
      report('image', 'disk_too_small', `${imageSlug} needs a disk of ${image.minDiskGb} GB, ${sizeSlug} has ${size.diskGb}`);
  }
  return problems;
}

function unknown(slug: string, slugs: readonly string[]): string {
  return slugs.length === 0 ? `${slug} is not in the catalog` : `${slug} is not in the catalog; did you mean ${closest(slug, slugs)}?`;
}
