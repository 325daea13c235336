import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '#libs/config';
import { METRICS_CONTENT_TYPE, metricsText, startTracing } from '#libs/observability';
import { runProcess, type ProcessDescription } from '#libs/runtime';
import { createApi } from './api-app';

/** Start and stop of the api process. */
const apiProcess: ProcessDescription = {
  name: 'api',
  portVariable: 'PORT',
  create: async (config) => {
    const app = await createApi(config);
    const endTracing = startTracing(config, 'api');
    const metrics = new MetricsListener(config);
    const server = app.getHttpServer();
    return {
      close: async () => {
        await app.close();
        metrics.close();
        await endTracing();
      },
      closeAllConnections: () => server.closeAllConnections(),
      listen: async () => {
        await app.init();
        server.listen(config.http.port, config.http.host); // not app.listen(), which would log a taken port with its stack
        await once(server, 'listening'); // rejects with the server's error
        const metricsPort = await metrics.listen();
        const port = (server.address() as AddressInfo).port;
        new Logger('Api').log({ event: 'listening', host: config.http.host, port, ...(metricsPort && { metrics_port: metricsPort }) });
      },
    };
  },
};

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

/** Runs the api until a signal ends it. `#processes/api` is this file, packed with all that it imports. */
export function runApi(): Promise<void> {
  return runProcess(apiProcess, process.env);
}
