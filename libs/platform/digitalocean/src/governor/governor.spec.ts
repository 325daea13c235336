import { loadConfig } from '#libs/config';
import { TokenRejectedError } from '../provider.error';
import { RateLimiter } from './governor';

const { provider: limits } = loadConfig({ DATABASE_URL: 'postgres://app@127.0.0.1/none', JWT_SECRET: 's'.repeat(64) });
const asking = { fingerprint: 'fingerprint', provisioning: false, timeLimitMs: 1_000, maxWaitMs: 60_000 };

afterEach(() => jest.useRealTimers());

it('INV-7: while the token is rejected each caller is refused with one question, however soon it comes after the one before', async () => {
  jest.useFakeTimers(); // time stands still: whoever sleeps is never served
  let questions = 0;
  const rejecting = async () => {
    questions += 1;
    return [{ granted: [], refusal: 'rejected', wait_ms: 300_000, changes: [] }] as never[];
  };
  const governor = new RateLimiter({ query: rejecting, prepared: rejecting, texts: rejecting }, limits);
  for (let n = 0; n < 20; n++) await expect(governor.acquire(asking)).rejects.toBeInstanceOf(TokenRejectedError);
  expect(questions).toBe(20);
  expect(jest.getTimerCount()).toBe(0);
});
