import { Module } from '@nestjs/common';
import { Retention } from './retention';

/** Expects the global module of database. */
@Module({ providers: [Retention], exports: [Retention] })
export class RetentionModule {}
