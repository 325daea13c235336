import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Catalog } from './catalog';
import { CatalogRefresh } from './entities/catalog-refresh.entity';
import { Image } from './entities/image.entity';
import { ListPriceRow } from './entities/list-price-row.entity';
import { Region } from './entities/region.entity';
import { ResourcePrice } from './entities/resource-price.entity';
import { Size } from './entities/size.entity';
import { OffersReader } from './offers-reader';
import { ListPriceService } from './prices/list-price.service';
import { ListPrices } from './prices/list-prices';
import { ObservedPrices } from './prices/observed-prices';
import { PriceBook, SellPrices } from './prices/price-book';
import { PriceWriter } from './prices/price-writer';

const EXPORTED = [Catalog, ListPrices, ListPriceService, ObservedPrices, OffersReader, PriceBook, PriceWriter, SellPrices];

/** Expects the global modules of config, database and digitalocean. */
@Module({
  imports: [TypeOrmModule.forFeature([CatalogRefresh, Image, ListPriceRow, Region, ResourcePrice, Size])],
  providers: EXPORTED,
  exports: EXPORTED,
})
export class CatalogModule {}
