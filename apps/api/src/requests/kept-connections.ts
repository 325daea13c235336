import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { RequestHandler, Response } from 'express';

/**
 * Ends connections that callers keep (proxies do) with the answer they are waiting for, once the process is told to end. A server that closes ends
 * idle ones only: one that is never idle would hold it until it is cut, with a request under way (OPS-6).
 */
@Injectable()
export class KeepAliveDrainer implements BeforeApplicationShutdown {
  private readonly underWay = new Set<Response>();
  private ending = false;

  /** Express middleware, before everything that answers. */
  readonly watch: RequestHandler = (_request, response, next) => {
    if (this.ending) lastOf(response);
    this.underWay.add(response);
    response.once('close', () => this.underWay.delete(response));
    next();
  };

  beforeApplicationShutdown(): void {
    this.ending = true;
    for (const response of this.underWay) lastOf(response);
  }
}

/** One whose headers are out already is followed by at most one more request, which then is the last. */
function lastOf(response: Response): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
