import type { TokenPurpose } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean, type ListPage } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { parseImage, parseRegion, parseSize, type CatalogueImage, type CatalogueRegion, type CatalogueSize } from './catalogue-copy';
import { orderProblems, type Order, type OrderProblem } from './order-problems';
import { CLAIM_REFRESH, KEEP_IMAGES, KEEP_REGIONS, KEEP_SIZES, READ_ORDER, TAKEN } from './catalogue.sql';

/** A refresh that has not ended by then has failed: another may be begun. */
const REFRESH_LIMIT_MS = 120_000;

type Lists = readonly [readonly CatalogueSize[], readonly CatalogueRegion[], readonly CatalogueImage[]];

/** The stored copy of the provider's catalogue: read without a call, renewed as a whole. */
@Injectable()
export class Catalogue {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
  ) {}

  /** Undefined when there is no copy to judge by. */
  async problemsOf(order: Order): Promise<OrderProblem[] | undefined> {
    type Row = { taken: boolean } & Parameters<typeof orderProblems>[1];
    const [row] = await this.database.query<Row>(READ_ORDER, [order.sizeSlug, order.region, order.image ?? null]);
    if (!row?.taken) return undefined;
    const { size, region, image, slugs } = row;
    return orderProblems(order, { size: size ?? undefined, region: region ?? undefined, image: image ?? undefined, slugs });
  }

  /**
   * Renews the copy when it is older than that, or missing; one process at a time. Answers whether this one did. Throws the client's errors, and
   * then the old copy stands.
   */
  async refreshIfOlderThan(ms: number, purpose: TokenPurpose): Promise<boolean> {
    const [mine] = await this.database.query(CLAIM_REFRESH, [ms, REFRESH_LIMIT_MS]);
    if (!mine) return false;
    try {
      const lists = await this.read(purpose);
      await this.database.transaction((tx) => this.keep(tx, lists));
      return true;
    } catch (error) {
      await this.database.query('update provider_catalogue set refreshing_until = null');
      throw error;
    }
  }

  private async read(purpose: TokenPurpose): Promise<Lists> {
    const bySlug = { purpose, idOf: ({ slug }: { readonly slug: string }) => slug };
    const sizes = await all(this.provider.list({ ...bySlug, path: '/v2/sizes', key: 'sizes', parse: parseSize }));
    const regions = await all(this.provider.list({ ...bySlug, path: '/v2/regions', key: 'regions', parse: parseRegion }));
    const images: CatalogueImage[] = [];
    for (const type of ['distribution', 'application']) {
      const idOf = ({ id }: { readonly id: string }) => id;
      const listed = await all(
        this.provider.list({ purpose, path: '/v2/images', query: { type }, key: 'images', parse: parseImage, idOf }),
      );
      images.push(...listed.flatMap(({ image }) => (image ? [image] : [])));
    }
    return [sizes, regions, images];
  }

  private async keep(tx: Queryable, [sizes, regions, images]: Lists): Promise<void> {
    await tx.query(KEEP_SIZES, [JSON.stringify(sizes)]);
    await tx.query(KEEP_REGIONS, [JSON.stringify(regions)]);
    await tx.query(KEEP_IMAGES, [JSON.stringify([...new Map(images.map((image) => [image.slug, image])).values()])]);
    await tx.query(TAKEN);
  }
}

async function all<T>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const { items } of pages) found.push(...items);
  return found;
}
