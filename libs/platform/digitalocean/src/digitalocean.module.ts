import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { DigitalOcean } from './digitalocean';
import { PROVIDER_METRICS } from './digitalocean.metrics';
import { DigitalOceanHttpClient } from './http-client';
import { RateLimitStore } from './rate-limit.store';
import { RateLimiter } from './rate-limiter';

/** Needs `ConfigModule` and `DatabaseModule`, both global. */
@Global()
@Module({
  providers: [DigitalOcean, DigitalOceanHttpClient, RateLimiter, RateLimitStore, databaseGauges(PROVIDER_METRICS)],
  exports: [DigitalOcean],
})
export class DigitalOceanModule {}
