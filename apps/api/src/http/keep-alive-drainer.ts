import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { RequestHandler, Response } from 'express';

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
