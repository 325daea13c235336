import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Config } from '#libs/config';
import { JsonLogger } from '#libs/observability';
import { ApiModule } from './api.module';
import { BOARD_PATH } from './board/board-session';
import { QueueBoard } from './board/queue-board';
import { observeRequest } from './metrics/observe-request';
import { answerUnreadableRequests } from './problems/answer-unreadable-requests';
import { KeepAliveDrainer } from './requests/kept-connections';
import { assignRequestId } from './requests/request-id';
import { requireJson } from './requests/require-json';
import { JsonAdapter } from './routing/json-adapter';

const BODY_LIMIT = '100kb';
/** A request must arrive within this, so that slow senders cannot hold connections for ever. */
const REQUEST_LIMIT_MS = 30_000;

/** The API as it runs, not listening yet. Throws what stands in its way, instead of ending the process as Nest does by default. `root` is for compositions that add to the ApiModule. */
export async function createApi(config: Config, root: DynamicModule = ApiModule.forRoot(config)): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(root, new JsonAdapter(), {
    abortOnError: false,
    bodyParser: false,
    logger: new JsonLogger(config.logLevel),
  });
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(app.get(KeepAliveDrainer).watch, assignRequestId, observeRequest);
  // Helmet's defaults, but for turning http into https: the API page must also work where TLS ends elsewhere or not at all.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }), forbidCaching);
  app.use(BOARD_PATH, app.get(QueueBoard).router); // before CORS and JSON: other origins have no business there, and browsers post forms
  if (config.http.corsOrigins.length > 0) app.enableCors({ origin: [...config.http.corsOrigins], exposedHeaders: ['x-request-id'] });
  app.use(requireJson);
  app.useBodyParser('json', { limit: BODY_LIMIT });
  const server = app.getHttpServer();
  server.requestTimeout = REQUEST_LIMIT_MS;
  answerUnreadableRequests(server);
  return app;
}

/** Answers depend on the token and are out of date at once: no cache between us and the caller may keep them. */
function forbidCaching(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('cache-control', 'no-store');
  next();
}
