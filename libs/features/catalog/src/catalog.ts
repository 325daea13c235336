import type { TokenPurpose } from '#libs/config';
import { Lease, queryableOf, type LeaseChange, Transaction, type Queryable } from '#libs/database';
import { DigitalOcean, passesByItself } from '#libs/digitalocean';
import { nearestWord } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { ILike, IsNull, Not, type Repository } from 'typeorm';
import { CatalogRefresh } from './entities/catalog-refresh.entity';
import { Image } from './entities/image.entity';
import { Region } from './entities/region.entity';
import { Size } from './entities/size.entity';
import { EmptyCatalogError, readOffers, type Offers } from './provider-offers';

/** A refresh that takes longer counts as failed, and another process may start one. */
const REFRESH_LIMIT_MS = 120_000;

/** The only copy. */
const OFFERS = { name: 'offers' };

const NO_SLUGS: KnownOffers['slugs'] = { size_slug: [], region: [], image: [] };

/** The stored copy of the provider's sizes, regions and images. Reads call no provider; a refresh replaces the copy as a whole. */
@Injectable()
export class Catalog {
  private readonly lease: Lease<CatalogRefresh>;

  constructor(
    private readonly transaction: Transaction,
    private readonly provider: DigitalOcean,
    @InjectRepository(CatalogRefresh) private readonly refreshes: Repository<CatalogRefresh>,
    @InjectRepository(Size) private readonly sizes: Repository<Size>,
    @InjectRepository(Region) private readonly regions: Repository<Region>,
    @InjectRepository(Image) private readonly images: Repository<Image>,
  ) {
    this.lease = new Lease(refreshes, 'refreshingUntil', REFRESH_LIMIT_MS);
  }

  /** Undefined when there is no copy yet. */
  async problemsOf(order: Order): Promise<OrderProblem[] | undefined> {
    const copies = await this.refreshes.countBy({ takenAt: Not(IsNull()) });
    if (copies === 0) return undefined;
    const size = await this.sizes.findOneBy({ slug: order.sizeSlug });
    const region = await this.regions.findOneBy({ slug: order.region });
    const image = order.image === undefined ? null : await this.images.findOneBy({ slug: order.image });
    const allKnown = size && region && (image || order.image === undefined);
    const known = { size: size ?? undefined, region: region ?? undefined, image: image ?? undefined };
    return orderProblems(order, { ...known, slugs: allKnown ? NO_SLUGS : await this.availableSlugs() });
  }

  /** Undefined when there is no copy yet. */
  async hasRegion(slug: string): Promise<boolean | undefined> {
    if ((await this.refreshes.countBy({ takenAt: Not(IsNull()) })) === 0) return undefined;
    return this.regions.existsBy({ slug });
  }

  /** Undefined when the copy does not contain the size, or there is no copy yet. */
  async size(slug: string): Promise<Size | undefined> {
    return (await this.sizes.findOneBy({ slug })) ?? undefined;
  }

  /**
   * Refreshes the copy now, with the token of the fingerprint if one is given. Throws the client's errors; the old copy then stays. After
   * `IncompleteListError` the entries that could be read are new, and no entry was deleted.
   */
  async refresh(purpose: TokenPurpose, fingerprint?: string): Promise<void> {
    const offers = await readOffers(this.provider, { purpose, fingerprint });
    await this.transaction.run((em) => this.replace(queryableOf(em), offers));
    if (offers.incomplete) throw offers.incomplete;
  }

  /**
   * Refreshes the copy when it is missing or older than `ms`, in one process at a time, and after a failure not before a pause. Returns
   * whether this process replaced it; it does not when its claim ran out and another process took over. Throws like `refresh`.
   */
  async refreshIfOlderThan(ms: number, purpose: TokenPurpose, fingerprint?: string): Promise<boolean> {
    await this.refreshes.createQueryBuilder().insert().values(OFFERS).orIgnore().execute();
    const isOld = `(taken_at is null or taken_at <= clock_timestamp() - :ms * interval '1 millisecond')`;
    const isDue = `${isOld} and (next_attempt_at is null or next_attempt_at <= clock_timestamp())`;
    const claim = await this.lease.claim({ where: `name = :name and ${isDue} and ${this.lease.free()}`, parameters: { ...OFFERS, ms } });
    if (!claim) return false;
    try {
      const offers = await readOffers(this.provider, { purpose, fingerprint });
      const replaced = await this.transaction.run(async (em) => {
        const change = offers.incomplete ? afterFailure(offers.incomplete) : {};
        const mine = await this.lease.release(OFFERS, claim.lease, change, em);
        if (mine) await this.replace(queryableOf(em), offers);
        return mine;
      });
      if (replaced && offers.incomplete) throw offers.incomplete;
      return replaced;
    } catch (error) {
      await this.lease.release(OFFERS, claim.lease, afterFailure(error)); // changes nothing where the lease was released already
      throw error;
    }
  }

