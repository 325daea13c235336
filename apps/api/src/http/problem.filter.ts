import { isNativeError } from 'node:util/types';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Express, Request, Response } from 'express';
import { failureOfError, failureOfStatus, INTERNAL, PROBLEM_MEDIA_TYPE, problemOf, type Failure } from './problem';
import { requestIdOf } from './request-context';

/** Returns every failure as RFC 9457 problem JSON. No other code of the api writes an error response. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('Api');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const requestId = requestIdOf(request);
    const known = failureOfError(error);
    if (!known) this.log.error({ event: 'request_failed', request_id: requestId, method: request.method, error: textOf(error) });
    if (response.headersSent) {
      response.destroy(); // once headers are sent, only a broken connection signals an incomplete response
      return;
    }
    this.send(request, response, this.refined(known ?? INTERNAL, request, response), requestId);
  }

  /** The router reports "not found" also when only the method is wrong. */
  private refined(failure: Failure, request: Request, response: Response): Failure {
    if (failure.code !== 'route_not_found') return failure;
    const methods = allowedMethods(request.app as Express, request.path);
    if (methods.length === 0 || methods.includes(request.method)) return failure;
    response.setHeader('allow', methods.join(', '));
    return failureOfStatus(405) ?? failure;
  }

  private send(request: Request, response: Response, failure: Failure, requestId: string): void {
    if (failure.status === 401) response.setHeader('www-authenticate', 'Bearer');
    const retryAfterMs = failure.retryAfterMs ?? (failure.status === 503 ? 1_000 : undefined);
    if (retryAfterMs !== undefined) response.setHeader('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
    // A body that was refused before it was read (too large, wrong type) would have to be read to keep the connection.
    if (!request.complete) response.setHeader('connection', 'close');
    response
      .status(failure.status)
      .type(PROBLEM_MEDIA_TYPE)
      .send(JSON.stringify(problemOf(failure, requestId)));
  }
}

interface RouteLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/**
 * The methods of the routes that match `path`, sorted; none for an unknown path. Reads Express's own route table, so it is
 * always current.
 */
function allowedMethods(app: Express, path: string): string[] {
  const layers = app.router.stack as unknown as readonly RouteLayer[];
  const routes = layers.filter((layer) => layer.route && matches(layer, path)).map((layer) => Object.keys(layer.route?.methods ?? {}));
  const methods = new Set(routes.flat().map((method) => method.toUpperCase()));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/** A layer throws on a path that cannot be decoded. */
function matches(layer: RouteLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}

function textOf(error: unknown): string {
  return isNativeError(error) ? (error.stack ?? error.message) : typeof error;
}
