import type { NextFunction, Request, Response } from 'express';
import { histogram, inSpan, withLogFields } from '#libs/observability';
import { BOARD_PATH } from '../queue-board/board-session';
import { requestIdOf } from '../http/request-context';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const times = histogram(
  'arcadia_http_request_seconds',
  'Time of one request, to the end of its response; the status is aborted when the caller disconnected first',
  ['route', 'method', 'status'],
  SECONDS,
);

/** Express middleware, after `assignRequestId`: the log fields, the span and the metrics of a request and all its work. */
export function observeRequest(request: Request, response: Response, next: NextFunction): void {
  const startedAtMs = performance.now();
  const method = METHODS.has(request.method) ? request.method : 'other';
  const parent = request.headers.traceparent;
  const description = { name: method, kind: 'server', ...(typeof parent === 'string' && { parent }) } as const;
  void inSpan(description, (span) => {
    const closed = new Promise<void>((resolve) => {
      response.once('close', () => {
        const route = routeOf(request);
        const status = response.writableFinished ? String(response.statusCode) : 'aborted';
        times.observe({ route, method, status }, (performance.now() - startedAtMs) / 1_000);
        span.rename(`${method} ${route}`);
        span.set({
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
          request_id: requestIdOf(request),
        });
        if (response.statusCode >= 500) span.fail(status);
        resolve();
      });
    });
    withLogFields({ request_id: requestIdOf(request) }, next);
    return closed;
  });
}

/** The pattern of the route, never the address, which contains ids. The whole queue board is one route. */
function routeOf(request: Request): string {
  if (request.originalUrl.startsWith(BOARD_PATH)) return BOARD_PATH;
  const { path } = (request.route ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' ? path : 'none';
}
