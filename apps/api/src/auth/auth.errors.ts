import { domainError } from '#libs/kernel';

/** A tenant's token was used for a function of platform admins. [TEN-3] */
export class PlatformAdminRequiredError extends domainError(
  'platform_admin_required',
  'forbidden',
  'Only platform admins may do this; send the token of one',
) {}

/** A tenant asked for the rows of another tenant by its id. */
export class OtherTenantError extends domainError(
  'other_tenant',
  'forbidden',
  'A tenant can ask for its own rows only: leave the filter out',
) {}

/** A handler does not declare its access rule. The error ends the boot, so that such a handler is never reachable. */
export class UndeclaredAccessError extends domainError(
  'undeclared_access',
  'internal',
  (handlers: readonly string[]) => `These handlers do not state who may call them: ${handlers.join(', ')}`,
) {}

/** An action that does not come from a page of the board: another site may have caused it in the operator's browser. [TEN-7] */
export class CrossSiteRequestError extends domainError(
  'cross_site_request',
  'forbidden',
  'Actions need a request of this origin; see Origin and Sec-Fetch-Site',
) {}

/** Bull Board supports more actions than are safe for these queues: jobs are written and scheduled by this service only. */
export class BoardActionRefusedError extends domainError(
  'board_action_refused',
  'forbidden',
  'The board can retry, promote, remove and pause; it cannot create jobs or change schedules',
) {}

/** The session of the console is the token in a cookie, and browsers drop a cookie that is too long without a word. */
export class TokenTooLongError extends domainError(
  'token_too_long',
  'invalid',
  (length: number, most: number) =>
    `The token has ${length} characters and a browser keeps a cookie of at most ${most}: sign in with a token that has fewer claims`,
) {}

/** The files of the console are missing in this process's folder. The API works without them. */
export class ConsoleNotBuiltError extends domainError(
  'console_not_built',
  'unavailable',
  'The console has not been built here: run npm run build',
) {}
