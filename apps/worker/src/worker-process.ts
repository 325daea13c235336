import { Logger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '#libs/config';
import type { ProcessDescription } from '#libs/runtime';
import { JsonLogger, startTracing } from '#libs/observability';
import { WorkerModule } from './worker.module';

/** The worker as a process. It works once it listens: what its port answers says whether it can. */
export const workerProcess: ProcessDescription = {
  name: 'worker',
  portVariable: 'WORKER_PORT',
  create: async (config) => {
    const app = await createWorker(config);
    const endTracing = startTracing(config, 'worker');
    return {
      close: async () => {
        await app.close();
        await endTracing();
      },
      closeAllConnections: () => undefined, // forceCloseConnections: they go with close()
      listen: async () => {
        await app.listen(config.worker.port, config.http.host);
        new Logger('Worker').log({ event: 'listening', url: await app.getUrl() });
      },
    };
  },
};

/** The worker without its process: it works once it is initialised. */
export function createWorker(config: Config): Promise<INestApplication> {
  return NestFactory.create(WorkerModule.forRoot(config), {
    logger: new JsonLogger(config.logLevel),
    abortOnError: false,
    forceCloseConnections: true,
  });
}
