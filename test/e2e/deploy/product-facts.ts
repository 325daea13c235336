import 'reflect-metadata';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATH_METADATA } from '@nestjs/common/constants';
import { HealthController as ApiHealth } from '../../../apps/api/src/health/health.controller';
import { HealthController as WorkerHealth } from '../../../apps/worker/src/health/health.controller';
import { SECRET_NAMES, VARIABLES } from '../../../libs/platform/config/src/variables';

/** Paths are relative to the root of the repository. */
export const inRoot = (...parts: readonly string[]): string => join(__dirname, '../../..', ...parts);

/** Every variable name that the product reads from the environment. */
export const READ_NAMES: ReadonlySet<string> = new Set([...Object.keys(VARIABLES), ...SECRET_NAMES.map((name) => `${name}_FILE`)]);

/** Names of variables with secret values, which may only be passed by reference. */
export const SECRETS: readonly string[] = SECRET_NAMES;

const HEALTH = {
  api: { paths: pathsOf(ApiHealth, ['live', 'ready', 'serving']), port: Number(VARIABLES.PORT.default) },
  worker: { paths: pathsOf(WorkerHealth, ['live', 'ready']), port: Number(VARIABLES.WORKER_PORT.default) },
} as const;

/** Returns whether a process serves this health address (such as port 4005 with `/api/health`), according to its controllers. */
export function isHealthAddress(app: string, port: number, path: string): boolean {
  const known = app === 'api' || app === 'worker' ? HEALTH[app] : undefined;
  return known !== undefined && known.port === port && known.paths.includes(path);
}

export const SIMULATOR_PORT = Number(VARIABLES.SIMULATOR_PORT.default);
export const SHUTDOWN_S = Number(VARIABLES.SHUTDOWN_MS.default) / 1000;

/** Returns the names of metrics that sources declare with `counter`, `gauge` and `histogram`. */
export function declaredMetrics(): string[] {
  const files = readdirSync(inRoot('libs'), { recursive: true, encoding: 'utf8' }).filter((path) => /src\/.*\.ts$/.test(path));
  return files.flatMap((path) =>
    [...readFileSync(inRoot('libs', path), 'utf8').matchAll(/\b(?:counter|gauge|histogram)\(\s*'(\w+)'/g)].map(([, name]) => name ?? ''),
  );
}

/** Returns the app that a command of the image runs. Throws when it runs none. */
export function appOf(command: readonly string[]): string {
  const [program, script = ''] = command;
  const app = /^dist\/apps\/(\w+)\/src\/main\.js$/.exec(script)?.[1];
  if (program !== 'node' || !app || !existsSync(inRoot(`apps/${app}/src/main.ts`)))
    throw new Error(`${command.join(' ')} runs none of our apps`);
  return app;
}

/** Returns the operator command of a container with its flags, or undefined when the container runs a service. */
export function cliCommandOf(command: readonly string[]): { readonly name: string; readonly flags: readonly string[] } | undefined {
  const [, , name, ...flags] = command;
  return appOf(command) === 'cli' && name !== undefined ? { name, flags } : undefined;
}

function pathsOf(controller: { readonly prototype: object }, methods: readonly string[]): string[] {
  const routes: object = controller.prototype;
  return [Reflect.getMetadata(PATH_METADATA, controller) as string | string[]].flat().flatMap((base) =>
    methods.map((method) => {
      const handler: unknown = Reflect.get(routes, method);
      const path = Reflect.getMetadata(PATH_METADATA, handler as object) as string;
      return `/${base}${path === '/' ? '' : `/${path}`}`;
    }),
  );
}
