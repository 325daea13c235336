import { type Config, ConfigError, openConfig } from '#libs/config';
import { DomainError, errorCode } from '#libs/kernel';
import { redact } from '#libs/observability';
import { Logger } from '@nestjs/common';
import { endOnSignal, EXIT, type Stoppable } from './end-on-signal';
import { VaultRefresh } from './vault-refresh';

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
    new Logger(name).error({ event: 'unhandled_rejection', code: errorCode(reason) }, reason instanceof Error ? reason.stack : undefined);
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
