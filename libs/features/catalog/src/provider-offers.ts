import type { TokenPurpose } from '#libs/config';
import {
  decimal,
  flag,
  IncompleteListError,
  list,
  optionalIdText,
  optionalText,
  optionalWholeNumber,
  record,
  text,
  texts,
  wholeNumber,
  type DigitalOcean,
  type ListPage,
} from '#libs/digitalocean';
import { domainError } from '#libs/kernel';

/** A size as the refresh writes it: the fields are columns. Prices are US dollars as decimal text. */
export interface OfferedSize {
  readonly slug: string;
  readonly memory_mb: number;
  readonly vcpus: number;
  readonly disk_gb: number;
  readonly price_monthly: string;
  readonly price_hourly: string;
  readonly regions: readonly string[];
  readonly available: boolean;
}

export interface OfferedRegion {
  readonly slug: string;
  readonly name: string;
  readonly available: boolean;
}

/** A public image with a slug. */
export interface OfferedImage {
  readonly slug: string;
  readonly name: string;
  readonly min_disk_gb: number;
  readonly regions: readonly string[];
  readonly status: string;
}

/** The offers that could be read. */
export interface Offers {
  readonly sizes: readonly OfferedSize[];
  readonly regions: readonly OfferedRegion[];
  readonly images: readonly OfferedImage[];
  /** The first list with an entry that could not be read. An entry that is missing here may still be offered. */
  readonly incomplete: IncompleteListError | undefined;
}

/** The provider's lists are empty. That means a token without the scope to read them, because DigitalOcean always offers something. */
export class EmptyCatalogError extends domainError(
  'empty_catalogue',
  'unavailable',
  'DigitalOcean returned an empty list of sizes or regions; check the scopes of the token',
) {}

/**
 * Reads all lists; an entry that cannot be read costs itself only. Throws the error of a list that failed otherwise, and `EmptyCatalogError`
 * when there are no sizes or no regions.
 */
export async function readOffers(provider: DigitalOcean, token: { purpose: TokenPurpose; fingerprint?: string }): Promise<Offers> {
  let incomplete: IncompleteListError | undefined;
  const collect = async <T>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> => {
    const found: T[] = [];
    try {
      for await (const { items } of pages) found.push(...items);
    } catch (error) {
      if (!(error instanceof IncompleteListError) || error.reason !== 'unreadable_item') throw error;
      incomplete ??= error;
    }
    return found;
  };
  const bySlug = { ...token, idOf: ({ slug }: { readonly slug: string }) => slug };
  const sizes = await collect(provider.list({ ...bySlug, path: '/v2/sizes', key: 'sizes', parse: parseSize }));
  const regions = await collect(provider.list({ ...bySlug, path: '/v2/regions', key: 'regions', parse: parseRegion }));
  const images = new Map<string, OfferedImage>();
  for (const type of ['distribution', 'application']) {
    const idOf = ({ id }: { readonly id: string }) => id;
    const listed = await collect(provider.list({ ...token, path: '/v2/images', query: { type }, key: 'images', parse: parseImage, idOf }));
    for (const { image } of listed) if (image) images.set(image.slug, image);
  }
  if (sizes.length === 0 || regions.length === 0) throw new EmptyCatalogError();
  return { sizes, regions, images: [...images.values()], incomplete };
}

export function parseSize(raw: unknown): OfferedSize {
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

export function parseRegion(raw: unknown): OfferedRegion {
  const region = record(raw, 'region');
  return { slug: text(region, 'slug'), name: text(region, 'name'), available: flag(region, 'available') };
}

/** The image is null when it has no slug: such an image is ordered by its id and is not part of the catalog. */
export function parseImage(raw: unknown): { readonly id: string; readonly image: OfferedImage | null } {
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
