import {
  decimal,
  flag,
  list,
  optionalIdText,
  optionalText,
  optionalWholeNumber,
  record,
  text,
  texts,
  wholeNumber,
} from '#libs/digitalocean';

/** A size that can be ordered. Prices are US dollars as decimal text. */
export interface CatalogSize {
  readonly slug: string;
  readonly memory_mb: number;
  readonly vcpus: number;
  readonly disk_gb: number;
  readonly price_monthly: string;
  readonly price_hourly: string;
  readonly regions: readonly string[];
  readonly available: boolean;
}

export interface CatalogRegion {
  readonly slug: string;
  readonly name: string;
  readonly available: boolean;
}

/** A public image with a slug. */
export interface CatalogImage {
  readonly slug: string;
  readonly name: string;
  readonly min_disk_gb: number;
  readonly regions: readonly string[];
  readonly status: string;
}

export function parseSize(raw: unknown): CatalogSize {
  const size = record(raw, 'size');
  return {
    slug: text(size, 'slug'),
    memory_mb: wholeNumber(size, 'memory'),
    vcpus: wholeNumber(size, 'vcpus'),
    disk_gb: wholeNumber(size, 'disk'),
    price_monthly: String(decimal(size, 'price_monthly')),
    price_hourly: String(decimal(size, 'price_hourly')),
    regions: texts(size, 'regions'),
    available: flag(size, 'available'),
  };
}

export function parseRegion(raw: unknown): CatalogRegion {
  const region = record(raw, 'region');
  return { slug: text(region, 'slug'), name: text(region, 'name'), available: flag(region, 'available') };
}

/** Null for images that have no slug: they are ordered by id, by whoever may. */
export function parseImage(raw: unknown): { readonly id: string; readonly image: CatalogImage | null } {
  const image = record(raw, 'image');
  const slug = optionalText(image, 'slug');
  const id = optionalIdText(image, 'id') ?? slug ?? '';
  if (slug === null) return { id, image: null };
  const regions = list(image, 'regions').map(String);
  const status = optionalText(image, 'status') ?? 'available';
  return {
    id,
    image: {
      slug,
      name: optionalText(image, 'name') ?? slug,
      min_disk_gb: optionalWholeNumber(image, 'min_disk_size') ?? 0,
      regions,
      status,
    },
  };
}
