import type { TokenPurpose } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean, type ListPage, type ListRequest } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { EmptyCatalogError } from './catalogue.error';
import { parseImage, parseRegion, parseSize, type CatalogImage, type CatalogRegion, type CatalogSize } from './catalogue-copy';
import { orderProblems, type Known, type Order, type OrderProblem } from './order-problems';
import { CLAIM_REFRESH, END_CLAIM, KEEP_IMAGES, KEEP_REGIONS, KEEP_SIZES, READ_ORDER, READ_SIZE, TAKEN } from './catalogue.sql';

/** A refresh that has not ended by then has failed: another may be begun. */
const REFRESH_LIMIT_MS = 120_000;

type Lists = readonly [readonly CatalogSize[], readonly CatalogRegion[], readonly CatalogImage[]];

/** The stored copy of the provider's catalogue: read without a call, renewed as a whole. */
@Injectable()
export class Catalog {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
  ) {}

  /** Undefined when there is no copy to judge by. */
  async problemsOf(order: Order): Promise<OrderProblem[] | undefined> {
    type Row = { taken: boolean } & Known;
    const [row] = await this.database.query<Row>(READ_ORDER, [order.sizeSlug, order.region, order.image ?? null]);
    if (!row?.taken) return undefined;
    const { size, region, image, slugs } = row;
    return orderProblems(order, { size: size ?? undefined, region: region ?? undefined, image: image ?? undefined, slugs });
  }

  /** Undefined when it is not in the copy, or there is none. */
  async size(slug: string): Promise<CatalogSize | undefined> {
    const [size] = await this.database.query<CatalogSize>(READ_SIZE, [slug]);
    return size;
  }

  /** Renews the copy now, with the token of the fingerprint if one is given. Throws the client's errors, and then the old copy stays. */
  async refresh(purpose: TokenPurpose, fingerprint?: string): Promise<void> {
    const lists = await this.read({ purpose, fingerprint });
    await this.database.transaction((tx) => this.keep(tx, lists));
  }

  /**
   * Renews the copy when it is older than that, or missing; one process at a time. Answers whether this one did: one that took so long that another
   * was let in writes nothing. Throws the client's errors, and then the old copy stands.
   */
  async refreshIfOlderThan(ms: number, purpose: TokenPurpose, fingerprint?: string): Promise<boolean> {
    const [claim] = await this.database.query<{ until: string }>(CLAIM_REFRESH, [ms, REFRESH_LIMIT_MS]);
    if (!claim) return false;
    try {
      const lists = await this.read({ purpose, fingerprint });
      return await this.database.transaction(async (tx) => {
        const [mine] = await tx.query(END_CLAIM, [claim.until]);
        if (mine) await this.keep(tx, lists);
        return mine !== undefined;
      });
    } catch (error) {
      await this.database.query(END_CLAIM, [claim.until]);
      throw error;
    }
  }

  private async read(token: Pick<ListRequest<unknown>, 'purpose' | 'fingerprint'>): Promise<Lists> {
    const bySlug = { ...token, idOf: ({ slug }: { readonly slug: string }) => slug };
    const sizes = await all(this.provider.list({ ...bySlug, path: '/v2/sizes', key: 'sizes', parse: parseSize }));
    const regions = await all(this.provider.list({ ...bySlug, path: '/v2/regions', key: 'regions', parse: parseRegion }));
    const images: CatalogImage[] = [];
    for (const type of ['distribution', 'application']) {
      const idOf = ({ id }: { readonly id: string }) => id;
      const listed = await all(
        this.provider.list({ ...token, path: '/v2/images', query: { type }, key: 'images', parse: parseImage, idOf }),
      );
      images.push(...listed.flatMap(({ image }) => (image ? [image] : [])));
    }
    if (sizes.length === 0 || regions.length === 0) throw new EmptyCatalogError();
    return [sizes, regions, images];
  }

  private async keep(tx: Queryable, [sizes, regions, images]: Lists): Promise<void> {
    await tx.query(TAKEN);
    await tx.query(KEEP_SIZES, [JSON.stringify(sizes)]);
    await tx.query(KEEP_REGIONS, [JSON.stringify(regions)]);
    await tx.query(KEEP_IMAGES, [JSON.stringify([...new Map(images.map((image) => [image.slug, image])).values()])]);
  }
}

async function all<T>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const { items } of pages) found.push(...items);
  return found;
}
