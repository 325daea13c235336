export { DigitalOcean, type DownloadRequest, type GetRequest, type SendRequest } from './digitalocean';
export {
  ForbiddenByProviderError,
  IncompleteListError,
  MalformedAnswerError,
  NotFoundAtProviderError,
  ProviderBudgetExhaustedError,
  ProviderError,
  ProviderNotConfiguredError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  RefusedByProviderError,
  TokenExchangedError,
  TokenRejectedError,
  UnknownOutcomeError,
  UnusablePathError,
  passesByItself,
  type AnswerFacts,
  type IncompleteReason,
} from './digitalocean.errors';
export { DigitalOceanModule } from './digitalocean.module';
export { ProviderBudget, type ProviderBudgetView, type TokenBudget } from './provider-budget';
export { RATE_LIMITER_FUNCTIONS } from './functions/rate-limiter.sql';
export type { ListPage, ListRequest, UnreadableObject } from './pagination';
export {
  decimal,
  flag,
  idText,
  idTexts,
  list,
  moneyText,
  optionalDecimal,
  optionalIdText,
  optionalList,
  optionalRecord,
  optionalText,
  optionalTime,
  optionalWholeNumber,
  record,
  text,
  texts,
  wholeNumber,
  type Fields,
} from './parsing';
export { Spaces, type SpacesBucket } from './spaces';
export { formatUrn, parseUrn, type Urn } from './urn';
