import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

const WELL_FORMED = /^[A-Za-z0-9._:-]{8,128}$/;
const ids = new WeakMap<object, string>();

/** Express middleware: takes a well-formed `x-request-id` over, makes one otherwise, and sends it back. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  const offered = request.headers['x-request-id'];
  const id = typeof offered === 'string' && WELL_FORMED.test(offered) ? offered : randomUUID();
  ids.set(request, id);
  response.setHeader('x-request-id', id);
  next();
}

/** The id under which this request is logged, answered and audited. */
export function requestIdOf(request: Request): string {
  return ids.get(request) ?? 'unknown';
}

/** Parameter of a handler: the request's id. */
export const RequestId = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  requestIdOf(context.switchToHttp().getRequest<Request>()),
);
