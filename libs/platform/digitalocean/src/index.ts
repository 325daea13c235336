export {
  decimal,
  flag,
  idText,
  idTexts,
  list,
  moneyText,
  optionalIdText,
  optionalList,
  optionalRecord,
  optionalText,
  optionalWholeNumber,
  record,
  text,
  texts,
  wholeNumber,
  type Fields,
} from './answer-shape';
export { DigitalOcean, type DownloadRequest, type GetRequest, type SendRequest } from './digitalocean';
export { DigitalOceanModule } from './digitalocean.module';
export { UnusablePathError } from './door/request-url';
export { IncompleteListError, type IncompleteReason } from './lists/incomplete-list.error';
export type { ListPage, ListRequest } from './lists/list-pages';
export {
  ForbiddenByProviderError,
  MalformedAnswerError,
  NotFoundAtProviderError,
  PendingEventError,
  ProviderBudgetExhaustedError,
  ProviderError,
  ProviderNotConfiguredError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  RefusedByProviderError,
  TokenExchangedError,
  TokenRejectedError,
  UnknownOutcomeError,
  type AnswerFacts,
} from './provider.error';
export { formatUrn, parseUrn, type Urn } from './urn';
