import { STATUS_CODES } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { DomainError, domainError, ValidationFailedError, type ErrorCategory, type FieldError } from '#libs/kernel';
import { LimitExceededError } from '#libs/provisioning';
import { NotReadyError } from '#libs/runtime';
import { PlanChangedError, type LimitReading, type SagaPlan } from '#libs/saga';
import { PlanResponse } from './plan.dto';
import { ApiAnyJson, ApiEnum, ApiListOf, ApiMapOfWords, ApiObject, ApiText, ApiWhole } from './swagger.decorators';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** States of a dependency of the api. */
export const CHECKS = ['ok', 'down', 'schema_missing', 'stopping'] as const;

/** One wrong field of a request. */
class FieldProblem implements FieldError {
  @ApiText('Name of the parameter or body field; empty when the input as a whole is wrong')
  readonly field: string;

  @ApiText('What is wrong with it')
  readonly message: string;
}

/** RFC 9457. `type` is always `about:blank`: `code` names the failure and never changes once released. */
export class Problem {
  @ApiEnum(['about:blank'], 'Always `about:blank`; see `code`')
  readonly type: 'about:blank';

  @ApiText('The text of the status', { example: 'Bad Request' })
  readonly title: string;

  @ApiWhole('The HTTP status', { example: 400 })
  readonly status: number;

  @ApiText('Names the failure; stable', { example: 'validation_failed' })
  readonly code: string;

  @ApiText('An explanation for people', { example: 'limit must be a whole number from 1 to 200' })
  readonly detail: string;

  @ApiText('Id of the request in the log and in the header `x-request-id`')
  readonly request_id: string;

  @ApiListOf(() => FieldProblem, 'Only with `validation_failed`: each wrong field', { optional: true })
  readonly errors?: readonly FieldProblem[];

  @ApiMapOfWords(CHECKS, 'Only with `not_ready`: the state of each dependency', { optional: true })
  readonly checks?: Readonly<Record<string, string>>;

  @ApiObject(() => PlanResponse, 'Only with `plan_changed`: the new plan', { optional: true })
  readonly plan?: PlanResponse;

  @ApiText('Only with `limit_exceeded`: the limit', { optional: true, example: 'max_droplets' })
  readonly limit?: string;

  @ApiAnyJson('Only with `limit_exceeded`: what the limit allows; a number, or a price as text', { optional: true })
  readonly allowed?: number | string | null;

  @ApiAnyJson('Only with `limit_exceeded`: what exists already', { optional: true })
  readonly used?: number | string;

  @ApiAnyJson('Only with `limit_exceeded`: what open sagas will still create', { optional: true })
  readonly reserved?: number | string;

  @ApiAnyJson('Only with `limit_exceeded`: what the start would add', { optional: true })
  readonly requested?: number | string;
}

/** A failure before it is put into the problem envelope. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number | undefined;
  readonly members?: Partial<Omit<Problem, 'type' | 'title' | 'status' | 'code' | 'detail' | 'request_id'>>;
}

/** The one place where a category becomes a status. */
export const STATUS_OF_CATEGORY: Record<ErrorCategory, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  rate_limited: 429,
  internal: 500,
  unknown_outcome: 502, // the response to a write at the provider was lost: the write may or may not have happened
  unavailable: 503,
};

/** Refusals of Express, body-parser and Nest's router, by status. Their own texts are not returned: they quote paths and bodies. */
const FAILURES: Record<number, Omit<Failure, 'status'>> = {
  400: { code: 'malformed_request', detail: 'The request cannot be read' },
  401: { code: 'unauthenticated', detail: 'A valid access token is required, as "Authorization: Bearer <token>"' },
  403: { code: 'forbidden', detail: 'This is not allowed with this token' },
  404: { code: 'route_not_found', detail: 'There is no route at this address' },
  405: { code: 'method_not_allowed', detail: 'This route does not support this method; see the Allow header' },
  408: { code: 'request_timeout', detail: 'The request did not arrive in time' },
  413: { code: 'body_too_large', detail: 'The body is larger than 100 kB' },
  414: { code: 'uri_too_long', detail: 'The address is too long' },
  415: { code: 'unsupported_media_type', detail: 'The body must be JSON in UTF-8' },
  431: { code: 'headers_too_large', detail: 'The headers are larger than 16 kB' },
};

export const INTERNAL: Failure = {
  status: 500,
  code: 'internal',
  detail: 'An internal error occurred; search the log for the request id',
};

/** One sentence for all objects: it must not distinguish another tenant's objects from those that do not exist. [TEN-3] */
const NO_SUCH_OBJECT = 'There is no such object';

export function problemOf({ status, code, detail, members }: Failure, requestId: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, request_id: requestId, ...members };
}

/** The public part of an error. Undefined for an unexpected error: it is logged, and the caller gets a general message. [TEN-10] */
export function failureOfError(error: unknown): Failure | undefined {
  if (error instanceof DomainError) return failureOfDomainError(error);
  const status = statusOf(error);
  return status === undefined ? undefined : failureOfStatus(status);
}

