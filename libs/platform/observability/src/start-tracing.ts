import { Logger } from '@nestjs/common';
import type { Config } from '#libs/config';
import type * as OpenTelemetry from './open-telemetry';
import { traceWith } from './tracing';

/** Spans that are not sent within this time are lost: a graceful shutdown must not wait for a collector. [OPS-6] */
const END_LIMIT_MS = 2_000;

/**
 * Switches tracing on when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Only then is OpenTelemetry loaded, which takes a quarter of a second.
 * Returns the function that ends tracing. Never throws: a process works without its traces.
 */
export function startTracing(config: Config, processName: string): () => Promise<void> {
  const nothing = () => Promise.resolve();
  if (!config.tracing.endpoint) return nothing;
  const log = new Logger('Tracing');
  try {
    const { openTelemetry } = require('./open-telemetry') as typeof OpenTelemetry;
    const tracer = openTelemetry(config, processName);
    traceWith(tracer);
    log.log({ event: 'tracing_started', process: processName });
    return async () => {
      traceWith(undefined);
      await Promise.race([tracer.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, END_LIMIT_MS).unref())]);
    };
  } catch (error) {
    log.error({ event: 'tracing_start_failed' }, error instanceof Error ? error.stack : undefined);
    return nothing;
  }
}
