import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { cached, SCRAPE_MEMORY } from './remembered';

/** What this process counts, in Prometheus' words. One registry: whoever counts something declares it where it happens. */
const registry = new Registry();
let watchesProcess = false;

export const METRICS_CONTENT_TYPE = registry.contentType;

type Labels = readonly string[];

/** The answer to a scrape. Never rejects: a gauge that cannot be read is left out of it. */
export function metricsText(): Promise<string> {
  if (!watchesProcess) collectDefaultMetrics({ register: registry }); // memory, processor, event loop: watched once somebody looks
  watchesProcess = true;
  return registry.metrics();
}

/**
 * `fromStart`: series that are told as 0 before anything was counted. Prometheus takes no increase from a series that begins at 1, so an alarm on the
 * first occurrence needs them.
 */
export function counter<const L extends Labels>(
  name: string,
  help: string,
  labelNames: L,
  fromStart: readonly Readonly<Record<L[number], string>>[] = [],
): Counter<L[number]> {
  const made: Counter<L[number]> = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
  for (const labels of fromStart) made.inc(labels, 0);
  return made;
}

export function histogram<const L extends Labels>(
  name: string,
  help: string,
  labelNames: L,
  buckets: readonly number[],
): Histogram<L[number]> {
  return new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [registry] });
}

const collectionFailures = counter(
  'arcadia_metric_collection_failures_total',
  'Failed readings of a gauge, which is then missing from the scrape',
  ['gauge'],
);

/** One value of a gauge, with the labels it belongs to. */
export interface Reading<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number;
}

/**
 * A gauge that is read when somebody asks, at most every few seconds. When `read` fails or is slow the gauge is left out of that answer.
 * A second gauge of the same name takes the place of the first: a process may hold several applications, one after the other.
 */
export function gauge<const L extends Labels>(name: string, help: string, labelNames: L, read: () => Promise<Reading<L[number]>[]>): void {
  const readings = cached(read, SCRAPE_MEMORY);
  registry.removeSingleMetric(name);
  const made: Gauge<L[number]> = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect: async () => {
      made.reset();
      if (labelNames.length === 0) made.remove({} as Record<L[number], string>); // reset leaves a 0 there, which would be a claim
      try {
        for (const { labels, value } of await readings()) made.set(labels, value);
      } catch {
        collectionFailures.inc({ gauge: name });
      }
    },
  });
}
