import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Config } from '#libs/config';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';

/**
 * `GET /metrics` on a separate port, for Prometheus: without a token, and unreachable from where the api is public. It needs no
 * dependency.
 */
export class MetricsListener {
  private readonly server: Server | undefined;

  constructor(private readonly config: Config) {
    this.server = config.metricsPort === undefined ? undefined : createServer();
    this.server?.on('request', (request, response) => {
      const known = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
      if (known) void metricsText().then((text) => response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE }).end(text));
      else response.writeHead(404, { 'content-type': 'text/plain' }).end();
    });
  }

  /** Returns the port, undefined when none is configured. Rejects with the server's error, which names the variable to change. */
  async listen(): Promise<number | undefined> {
    if (!this.server) return undefined;
    this.server.listen(this.config.metricsPort, this.config.http.host);
    try {
      await once(this.server, 'listening');
    } catch (error) {
      throw error instanceof Error ? Object.assign(error, { portVariable: 'METRICS_PORT' }) : error;
    }
    const address = this.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  close(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}
