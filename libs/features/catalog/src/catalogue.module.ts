import { Module } from '@nestjs/common';
import { Catalog } from './catalogue';

/** Expects the global modules of config, database and digitalocean. */
@Module({ providers: [Catalog], exports: [Catalog] })
export class CatalogModule {}
