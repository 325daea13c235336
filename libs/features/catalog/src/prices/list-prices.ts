import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { CatalogRefresh } from '../entities/catalog-refresh.entity';
import { Size } from '../entities/size.entity';
import { listPrice, type BackupPlan, type ListPrice, type PriceSubject, type RateOf, type UnitRate, type Unpriced } from './list-price';
import { PriceBook } from './price-book';

/**
 * The provider's public price now: of the stored catalog, else of the configured list. Everybody may see it, because no invoice is part of it.
 * Reads call no provider.
 */
@Injectable()
export class ListPrices {
  constructor(
    @InjectRepository(Size) private readonly sizes: Repository<Size>,
    @InjectRepository(CatalogRefresh) private readonly refreshes: Repository<CatalogRefresh>,
    private readonly book: PriceBook,
  ) {}

  /** The price of a droplet of a size, with its backups if it has a plan. Unpriced when neither catalog nor list contains the size. */
  ofDroplet(sizeSlug: string, backups: BackupPlan | null = null, em?: EntityManager): Promise<ListPrice | Unpriced> {
    return this.of({ kind: 'droplet', sizeSlug, backups }, em);
  }

  /** The price of any resource by the fields that decide it. `em`: reads inside a running transaction. */
  async of(subject: PriceSubject, em?: EntityManager): Promise<ListPrice | Unpriced> {
    return listPrice(subject, await this.rates(subject.sizeSlug ? [subject.sizeSlug] : [], em));
  }

  /** The rates of these sizes and of all other products, for several prices of one moment. */
  async rates(sizeSlugs: readonly string[], em?: EntityManager): Promise<RateOf> {
    const { rateOf } = await this.book.prices('list');
    const offered = await this.offeredRates(sizeSlugs, em);
    return (product) => offered.get(product) ?? rateOf(product);
  }

  /** The stored catalog itself: an order is judged by it, also in the second after a refresh. */
  private async offeredRates(sizeSlugs: readonly string[], em?: EntityManager): Promise<ReadonlyMap<string, UnitRate>> {
    if (sizeSlugs.length === 0) return new Map();
    const sizes = em ? em.getRepository(Size) : this.sizes;
    const found = await sizes.createQueryBuilder('s').where('s.slug = any(:sizeSlugs)', { sizeSlugs }).getMany();
    const taken = await (em ? em.getRepository(CatalogRefresh) : this.refreshes).findOneBy({ name: 'offers' });
    const asOf = (taken?.takenAt ?? new Date(0)).toISOString();
    return new Map(
      found.map(({ slug, priceMonthly, priceHourly }) => [
        `droplet:${slug}`,
        { amount: priceMonthly, hourly: priceHourly, source: 'catalog', asOf },
      ]),
    );
  }
}
