import { Module } from '@nestjs/common';
import { Catalogue } from './catalogue';

/** Expects the global modules of config, database and digitalocean. */
@Module({ providers: [Catalogue], exports: [Catalogue] })
export class CatalogueModule {}
