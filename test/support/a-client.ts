import type { Config } from '#libs/config';
import type { Database } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { DigitalOceanHttpClient } from '../../libs/platform/digitalocean/src/http-client';
import { RateLimitStore } from '../../libs/platform/digitalocean/src/rate-limit.store';
import { RateLimiter } from '../../libs/platform/digitalocean/src/rate-limiter';

/** A client with a rate limiter of its own, as every process has one. */
export function aClient(config: Config, database: Database): DigitalOcean {
  const limiter = new RateLimiter(new RateLimitStore(database, config));
  return new DigitalOcean(config, new DigitalOceanHttpClient(config, limiter));
}
