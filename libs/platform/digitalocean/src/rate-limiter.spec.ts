import { loadConfig } from '#libs/config';
import { TokenRejectedError } from './digitalocean.errors';
import { RateLimitStore } from './rate-limit.store';
import { RateLimiter } from './rate-limiter';

const config = loadConfig({ DATABASE_URL: 'postgres://app@127.0.0.1/none', JWT_SECRET: 's'.repeat(64) });
const request = { fingerprint: 'fingerprint', purpose: 'sync-full', method: 'GET', path: '/v2/droplets', timeLimitMs: 1_000 } as const;

afterEach(() => jest.useRealTimers());

it('refuses each caller with one round trip while the token is rejected, however soon it follows the previous caller [INV-7]', async () => {
  jest.useFakeTimers(); // time stands still, so a caller that sleeps would never be served
  let roundTrips = 0;
  const rejecting = async () => {
    roundTrips += 1;
    return [{ granted: [], refusal: 'rejected', wait_ms: 300_000, changes: [] }] as never[];
  };
  const store = new RateLimitStore({ query: rejecting, prepared: rejecting, texts: rejecting }, config);
  const limiter = new RateLimiter(store);
  for (let n = 0; n < 20; n++) await expect(limiter.acquire(request)).rejects.toBeInstanceOf(TokenRejectedError);
  expect(roundTrips).toBe(20);
  expect(jest.getTimerCount()).toBe(0);
});
