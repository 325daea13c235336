import { InvalidCursorError, Money, decodeCursor, pageOf, type Page, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { CatalogRefresh } from './entities/catalog-refresh.entity';
import { Image } from './entities/image.entity';
import { Region } from './entities/region.entity';
import { Size } from './entities/size.entity';
import { isPriced, listPrice, type ListPrice, type Unpriced } from './prices/list-price';
import { ListPrices } from './prices/list-prices';

/** A droplet size as the API returns it. The price is the provider's public list price, or the sell price of the tenant that asks. */
export interface SizeView {
  readonly slug: string;
  /** The beginning of the slug, e.g. `s` for shared processors. */
  readonly family: string;
  readonly vcpus: number;
  readonly memory_mib: number;
  readonly disk_gib: number;
  readonly regions: readonly string[];
  readonly available: boolean;
  /** Null where neither catalog nor price list knows the size. */
  readonly price: ListPrice | null;
}

export interface RegionView {
  readonly slug: string;
  readonly name: string;
  readonly available: boolean;
}

/** Filters of the list of sizes; a size must match all that are given. */
export interface SizeFilters {
  /** Only sizes that can be ordered there. */
  readonly region?: string;
  readonly family?: string;
  readonly min_vcpus?: number;
  readonly min_memory_mib?: number;
  /** Decimal text. */
  readonly max_monthly?: string;
  readonly sort?: SizeSort;
}

/** The orders of the list of sizes; a minus reverses one. Equal ones follow in the order of their slugs. */
export const SIZE_SORTS = ['slug', '-slug', 'price', '-price', 'vcpus', '-vcpus', 'memory_mib', '-memory_mib'] as const;
export type SizeSort = (typeof SIZE_SORTS)[number];

const SLUG = /^[\w.-]{1,64}$/;

/** A page of the catalog, and when the copy was taken: null before the first refresh has ended. */
export interface OffersPage<R> extends Page<R> {
  readonly takenAt: string | null;
}

/** Lists the stored copy of the provider's catalog. It calls no provider. A whole list has some hundred rows, so filters run in memory. */
@Injectable()
export class OffersReader {
  constructor(
    @InjectRepository(CatalogRefresh) private readonly refreshes: Repository<CatalogRefresh>,
    @InjectRepository(Size) private readonly sizes: Repository<Size>,
    @InjectRepository(Region) private readonly regions: Repository<Region>,
    @InjectRepository(Image) private readonly images: Repository<Image>,
    private readonly prices: ListPrices,
  ) {}

  /** `sell`: the price of a size for the caller, by its list price. Throws `InvalidCursorError`. */
  async listSizes(filters: SizeFilters, page: PageRequest, sell: SellSize = atListPrice): Promise<OffersPage<SizeView>> {
    const takenAt = await this.takenAt();
    const found = await this.sizes.find({ order: { slug: 'ASC' } });
    const rates = await this.prices.rates(found.map(({ slug }) => slug));
    const views = found.map((size) => sizeView(size, sell(listPrice({ kind: 'droplet', sizeSlug: size.slug }, rates), size.slug)));
    return { ...sliceOf(selectSizes(views, filters), page), takenAt };
  }

  async listRegions(page: PageRequest): Promise<OffersPage<RegionView>> {
    const takenAt = await this.takenAt();
    const found = await this.regions.find({ order: { slug: 'ASC' } });
    return {
      ...sliceOf(
        found.map(({ slug, name, available }) => ({ slug, name, available })),
        page,
      ),
      takenAt,
    };
  }

  /** The families of the sizes in the copy. */
  async families(): Promise<string[]> {
    return [...new Set((await this.sizes.find({ select: { slug: true } })).map(({ slug }) => familyOf(slug)))].sort();
  }

  /** The public images with `q` in their slug or name, after the one with the slug `after`. */
  async listImages(q: string | undefined, after: string | null, limit: number): Promise<Image[]> {
    const found = await this.images.find({ order: { slug: 'ASC' } });
    const text = q?.toLowerCase();
    const matching = found.filter(({ slug, name }) => text === undefined || `${slug}\n${name}`.toLowerCase().includes(text));
    return matching.filter(({ slug }) => after === null || slug > after).slice(0, limit);
  }

  async takenAt(): Promise<string | null> {
    return (await this.refreshes.findOneBy({ name: 'offers' }))?.takenAt?.toISOString() ?? null;
  }
}

/** The price of a size for a caller. */
export type SellSize = (price: ListPrice | Unpriced, slug: string) => ListPrice | Unpriced;

const atListPrice: SellSize = (price) => price;

export const familyOf = (slug: string): string => slug.split('-')[0] ?? slug;

function sizeView({ slug, vcpus, memoryMb, diskGb, regions, available }: Size, price: ReturnType<typeof listPrice>): SizeView {
  return {
    slug,
    family: familyOf(slug),
    vcpus,
    memory_mib: memoryMb,
    disk_gib: diskGb,
    regions,
    available,
    price: isPriced(price) ? price : null,
  };
}

/** The sizes that match, in the order asked for. A size without a price matches no highest price and comes last. Pure. */
export function selectSizes(sizes: readonly SizeView[], { sort = 'slug', ...filters }: SizeFilters): SizeView[] {
  const { region, family, min_vcpus: vcpus = 0, min_memory_mib: memory = 0, max_monthly: most } = filters;
  const isCheapEnough = ({ price }: SizeView) =>
    most === undefined || (price !== null && Money.parse(price.monthly).compare(Money.parse(most)) <= 0);
  const matching = sizes.filter(
    (size) =>
      (region === undefined || (size.available && size.regions.includes(region))) &&
      (family === undefined || size.family === family) &&
      size.vcpus >= vcpus &&
      size.memory_mib >= memory &&
      isCheapEnough(size),
  );
  const isReverse = sort.startsWith('-');
  const compare = COMPARE[sort.replace('-', '') as keyof typeof COMPARE];
  return matching.sort((a, b) => {
    const unpriced = sort.endsWith('price') ? Number(a.price === null) - Number(b.price === null) : 0;
    return unpriced || (isReverse ? compare(b, a) : compare(a, b)) || bySlug(a, b);
  });
}

const bySlug = (a: SizeView, b: SizeView): number => (a.slug < b.slug ? -1 : a.slug > b.slug ? 1 : 0);
const COMPARE: Readonly<Record<'slug' | 'price' | 'vcpus' | 'memory_mib', (a: SizeView, b: SizeView) => number>> = {
  slug: bySlug,
  price: (a, b) => (a.price && b.price ? Money.parse(a.price.monthly).compare(Money.parse(b.price.monthly)) : 0),
  vcpus: (a, b) => a.vcpus - b.vcpus,
  memory_mib: (a, b) => a.memory_mib - b.memory_mib,
};

/** The page after the row that the cursor names. A row that has left the catalog meanwhile makes the cursor invalid. */
function sliceOf<R extends { readonly slug: string }>(rows: readonly R[], { cursor, limit }: PageRequest): Page<R> {
  const after = decodeCursor(cursor, SLUG);
  const at = after === null ? -1 : rows.findIndex(({ slug }) => slug === after);
  if (after !== null && at < 0) throw new InvalidCursorError();
  return pageOf(rows.slice(at + 1, at + 2 + limit), limit, ({ slug }) => slug);
}
