import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { AuditContext } from '#libs/audit';
import { principalOf } from '../auth/access.decorator';

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

/** Parameter of a handler that changes state: the caller, the body's `reason` and the request id, for the audit log. */
export const AuditCtx = createParamDecorator((_data: unknown, context: ExecutionContext): AuditContext => {
  const request = context.switchToHttp().getRequest<Request<unknown, unknown, { reason?: unknown } | undefined>>();
  const reason = request.body?.reason;
  return {
    by: principalOf(context),
    requestId: requestIdOf(request as Request),
    ...(typeof reason === 'string' && reason !== '' && { reason }),
  };
});
