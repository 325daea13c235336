import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Config } from '#libs/config';
import { traceparent } from './tracing';

/** Patterns of secrets. This is the last safeguard: secrets are functions and errors are typed, so no secret should get here. [TEN-8] */
const SECRETS: readonly [RegExp, string][] = [
  [/\bdo[opr]_v1_[A-Za-z0-9]+/g, '[token]'],
  [/\bhv[sbr]\.[\w-]{8,}/g, '[token]'],
  [/\bbearer\s+[\w.~+/=-]{16,}/gi, 'Bearer [token]'],
  [/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, '[jwt]'],
  [/(\w+:\/\/)[^\s/@"]*@/g, '$1[login]@'],
];

/** Text without tokens of provider and Vault, bearer tokens, JWTs and logins in URLs. */
export function redact(text: string): string {
  return SECRETS.reduce((clean, [pattern, placeholder]) => clean.replace(pattern, placeholder), text);
}

/** The fields that all log lines of one piece of work share. */
export interface LogFields {
  readonly request_id?: string;
  readonly job_id?: string;
  readonly sweep_id?: string;
  readonly saga_id?: string;
  readonly kind?: string;
}

const current = new AsyncLocalStorage<LogFields>();

/** Runs the work with these fields on all its log lines, in addition to the fields of the caller. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work);
}

/** The fields of the current work, and its trace id when tracing is on. */
export function logFields(): LogFields & { readonly trace_id?: string } {
  const traceId = traceparent()?.split('-')[1];
  return { ...current.getStore(), ...(traceId && { trace_id: traceId }) };
}

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** The contexts of Nest's own start-up lines, which are useful for debugging only. */
const FRAMEWORK = new Set(['InstanceLoader', 'NestApplication', 'NestFactory', 'RouterExplorer', 'RoutesResolver']);

/** The packer (docs/decisions/0029) changes the name of a class that refers to itself: `SweepService_1`, `SweepService2`, `_InstanceLoader`. */
const asWritten = (className: string): string => className.replaceAll(/^_|_?\d+$/g, '');

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
    if (typeof context === 'string' && FRAMEWORK.has(asWritten(context))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  protected override getJsonLogObject(message: unknown, options: Parameters<ConsoleLogger['getJsonLogObject']>[1]): Line {
    const { timestamp, message: text, ...line } = super.getJsonLogObject(message, options);
    const event = typeof text === 'object' && text !== null ? text : { message: text };
    const from = line.context && { context: asWritten(line.context) };
    return { time: new Date(timestamp).toISOString(), ...logFields(), ...event, ...line, ...from } as unknown as Line;
  }

  protected override stringifyJsonLogObject(line: Record<string, unknown>): string {
    return redact(super.stringifyJsonLogObject(line));
  }

  /** A stack is a field of its line already; Nest would print it a second time as plain text. */
  protected override printStackTrace(): void {
    return;
  }
}
