import { isNativeError } from 'node:util/types';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Express, Request, Response } from 'express';
import { requestIdOf } from '../requests/request-id';
import { allowedMethods } from './allowed-methods';
import { failureOfError } from './failure-of-error';
import { failureOfStatus, INTERNAL } from './failure-of-status';
import { PROBLEM_MEDIA_TYPE, problemOf, type Failure } from './problem';

/** Answers every failure as RFC 9457 problem JSON, whoever raised it. Nothing else in the api writes an error. */
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
      response.destroy(); // a cut answer is the only way left to say that it is not complete
      return;
    }
    this.answer(request, response, this.refined(known ?? INTERNAL, request, response), requestId);
  }

  /** The router says "not found" also where only the method is wrong. */
  private refined(failure: Failure, request: Request, response: Response): Failure {
    if (failure.code !== 'route_not_found') return failure;
    const methods = allowedMethods(request.app as Express, request.path);
    if (methods.length === 0 || methods.includes(request.method)) return failure;
    response.setHeader('allow', methods.join(', '));
    return failureOfStatus(405) ?? failure;
  }

  private answer(request: Request, response: Response, failure: Failure, requestId: string): void {
    if (failure.status === 401) response.setHeader('www-authenticate', 'Bearer');
    const retryAfterMs = failure.retryAfterMs ?? (failure.status === 503 ? 1_000 : undefined);
    if (retryAfterMs !== undefined) response.setHeader('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
    // A body that was refused unread (too large, wrong type) would have to be read to keep the connection.
    if (!request.complete) response.setHeader('connection', 'close');
    response
      .status(failure.status)
      .type(PROBLEM_MEDIA_TYPE)
      .send(JSON.stringify(problemOf(failure, requestId)));
  }
}

function textOf(error: unknown): string {
  return isNativeError(error) ? (error.stack ?? error.message) : typeof error;
}
