import { closest } from 'fastest-levenshtein';
import type { CatalogImage, CatalogRegion, CatalogSize } from './catalogue-copy';

/** What somebody wants to have. An image given by id is not the catalogue's to judge. */
export interface Order {
  readonly sizeSlug: string;
  readonly region: string;
  readonly image?: string;
}

export interface OrderProblem {
  readonly field: 'size_slug' | 'region' | 'image';
  /** Stable, for programs; `detail` is for people. */
  readonly code: 'unknown' | 'unavailable' | 'not_in_region' | 'disk_too_small';
  readonly detail: string;
}

/** The part of the copy that an order touches. */
export interface Known {
  readonly size: Pick<CatalogSize, 'disk_gb' | 'regions' | 'available'> | undefined;
  readonly region: Pick<CatalogRegion, 'available'> | undefined;
  readonly image: Pick<CatalogImage, 'min_disk_gb' | 'regions' | 'status'> | undefined;
  /** Slugs to suggest, by field. */
  readonly slugs: Readonly<Record<OrderProblem['field'], readonly string[]>>;
}

/** What is wrong with an order, everything at once: the region first, then the size, then the image. Pure. */
export function orderProblems({ sizeSlug, region: regionSlug, image: imageSlug }: Order, known: Known): OrderProblem[] {
  const problems: OrderProblem[] = [];
  const says = (field: OrderProblem['field'], code: OrderProblem['code'], detail: string) => problems.push({ field, code, detail });
  const { size, region, image, slugs } = known;
  if (!region) says('region', 'unknown', unknown(regionSlug, slugs.region));
  else if (!region.available) says('region', 'unavailable', `${regionSlug} takes no orders at present`);
  if (!size) says('size_slug', 'unknown', unknown(sizeSlug, slugs.size_slug));
  else if (!size.available) says('size_slug', 'unavailable', `${sizeSlug} cannot be ordered at present`);
  else if (region && !size.regions.includes(regionSlug)) says('size_slug', 'not_in_region', `${sizeSlug} is not offered in ${regionSlug}`);
  if (imageSlug === undefined || /^\d+$/.test(imageSlug)) return problems;
  if (!image) says('image', 'unknown', unknown(imageSlug, slugs.image));
  else if (image.status.toLowerCase() !== 'available') says('image', 'unavailable', `${imageSlug} is ${image.status}`);
  else {
    if (region && !image.regions.includes(regionSlug)) says('image', 'not_in_region', `${imageSlug} is not available in ${regionSlug}`);
    if (size && size.disk_gb < image.min_disk_gb)
      says('image', 'disk_too_small', `${imageSlug} needs a disk of ${image.min_disk_gb} GB, ${sizeSlug} has ${size.disk_gb}`);
  }
  return problems;
}

function unknown(slug: string, slugs: readonly string[]): string {
  return slugs.length === 0 ? `${slug} is not in the catalogue` : `${slug} is not in the catalogue; did you mean ${closest(slug, slugs)}?`;
}
