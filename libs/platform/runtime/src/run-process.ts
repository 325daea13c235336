import { type Config, ConfigError, openConfig } from '#libs/config';
import { DomainError, errorFields } from '#libs/kernel';
import { redact } from '#libs/observability';
import { Logger } from '@nestjs/common';
import { VaultRefresh } from './vault-refresh';

/** The exit codes of a process. 78 is `EX_CONFIG` of sysexits.h: another start will not help. */
export const EXIT = { done: 0, failed: 1, configuration: 78 } as const;

/** The exit codes that a shell reports for a process which a signal ended. */
export const CUT_OFF = { SIGINT: 130, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof CUT_OFF;

/** A process that can shut down gracefully. */
export interface Stoppable {
  /** Accepts no new work, waits for the current work, then releases connections and locks. */
  close(): Promise<void>;
  /** Closes the connections that are still open. */
  closeAllConnections(): void;
}

/** Hanging requests are closed a little before the limit; the rest of the time is for the pools. */
const CUT_CONNECTIONS_AT = 0.7;
/** Work that still hangs then is abandoned: locks and leases pass it on to other processes. */
const GIVE_UP_AT = 0.8;

/** Under npm, or as a child of `npm start`, one signal arrives twice: from the terminal or process group, and forwarded by the parent. */
const hasEchoes = (): boolean => process.env.npm_lifecycle_event !== undefined || process.send !== undefined;
/** Two signals within this time then count as one. */
const ECHO_MS = 300;

/**
 * Shuts the process down gracefully on the first SIGTERM or SIGINT, with exit code 0 within `limitMs`, and at once on a second one. The end
 * of the parent that started it over IPC counts as SIGTERM, so that no process of `npm start` outlives it. [OPS-6]
 */
export function endOnSignal(name: string, running: Stoppable, limitMs: number): void {
  const log = new Logger(name);
  let endingSinceMs: number | undefined;
  const end = (signal: EndSignal) => {
    if (endingSinceMs !== undefined) {
      if (!hasEchoes() || performance.now() - endingSinceMs > ECHO_MS) process.exit(CUT_OFF[signal]);
      return;
    }
    endingSinceMs = performance.now();
    log.log({ event: 'stopping', signal });
    setTimeout(() => running.closeAllConnections(), limitMs * CUT_CONNECTIONS_AT).unref();
    setTimeout(() => process.exit(EXIT.done), limitMs * GIVE_UP_AT).unref();
    running.close().then(
      () => process.exit(EXIT.done),
      (error: unknown) => {
        log.error({ event: 'stop_failed' }, error instanceof Error ? error.stack : undefined);
        process.exit(EXIT.failed);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) replaceListeners(signal, end);
  process.once('disconnect', () => end('SIGTERM'));
  if (process.send && !process.connected) end('SIGTERM'); // the parent ended while this process was loading
}

/** Replaces the listeners of the time of loading. The new one is added first: without a listener Node would drop a signal on its way. */
function replaceListeners(signal: EndSignal, end: (signal: EndSignal) => void): void {
  const previous = process.listeners(signal);
  process.on(signal, end);
  for (const listener of previous) process.off(signal, listener);
}

/** One process of the product: its name, and the variable of the port on which it listens. */
export interface ProcessDescription {
  readonly name: string;
  readonly portVariable: string;
  /** Creates the application without listening; from then on signals shut it down gracefully. */
  readonly create: (config: Config) => Promise<Stoppable & { listen(): Promise<void> }>;
}

/** Runs a process from start to end. A failure of the start is one message on stderr and an exit code: 78 for configuration, else 1. */
export async function runProcess({ name, portVariable, create }: ProcessDescription, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const { config, vault } = await openConfig(env);
    if (vault) VaultRefresh.start(vault);
    logUnhandledRejections(name);
    const running = await create(config);
    endOnSignal(name, running, config.shutdownMs);
    await running.listen();
  } catch (error) {
    process.stderr.write(`${startFailure(error, name, portVariable)}\n`);
    process.exit(error instanceof ConfigError ? EXIT.configuration : EXIT.failed);
  }
}

/** During an outage a driver may reject a promise that no code awaits any more. Such a rejection does not end the process. [OPS-3] */
function logUnhandledRejections(name: string): void {
  process.on('unhandledRejection', (reason) => {
    new Logger(name).error({ event: 'unhandled_rejection', ...errorFields(reason) }, reason instanceof Error ? reason.stack : undefined);
  });
}

/** Node's error about a port; a process with a second port adds the variable of that port. */
type PortError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number; readonly portVariable?: string };

/** One sentence for a problem that an operator can mend, the stack for a bug. */
export function startFailure(error: unknown, name: string, portVariable: string): string {
  if (error instanceof DomainError) return error.message;
  if (!(error instanceof Error)) return `arcadia-cloud ${name} could not start`;
  const { code, address, port, portVariable: variable = portVariable } = error as PortError;
  if (code === 'EADDRINUSE') return `Port ${port ?? ''} on ${address ?? 'this host'} is already in use; set ${variable} to another one.`;
  if (code === 'EACCES') return `Port ${port ?? ''} may not be opened by this user; set ${variable} to another one.`;
  return `arcadia-cloud ${name} could not start: ${redact(error.stack ?? error.message)}`; // written without the logger, so redacted here
}
