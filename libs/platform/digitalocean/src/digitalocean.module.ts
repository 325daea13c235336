import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { DigitalOcean } from './digitalocean';
import { PROVIDER_METRICS } from './digitalocean.metrics';
import { DigitalOceanHttpClient } from './http-client';
import { ProviderBudget } from './provider-budget';
import { RateLimitStore } from './rate-limit.store';
import { RateLimiter } from './rate-limiter';
import { Spaces } from './spaces';

/** Needs `ConfigModule` and `DatabaseModule`, both global. */
@Global()
@Module({
  providers: [DigitalOcean, DigitalOceanHttpClient, RateLimiter, RateLimitStore, ProviderBudget, Spaces, databaseGauges(PROVIDER_METRICS)],
  exports: [DigitalOcean, ProviderBudget, Spaces],
})
export class DigitalOceanModule {}
