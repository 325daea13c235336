import type { Config } from '#libs/config';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { logFields } from './log-fields';
import { redact } from './redact';

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** The contexts of Nest's own start-up lines, which are useful for debugging only. */
const FRAMEWORK = new Set(['InstanceLoader', 'NestApplication', 'NestFactory', 'RouterExplorer', 'RoutesResolver']);

type Line = ReturnType<ConsoleLogger['getJsonLogObject']>;

/**
 * Writes one JSON line per event: `logger.log({ event: 'sweep_ended', kind, seen })`. An object is spread into the line, text stays under
 * `message`, the fields of the current work are added, and text that resembles a secret is redacted.
 */
export class JsonLogger extends ConsoleLogger {
  constructor(level: Config['logLevel']) {
    super({ json: true, colors: false, logLevels: LEVELS.slice(0, LEVELS.indexOf(level) + 1) });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && FRAMEWORK.has(context)) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  protected override getJsonLogObject(message: unknown, options: Parameters<ConsoleLogger['getJsonLogObject']>[1]): Line {
    const { timestamp, message: text, ...line } = super.getJsonLogObject(message, options);
    const event = typeof text === 'object' && text !== null ? text : { message: text };
    return { time: new Date(timestamp).toISOString(), ...logFields(), ...event, ...line } as unknown as Line;
  }

  protected override stringifyJsonLogObject(line: Record<string, unknown>): string {
    return redact(super.stringifyJsonLogObject(line));
  }

  /** A stack is a field of its line already; Nest would print it a second time as plain text. */
  protected override printStackTrace(): void {
    return;
  }
}
