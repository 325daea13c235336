import { Module } from '@nestjs/common';
import { Catalog } from './catalog';

/** Expects the global modules of config, database and digitalocean. */
@Module({ providers: [Catalog], exports: [Catalog] })
export class CatalogModule {}
