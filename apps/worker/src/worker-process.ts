/**
 * WARNING: in a running worker `Date.now` is replaced by the database's time, for every library that runs or is loaded in this process
 * (`lifetime/database-clock.ts`, docs/decisions/0022). Use `performance.now()` to measure how long something took.
 */
import { Logger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '#libs/config';
import { runProcess, type ProcessDescription } from '#libs/runtime';
import { exportBuildInfo, JsonLogger, startTracing } from '#libs/observability';
import { WorkerModule } from './worker.module';

/** The worker as a process. It begins to work by itself once it listens; its readiness probe reports whether it can. */
const workerProcess: ProcessDescription = {
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
      closeAllConnections: () => undefined, // forceCloseConnections closes them in close()
      listen: async () => {
        await app.listen(config.worker.port, config.http.host);
        new Logger('Worker').log({ event: 'listening', url: await app.getUrl() });
      },
    };
  },
};

/** Runs the worker until a signal ends it. `#processes/worker` is this file, packed with all that it imports. */
export function runWorker(): Promise<void> {
  return runProcess(workerProcess, process.env);
}

/** The worker's application without its process. It begins to work once it is initialised. */
export function createWorker(config: Config): Promise<INestApplication> {
  exportBuildInfo(config.version);
  return NestFactory.create(WorkerModule.forRoot(config), {
    logger: new JsonLogger(config.logLevel),
    abortOnError: false,
    forceCloseConnections: true,
  });
}
