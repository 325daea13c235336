import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { failureOfStatus, PROBLEM_MEDIA_TYPE, problemOf } from './problem';

const STATUS_OF_CODE: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/**
 * Answers requests that Node's parser refuses (headers over 16 kB, malformed HTTP, too slow). They never reach Express; each
 * gets a problem and its connection is closed.
 */
export function answerUnreadableRequests(server: Server): void {
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
