import { createParamDecorator, Injectable, type BeforeApplicationShutdown, type ExecutionContext } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal, type Scope } from '#libs/identity';
import { ValidationFailedError } from '#libs/kernel';
import { principalOf } from '../auth/access.decorator';

const WELL_FORMED = /^[A-Za-z0-9._:-]{8,128}$/;
const ids = new WeakMap<object, string>();
const current = new AsyncLocalStorage<Request>();

/** Express middleware: uses a well-formed `x-request-id` of the caller, else creates one, and returns it as a response header. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  const offered = request.headers['x-request-id'];
  const id = typeof offered === 'string' && WELL_FORMED.test(offered) ? offered : randomUUID();
  ids.set(request, id);
  response.setHeader('x-request-id', id);
  current.run(request, next);
}

/** The scope of the request that is being handled, for pipes, which do not get the request. Undefined before its token was checked. */
export function currentScope(): Scope | undefined {
  const principal = current.getStore()?.user as Principal | undefined;
  return principal && scopeOf(principal);
}

/** The id of this request in its response, the log and the audit log. */
export function requestIdOf(request: Request): string {
  return ids.get(request) ?? 'unknown';
}

/** The request's `Idempotency-Key`, 1 to 255 visible ASCII characters; undefined without one. [SAG-17] */
export const IdempotencyKey = createParamDecorator((_data: unknown, context: ExecutionContext): string | undefined => {
  const key = context.switchToHttp().getRequest<Request>().header('idempotency-key');
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ValidationFailedError([{ field: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }]);
  return key;
});

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

/**
 * Closes keep-alive connections with their next response once the process is stopping. Closing a server ends idle connections
 * only, so a busy connection of a proxy would block the shutdown until it is cut during a request. [OPS-6]
 */
@Injectable()
export class KeepAliveDrainer implements BeforeApplicationShutdown {
  private readonly openResponses = new Set<Response>();
  private stopping = false;

  /** Express middleware. Install it before all handlers that respond. */
  readonly watch: RequestHandler = (_request, response, next) => {
    if (this.stopping) closeAfter(response);
    this.openResponses.add(response);
    response.once('close', () => this.openResponses.delete(response));
    next();
  };

  beforeApplicationShutdown(): void {
    this.stopping = true;
    for (const response of this.openResponses) closeAfter(response);
  }
}

/** Closes the connection after this response. When its headers have been sent, the connection closes after one more request. */
function closeAfter(response: Response): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
