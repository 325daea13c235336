import { Global, Module } from '@nestjs/common';
import { databaseGauges } from '#libs/database';
import { DigitalOcean } from './digitalocean';
import { PROVIDER_GAUGES } from './provider.gauges';

/** Needs `ConfigModule` and `DatabaseModule`, both global. */
@Global()
@Module({ providers: [DigitalOcean, databaseGauges(PROVIDER_GAUGES)], exports: [DigitalOcean] })
export class DigitalOceanModule {}
