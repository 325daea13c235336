import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Catalog } from './catalog';
import { CatalogRefresh } from './entities/catalog-refresh.entity';
import { Image } from './entities/image.entity';
import { Region } from './entities/region.entity';
import { Size } from './entities/size.entity';

/** Expects the global modules of config, database and digitalocean. */
@Module({
  imports: [TypeOrmModule.forFeature([CatalogRefresh, Image, Region, Size])],
  providers: [Catalog],
  exports: [Catalog],
})
export class CatalogModule {}
