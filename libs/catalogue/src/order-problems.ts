import { closest } from 'fastest-levenshtein';
import type { CatalogueImage, CatalogueRegion, CatalogueSize } from './catalogue-copy';

/** What somebody wants to have. An image given by id is not the catalogue's to judge. */
export interface Order {
  readonly sizeSlug: string;
  readonly region: string;
  readonly image?: string;
}

export interface OrderProblem {
  readonly field: 'size_slug' | 'region' | 'image';
  readonly detail: string;
}

/** The part of the copy that an order touches. */
export interface Known {
  readonly size: CatalogueSize | undefined;
  readonly region: CatalogueRegion | undefined;
  readonly image: CatalogueImage | undefined;
  /** Slugs to suggest, by field. */
  readonly slugs: Readonly<Record<OrderProblem['field'], readonly string[]>>;
}

/** What is wrong with an order, everything at once. Pure. */
export function orderProblems({ sizeSlug, region: regionSlug, image: imageSlug }: Order, known: Known): OrderProblem[] {
  const problems: OrderProblem[] = [];
  const says = (field: OrderProblem['field'], detail: string) => problems.push({ field, detail });
  const { size, region, image, slugs } = known;
  if (!region) says('region', unknown(regionSlug, slugs.region));
  else if (!region.available) says('region', `${regionSlug} takes no orders at present`);
  if (!size) says('size_slug', unknown(sizeSlug, slugs.size_slug));
  else if (!size.available) says('size_slug', `${sizeSlug} cannot be ordered at present`);
  else if (region && !size.regions.includes(regionSlug)) says('size_slug', `${sizeSlug} is not offered in ${regionSlug}`);
  if (imageSlug === undefined || /^\d+$/.test(imageSlug)) return problems;
  if (!image) says('image', unknown(imageSlug, slugs.image));
  else if (image.status.toLowerCase() !== 'available') says('image', `${imageSlug} is ${image.status}`);
  else if (region && !image.regions.includes(regionSlug)) says('image', `${imageSlug} is not available in ${regionSlug}`);
  else if (size && size.disk_gb < image.min_disk_gb)
    says('image', `${imageSlug} needs a disk of ${image.min_disk_gb} GB, ${sizeSlug} has ${size.disk_gb}`);
  return problems;
}

function unknown(slug: string, slugs: readonly string[]): string {
  return slugs.length === 0 ? `${slug} is not in the catalogue` : `${slug} is not in the catalogue; did you mean ${closest(slug, slugs)}?`;
}
