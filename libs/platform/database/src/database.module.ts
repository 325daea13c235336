import { Global, Module } from '@nestjs/common';
import { Database } from './database';
import { Retention } from './retention';

@Global()
@Module({ providers: [Database, Retention], exports: [Database, Retention] })
export class DatabaseModule {}