  /** The slugs to suggest for a misspelt one. */
  private async availableSlugs(): Promise<KnownOffers['slugs']> {
    const order = { slug: 'ASC' } as const;
    const slugs = (entries: readonly { readonly slug: string }[]) => entries.map(({ slug }) => slug);
    return {
      size_slug: slugs(await this.sizes.find({ select: { slug: true }, where: { available: true }, order })),
      region: slugs(await this.regions.find({ select: { slug: true }, where: { available: true }, order })),
      image: slugs(await this.images.find({ select: { slug: true }, where: { status: ILike('available') }, order })),
    };
  }

  private async replace(tx: Queryable, { sizes, regions, images, incomplete }: Offers): Promise<void> {
    const isComplete = incomplete === undefined;
    await tx.query(MARK_TAKEN, [isComplete]);
    await tx.query(REPLACE_SIZES, [JSON.stringify(sizes), isComplete]);
    await tx.query(NOTE_PRICES);
    await tx.query(REPLACE_REGIONS, [JSON.stringify(regions), isComplete]);
    await tx.query(REPLACE_IMAGES, [JSON.stringify(images), isComplete]);
  }
}

/**
 * The pause after a failed refresh. After an outage it is short: the copy is refreshed soon after the provider is back. After any other
 * failure it is a minute at first, then twice as long each time, an hour at most.
 */
function afterFailure(error: unknown): LeaseChange<CatalogRefresh> {
  const growing = `least(interval '1 hour', interval '1 minute' * 2 ^ least(coalesce(failures, 0), 6))`;
  const pause = passesByItself(error) && !(error instanceof EmptyCatalogError) ? `interval '30 seconds'` : growing;
  return { set: { failures: () => 'coalesce(failures, 0) + 1', nextAttemptAt: () => `clock_timestamp() + ${pause}` } };
}

/**
 * The first statement of every replacement. Its row lock serialises concurrent ones, so that copies do not mix. Fenced. $1 the lists were
 * complete: only then there is a new copy, and the failures before it no longer count.
 */
const MARK_TAKEN = `
insert into provider_catalogue as c (name, taken_at) values ('offers', case when $1::boolean then clock_timestamp() end)
on conflict (name) do update
   set taken_at = coalesce(excluded.taken_at, c.taken_at), failures = case when $1 then 0 else c.failures end,
       next_attempt_at = case when $1 then null else c.next_attempt_at end`;

/** Replaces the rows of a table by JSON rows ($1), and deletes the others when the list was complete ($2). Set-based. */
function replaceRows(table: string, columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(columns);
  const rest = names.filter((name) => name !== 'slug');
  return `
with listed as (select * from json_to_recordset($1::json) as s(${Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')})),
deleted as (delete from ${table} t where $2::boolean and not exists (select 1 from listed where listed.slug = t.slug))
insert into ${table} (${names.join(', ')}) select ${names.join(', ')} from listed
on conflict (slug) do update set ${rest.map((name) => `${name} = excluded.${name}`).join(', ')}`;
}

const REPLACE_SIZES = replaceRows('provider_sizes', {
  slug: 'text',
  memory_mb: 'int',
  vcpus: 'int',
  disk_gb: 'int',
  price_monthly: 'numeric',
  price_hourly: 'numeric',
  regions: 'text[]',
  available: 'boolean',
});

/** Set-based: a price that differs from the last one of its size gets a row; the first one of a size reaches back. */
const NOTE_PRICES = `
insert into list_prices (product, source, valid_from, amount, hourly, unit, origin)
select 'droplet:' || s.slug, 'catalog', case when last.product is null then '2012-01-01T00:00:00Z' else clock_timestamp() end,
       s.price_monthly, s.price_hourly, 'month', 'GET /v2/sizes'
  from provider_sizes s
  left join lateral (select p.product, p.amount, p.hourly from list_prices p where p.product = 'droplet:' || s.slug and p.source = 'catalog'
                      order by p.valid_from desc limit 1) last on true
 where (last.amount, last.hourly) is distinct from (s.price_monthly, s.price_hourly)`;

const REPLACE_REGIONS = replaceRows('provider_regions', { slug: 'text', name: 'text', available: 'boolean' });

const REPLACE_IMAGES = replaceRows('provider_images', {
  slug: 'text',
  name: 'text',
  min_disk_gb: 'int',
  regions: 'text[]',
  status: 'text',
});

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
  const nearest = nearestWord(slug, slugs);
  return nearest === undefined ? `${slug} is not in the catalog` : `${slug} is not in the catalog; did you mean ${nearest}?`;
}
