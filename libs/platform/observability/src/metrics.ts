import { cached, type CacheLimits } from '#libs/kernel';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of this process. There is one registry; each metric is declared where its event happens. */
const registry = new Registry();
let collectsProcessMetrics = false;

/** A scrape waits no longer for a gauge, and a gauge is read no more often than this. */
const SCRAPE_LIMITS: CacheLimits = { freshMs: 5_000, limitMs: 2_000 };

export const METRICS_CONTENT_TYPE = registry.contentType;

type Labels = readonly string[];

/** The text for a scrape. Never rejects: a gauge that cannot be read is missing from the text. */
export function metricsText(): Promise<string> {
  if (!collectsProcessMetrics) collectDefaultMetrics({ register: registry }); // memory, processor, event loop: from the first scrape on
  collectsProcessMetrics = true;
  return registry.metrics();
}

/**
 * `fromStart` lists series that exist with the value 0 from the start. Prometheus sees no increase in a series that begins at 1, so an alert
 * on the first occurrence needs them.
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

/** Exports which version this process runs. Call it once at the start; a second call replaces the first. */
export function exportBuildInfo(version: string): void {
  gauge('arcadia_build_info', 'Always 1; the version that this process runs', ['version'], () =>
    Promise.resolve([{ labels: { version }, value: 1 }]),
  );
}

/** One value of a gauge with its labels. */
export interface Reading<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number;
}

/**
 * A gauge that is read with a scrape, at most every few seconds. When `read` fails or is slow the gauge is missing from that scrape.
 * A second gauge of the same name replaces the first, because a process may run several applications one after the other.
 */
export function gauge<const L extends Labels>(name: string, help: string, labelNames: L, read: () => Promise<Reading<L[number]>[]>): void {
  const readings = cached(read, SCRAPE_LIMITS);
  registry.removeSingleMetric(name);
  const made: Gauge<L[number]> = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect: async () => {
      made.reset();
      if (labelNames.length === 0) made.remove({} as Record<L[number], string>); // reset leaves a 0, which would be a wrong value
      try {
        for (const { labels, value } of await readings()) made.set(labels, value);
      } catch {
        collectionFailures.inc({ gauge: name });
      }
    },
  });
}
