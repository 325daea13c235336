import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { CatalogRefresh } from '../entities/catalog-refresh.entity';
import { ListPriceRow } from '../entities/list-price-row.entity';
import { Size } from '../entities/size.entity';
import { listPrice, type BackupPlan, type ListPrice, type PriceSubject, type RateOf, type Unpriced } from './list-price';

/**
 * The provider's public price now: of the stored catalog, else of the configured list. Everybody may see it, because no invoice is part of it.
 * Reads call no provider.
 */
@Injectable()
export class ListPrices {
  constructor(
    @InjectRepository(Size) private readonly sizes: Repository<Size>,
    @InjectRepository(CatalogRefresh) private readonly refreshes: Repository<CatalogRefresh>,
    @InjectRepository(ListPriceRow) private readonly configured: Repository<ListPriceRow>,
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
    const rows = em ? em.getRepository(ListPriceRow) : this.configured;
    const valid = await rows
      .createQueryBuilder('p')
      .distinctOn(['p.product'])
      .where(`p.source = 'configured' and p.validFrom <= clock_timestamp()`)
      .orderBy('p.product')
      .addOrderBy('p.validFrom', 'DESC')
      .getMany();
    const rates = new Map(valid.map(({ product, ...row }) => [product, { ...row, asOf: row.validFrom.toISOString() }] as const));
    const catalog = await this.catalogRates(sizeSlugs, em);
    return (product) => catalog.get(product) ?? rates.get(product);
  }

  private async catalogRates(sizeSlugs: readonly string[], em?: EntityManager) {
    if (sizeSlugs.length === 0) return new Map<string, never>();
    const sizes = em ? em.getRepository(Size) : this.sizes;
    const found = await sizes.createQueryBuilder('s').where('s.slug = any(:sizeSlugs)', { sizeSlugs }).getMany();
    const taken = await (em ? em.getRepository(CatalogRefresh) : this.refreshes).findOneBy({ name: 'offers' });
    const asOf = (taken?.takenAt ?? new Date(0)).toISOString();
    return new Map(
      found.map((size) => {
        const rate = { amount: size.priceMonthly, hourly: size.priceHourly, source: 'catalog' as const, asOf };
        return [`droplet:${size.slug}` as string, rate] as const;
      }),
    );
  }
}
