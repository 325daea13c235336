import { UnsupportedMediaTypeException, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { json, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '#libs/config';
import { exportBuildInfo, histogram, inSpan, JsonLogger, withLogFields } from '#libs/observability';
import { ApiModule } from './api.module';
import { CONSOLE_PATH, ConsoleSite } from './console/console-site';
import { explainBrokenJson, failureOfStatus, PROBLEM_MEDIA_TYPE, problemOf } from './http/problem';
import { assignRequestId, KeepAliveDrainer, requestIdOf } from './http/request-context';
import { ApiDocument } from './openapi/api-document';
import { BOARD_PATH } from './queue-board/board-session';
import { QueueBoard } from './queue-board/queue-board';

const BODY_LIMIT = '100kb';
/** A bulk change names up to 10,000 resources by their ids. */
const BULK_ROUTE = { path: '/api/v1/inventory/bulk', limit: '500kb' };
/** A request must arrive within this time, so that slow senders cannot keep connections open. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Creates the API, not listening yet. Throws a boot error, where Nest by default would end the process. `root` is for compositions that add
 * modules to the ApiModule.
 */
export async function createApi(config: Config, root: DynamicModule = ApiModule.forRoot(config)): Promise<NestExpressApplication> {
  exportBuildInfo(config.version);
  const app = await NestFactory.create<NestExpressApplication>(root, {
    abortOnError: false,
    bodyParser: false,
    logger: new JsonLogger(config.logLevel),
  });
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(app.get(KeepAliveDrainer).watch, assignRequestId, observeRequest);
  // Helmet's defaults without the upgrade of http to https: the API page must work where TLS ends in front of this process, or is not used.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }), forbidCaching);
  // Board and console come before CORS and JSON: other origins have no access to them, and browsers post forms to them.
  app.use(BOARD_PATH, app.get(QueueBoard).router);
  app.use(app.get(ConsoleSite).router);
  if (config.http.corsOrigins.length > 0) app.enableCors({ origin: [...config.http.corsOrigins], exposedHeaders: ['x-request-id'] });
  app.use(requireJson);
  app.use(BULK_ROUTE.path, json({ limit: BULK_ROUTE.limit }));
  app.useBodyParser('json', { limit: BODY_LIMIT });
  app.use(explainBrokenJson);
  app.get(ApiDocument).bind(app);
  const server = app.getHttpServer();
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  answerUnreadableRequests(server);
  return app;
}

/** Responses depend on the token and are outdated at once, so no cache may store them, and conditional requests get a full response. */
function forbidCaching(request: Request, response: Response, next: NextFunction): void {
  response.setHeader('cache-control', 'no-store');
  delete request.headers['if-none-match'];
  delete request.headers['if-modified-since'];
  next();
}

/** Refuses a body that is not JSON (415). Without this check body-parser would not read the body and the handler would get none. */
function requireJson(request: Request, _response: Response, next: NextFunction): void {
  // `is` returns null when there is no body; a body of length 0 is none either.
  const wrong = request.headers['content-length'] !== '0' && request.is('application/json') === false;
  next(wrong ? new UnsupportedMediaTypeException() : undefined);
}

const STATUS_OF_CODE: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/**
 * Answers requests that Node's parser refuses (headers over 16 kB, malformed HTTP, too slow). They never reach Express; each
 * gets a problem and its connection is closed.
 */
function answerUnreadableRequests(server: Server): void {
  // Node refuses every Expect other than 100-continue with an empty 417; it may be ignored as well (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = STATUS_OF_CODE[error.code ?? ''] ?? 400;
    const failure = failureOfStatus(status);
    const requestId = randomUUID();
    const body = failure ? JSON.stringify(problemOf(failure, requestId)) : '';
    socket.end(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        `content-type: ${PROBLEM_MEDIA_TYPE}`,
        `content-length: ${Buffer.byteLength(body)}`,
        `x-request-id: ${requestId}`,
        'connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  });
}

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

/** The pattern of the route, never the address, which contains ids. The queue board and the console are one route each. */
function routeOf(request: Request): string {
  for (const whole of [BOARD_PATH, CONSOLE_PATH]) if (request.originalUrl.startsWith(whole)) return whole;
  const { path } = (request.route ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' ? path : 'none';
}