/** The body is no JSON. The message names the place where it stops being JSON, and quotes nothing of it. */
class UnreadableBodyError extends domainError('malformed_request', 'invalid') {}

/** Express middleware after the body parser, with its error: Nest would reduce that error to its message, which quotes the body. */
export function explainBrokenJson(error: unknown, _request: Request, _response: Response, next: NextFunction): void {
  next(isUnreadableJson(error) ? new UnreadableBodyError(jsonProblem(error.body)) : error);
}

/** The error of body-parser for a body that is no JSON. It carries the body. */
function isUnreadableJson(error: unknown): error is Error & { readonly body: string } {
  return (
    error instanceof Error && 'type' in error && error.type === 'entity.parse.failed' && 'body' in error && typeof error.body === 'string'
  );
}

/** Names the place where a body stops being JSON, without quoting it. */
function jsonProblem(body: string): string {
  const at = findJsonEnd(body);
  if (at === undefined) return 'The body must be a JSON object';
  const lines = body.slice(0, at).split('\n');
  const place = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
  return at >= body.trimEnd().length
    ? `The body is not complete JSON: it ends at ${place}`
    : `The body is not JSON: see ${place} (position ${at})`;
}

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/uy;
type Expected = 'value' | 'value or ]' | 'key or }' | 'key' | ':' | ', or end' | 'end';

/**
 * The position at which a text stops being JSON; undefined when it is JSON. The messages of `JSON.parse` quote the text, and lack the
 * position in some versions of Node. Without recursion, because a body may be nested thousands of times.
 */
export function findJsonEnd(text: string): number | undefined {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    const start = at + (/^[ \t\n\r]*/.exec(text.slice(at, at + 200))?.[0].length ?? 0);
    if (start >= text.length) return expected === 'end' ? undefined : text.length;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) return start;
    const next = nextExpected(expected, token[1] ?? (token[2] === undefined ? 'literal' : 'text'), open);
    if (next === undefined) return start;
    expected = next;
    at = TOKEN.lastIndex;
  }
}

/** Undefined for a token that cannot follow. `open` has the brackets that are not closed yet. */
function nextExpected(expected: Expected, token: string, open: string[]): Expected | undefined {
  const afterValue = (): Expected => (open.length === 0 ? 'end' : ', or end');
  if (expected === ':') return token === ':' ? 'value' : undefined;
  if (expected === 'key' || expected === 'key or }') {
    if (token === 'text') return ':';
    return token === '}' && expected === 'key or }' && open.pop() === '{' ? afterValue() : undefined;
  }
  if (expected === ', or end') {
    if (token === ',') return open.at(-1) === '{' ? 'key' : 'value';
    return (token === '}' || token === ']') && open.pop() === (token === '}' ? '{' : '[') ? afterValue() : undefined;
  }
  if (expected === 'end') return undefined;
  if (token === ']') return expected === 'value or ]' && open.pop() === '[' ? afterValue() : undefined;
  if (token === 'text' || token === 'literal') return afterValue();
  if (token !== '{' && token !== '[') return undefined;
  open.push(token);
  return token === '{' ? 'key or }' : 'value or ]';
}

/** Undefined for statuses other than 4xx: these are treated as unexpected. */
export function failureOfStatus(status: number): Failure | undefined {
  if (status < 400 || status > 499) return undefined;
  const known = FAILURES[status];
  return known ? { status, ...known } : { status, code: 'refused', detail: 'The request was refused' };
}

function failureOfDomainError(error: DomainError): Failure | undefined {
  if (error.category === 'internal') return undefined;
  return {
    status: STATUS_OF_CATEGORY[error.category],
    code: error.code,
    detail: error.category === 'not_found' ? NO_SUCH_OBJECT : error.message,
    retryAfterMs: error.retryAfterMs,
    ...membersOf(error),
  };
}

function membersOf(error: DomainError): Pick<Failure, 'members'> {
  if (error instanceof ValidationFailedError) return { members: { errors: error.errors } };
  if (error instanceof LimitExceededError) return { members: limitMembers(error.reading) };
  if (error instanceof NotReadyError) return { members: { checks: error.checks } };
  if (error instanceof PlanChangedError && error.plan) return { members: { plan: planResponse(error.plan) } };
  return {};
}

const limitMembers = ({ limit, allowed, used, reserved, requested }: LimitReading) => ({ limit, allowed, used, reserved, requested });

/** A plan in the form of the API. A refusal has the status and code that the start would be answered with. */
export function planResponse<Plan extends SagaPlan>({ refusal, ...plan }: Plan): Omit<Plan, 'refusal'> & Pick<PlanResponse, 'refused'> {
  if (!refusal) return plan;
  return { ...plan, refused: { status: STATUS_OF_CATEGORY[refusal.category], code: refusal.code, detail: refusal.message } };
}

/** Nest's HttpException has getStatus(), the http-errors of Express and body-parser have `status`. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('getStatus' in error && typeof error.getStatus === 'function') return Number(error.getStatus());
  return 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
