import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { runProcess, type ProcessDescription } from '#libs/runtime';
import { startTracing } from '#libs/observability';
import { createApi } from './api-app';
import { MetricsListener } from './metrics/metrics-listener';

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

/** Runs the api until a signal ends it. `#processes/api` is this file, packed with all that it imports. */
export function runApi(): Promise<void> {
  return runProcess(apiProcess, process.env);
}
