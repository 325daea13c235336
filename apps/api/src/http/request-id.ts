import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const WELL_FORMED = /^[A-Za-z0-9._:-]{8,128}$/;
const ids = new WeakMap<object, string>();

/** Express middleware: uses a well-formed `x-request-id` of the caller, else creates one, and returns it as a response header. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  const offered = request.headers['x-request-id'];
  const id = typeof offered === 'string' && WELL_FORMED.test(offered) ? offered : randomUUID();
  ids.set(request, id);
  response.setHeader('x-request-id', id);
  next();
}

/** The id of this request in its response, the log and the audit log. */
export function requestIdOf(request: Request): string {
  return ids.get(request) ?? 'unknown';
}
