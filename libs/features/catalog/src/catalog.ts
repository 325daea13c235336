import type { TokenPurpose } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { CLAIM_REFRESH, END_CLAIM, MARK_TAKEN, READ_ORDER, READ_SIZE, REPLACE_IMAGES, REPLACE_REGIONS, REPLACE_SIZES } from './catalog.sql';
import { orderProblems, type KnownOffers, type Order, type OrderProblem } from './order-problems';
import { readOffers, type CatalogSize, type Offers } from './provider-offers';

/** A refresh that takes longer counts as failed, and another process may start one. */
const REFRESH_LIMIT_MS = 120_000;

/** The stored copy of the provider's sizes, regions and images. Reads call no provider; a refresh replaces the copy as a whole. */
@Injectable()
export class Catalog {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
  ) {}

  /** Undefined when there is no copy yet. */
  async problemsOf(order: Order): Promise<OrderProblem[] | undefined> {
    type Row = { taken: boolean } & KnownOffers;
    const [row] = await this.database.query<Row>(READ_ORDER, [order.sizeSlug, order.region, order.image ?? null]);
    if (!row?.taken) return undefined;
    const { size, region, image, slugs } = row;
    return orderProblems(order, { size: size ?? undefined, region: region ?? undefined, image: image ?? undefined, slugs });
  }

  /** Undefined when the copy does not contain the size, or there is no copy yet. */
  async size(slug: string): Promise<CatalogSize | undefined> {
    const [size] = await this.database.query<CatalogSize>(READ_SIZE, [slug]);
    return size;
  }

  /** Refreshes the copy now, with the token of the fingerprint if one is given. Throws the client's errors; the old copy then stays. */
  async refresh(purpose: TokenPurpose, fingerprint?: string): Promise<void> {
    const offers = await readOffers(this.provider, { purpose, fingerprint });
    await this.database.transaction((tx) => this.replace(tx, offers));
  }

  /**
   * Refreshes the copy when it is missing or older than `ms`, in one process at a time. Returns whether this process replaced it; it
   * does not when its claim ran out and another process took over. Throws the client's errors; the old copy then stays.
   */
  async refreshIfOlderThan(ms: number, purpose: TokenPurpose, fingerprint?: string): Promise<boolean> {
    const [claim] = await this.database.query<{ until: string }>(CLAIM_REFRESH, [ms, REFRESH_LIMIT_MS]);
    if (!claim) return false;
    try {
      const offers = await readOffers(this.provider, { purpose, fingerprint });
      return await this.database.transaction(async (tx) => {
        const [mine] = await tx.query(END_CLAIM, [claim.until]);
        if (mine) await this.replace(tx, offers);
        return mine !== undefined;
      });
    } catch (error) {
      await this.database.query(END_CLAIM, [claim.until]);
      throw error;
    }
  }

  private async replace(tx: Queryable, { sizes, regions, images }: Offers): Promise<void> {
    await tx.query(MARK_TAKEN);
    await tx.query(REPLACE_SIZES, [JSON.stringify(sizes)]);
    await tx.query(REPLACE_REGIONS, [JSON.stringify(regions)]);
    await tx.query(REPLACE_IMAGES, [JSON.stringify(images)]);
  }
}
