import type { Failure } from './problem';

/** Refusals of Express, body-parser and Nest's router, by status. Their own texts are never shown: they quote paths and bodies. */
const FAILURES: Record<number, Omit<Failure, 'status'>> = {
  400: { code: 'malformed_request', detail: 'The request cannot be read' },
  401: { code: 'unauthenticated', detail: 'A valid access token is required' },
  403: { code: 'forbidden', detail: 'This is not allowed with this token' },
  404: { code: 'route_not_found', detail: 'There is nothing at this address' },
  405: { code: 'method_not_allowed', detail: 'This address does not take this method' },
  408: { code: 'request_timeout', detail: 'The request did not arrive in time' },
  413: { code: 'body_too_large', detail: 'The body is larger than 100 kB' },
  414: { code: 'uri_too_long', detail: 'The address is too long' },
  415: { code: 'unsupported_media_type', detail: 'The body must be JSON in UTF-8' },
  431: { code: 'headers_too_large', detail: 'The headers are larger than 16 kB' },
};

export const INTERNAL: Failure = { status: 500, code: 'internal', detail: 'Something went wrong here; the request id leads to the log' };

/** Undefined for statuses that are no refusal of ours: they are treated as unexpected. */
export function failureOfStatus(status: number): Failure | undefined {
  if (status < 400 || status > 499) return undefined;
  const known = FAILURES[status];
  return known ? { status, ...known } : { status, code: 'refused', detail: 'The request was refused' };
}
