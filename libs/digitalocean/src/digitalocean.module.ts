import { Global, Module } from '@nestjs/common';
import { DigitalOcean } from './digitalocean';

/** Needs `ConfigModule` and `DatabaseModule`, both global. */
@Global()
@Module({ providers: [DigitalOcean], exports: [DigitalOcean] })
export class DigitalOceanModule {}
