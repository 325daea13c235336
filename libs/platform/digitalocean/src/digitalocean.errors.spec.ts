import { errorFields } from '#libs/kernel';
import {
  DocumentTooLongError,
  ForbiddenByProviderError,
  IncompleteListError,
  MalformedAnswerError,
  NotFoundAtProviderError,
  ProviderBudgetExhaustedError,
  ProviderNotConfiguredError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  RefusedByProviderError,
  TokenExchangedError,
  TokenRejectedError,
  UnknownOutcomeError,
} from './digitalocean.errors';

it.each([
  new ProviderNotConfiguredError(),
  new TokenRejectedError(),
  new TokenExchangedError(),
  new RateLimitedByProviderError({}, 1_000),
  new ProviderBudgetExhaustedError(1_000),
  new ProviderUnavailableError('connection refused'),
  new MalformedAnswerError('no id'),
  new IncompleteListError('no_total'),
])('counts $code as an outage, which a saga step waits out', (error) => {
  expect(error).toMatchObject({ outage: true, reportedWhileWaiting: false });
});

it.each([
  new DocumentTooLongError(),
  new ForbiddenByProviderError({}),
  new NotFoundAtProviderError({}),
  new RefusedByProviderError({}),
  new UnknownOutcomeError('connection lost'),
])('does not count $code as an outage', (error) => {
  expect(error.outage).toBe(false);
});

it('writes no explanation of DigitalOcean to a log line, as it may repeat a token or user data [TEN-8]', () => {
  const error = new RefusedByProviderError({ status: 422, explanation: 'token dop_v1_secret is strange' });
  expect(error.message).toContain('dop_v1_secret');
  expect(errorFields(error)).toEqual({ code: 'refused_by_provider', detail: 'DigitalOcean refused the call', status: 422 });
});
