import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Catalog } from './catalog';
import { CatalogRefresh } from './entities/catalog-refresh.entity';
import { Image } from './entities/image.entity';
import { ListPriceRow } from './entities/list-price-row.entity';
import { Region } from './entities/region.entity';
import { Size } from './entities/size.entity';
import { ListPrices } from './prices/list-prices';

/** Expects the global modules of config, database and digitalocean. */
@Module({
  imports: [TypeOrmModule.forFeature([CatalogRefresh, Image, ListPriceRow, Region, Size])],
  providers: [Catalog, ListPrices],
  exports: [Catalog, ListPrices],
})
export class CatalogModule {}
