import { type Config, ConfigError, openConfig } from '#libs/config';
import { DomainError, errorCode } from '#libs/kernel';
import { redact } from '#libs/observability';
import { Logger } from '@nestjs/common';
import { endOnSignal, type Stoppable } from './end-on-signal';
import { EXIT } from './exit-codes';
import { VaultRefresh } from './vault-refresh';

/** One process of the product: how it is called, and which variable says where it listens. */
export interface ProcessDescription {
  readonly name: string;
  readonly portVariable: string;
  /** Makes it, not listening yet; from then on signals end it in order. */
  readonly create: (config: Config) => Promise<Stoppable & { listen(): Promise<void> }>;
}

/** The whole life of a process. What keeps it from starting is one message on stderr and an exit code: 78 for configuration, else 1. */
export async function runProcess({ name, portVariable, create }: ProcessDescription, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const { config, vault } = await openConfig(env);
    if (vault) VaultRefresh.start(vault);
    surviveStrayRejections(name);
    const running = await create(config);
    endOnSignal(name, running, config.shutdownMs);
    await running.listen();
  } catch (error) {
    process.stderr.write(`${startFailure(error, name, portVariable)}\n`);
    process.exit(error instanceof ConfigError ? EXIT.configuration : EXIT.failed);
  }
}

/** During an outage a driver may reject a promise that nobody holds any more. That ends no process (OPS-3). */
function surviveStrayRejections(name: string): void {
  process.on('unhandledRejection', (reason) => {
    new Logger(name).error({ event: 'stray_rejection', code: errorCode(reason) }, reason instanceof Error ? reason.stack : undefined);
  });
}

/** What Node says about a port; a process with a second one adds the variable that stands for it. */
type PortError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number; readonly portVariable?: string };

/** One sentence for what people can mend, the stack for what only we can. */
export function startFailure(error: unknown, name: string, portVariable: string): string {
  if (error instanceof DomainError) return error.message;
  if (!(error instanceof Error)) return `arcadia-cloud ${name} could not start`;
  const { code, address, port, portVariable: variable = portVariable } = error as PortError;
  if (code === 'EADDRINUSE') return `Port ${port ?? ''} on ${address ?? 'this host'} is already in use; set ${variable} to another one.`;
  if (code === 'EACCES') return `Port ${port ?? ''} may not be opened by this user; set ${variable} to another one.`;
  return `arcadia-cloud ${name} could not start: ${redact(error.stack ?? error.message)}`; // past the logger, so past its net
}
