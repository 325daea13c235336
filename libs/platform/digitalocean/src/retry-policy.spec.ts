import {
  MalformedAnswerError,
  NotFoundAtProviderError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  UnknownOutcomeError,
} from './digitalocean.errors';
import { pauseBeforeRetryMs, retryAfterMs } from './retry-policy';

const always = (share: number) => () => share;

it.each([
  { attempts: 1, most: 250 },
  { attempts: 2, most: 500 },
  { attempts: 3, most: 1_000 },
])('pauses between 0 and $most ms before retry $attempts, with full jitter [SAG-19]', ({ attempts, most }) => {
  const error = new MalformedAnswerError('cut');
  expect(pauseBeforeRetryMs(error, attempts, always(0))).toBe(0);
  expect(pauseBeforeRetryMs(error, attempts, always(1))).toBe(most);
});

it('never retries a fourth time [SAG-19]', () => {
  expect(pauseBeforeRetryMs(new MalformedAnswerError('cut'), 4)).toBeUndefined();
});

it('waits for the requested pause, but not for more than a minute [SAG-19]', () => {
  expect(pauseBeforeRetryMs(new ProviderUnavailableError('503', {}, 20_000), 1)).toBe(20_000);
  expect(pauseBeforeRetryMs(new RateLimitedByProviderError({}, 60_001), 1)).toBeUndefined();
});

it.each([new NotFoundAtProviderError({}), new UnknownOutcomeError('x'), new Error('bug')])('treats $name as final', (error) => {
  expect(pauseBeforeRetryMs(error, 1)).toBeUndefined();
});

it.each([
  { header: undefined, ms: undefined },
  { header: '', ms: undefined },
  { header: 'soon', ms: undefined },
  { header: '0', ms: 0 },
  { header: '7', ms: 7_000 },
  { header: '99999999', ms: 3_600_000 },
  { header: 'Fri, 07 Aug 2026 00:00:05 GMT', ms: 5_000 },
  { header: 'Thu, 06 Aug 2026 00:00:00 GMT', ms: 0 },
])('reads Retry-After "$header" as $ms ms', ({ header, ms }) => {
  expect(retryAfterMs(header, Date.parse('2026-08-07T00:00:00Z'))).toBe(ms);
});
