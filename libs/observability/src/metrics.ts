import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What this process counts, in Prometheus' words. One registry: whoever counts something declares it where it happens. */
export const metrics = new Registry();

type Labels = readonly string[];

export function counter<const L extends Labels>(name: string, help: string, labelNames: L): Counter<L[number]> {
  return new Counter({ name, help, labelNames: [...labelNames], registers: [metrics] });
}

export function histogram<const L extends Labels>(
  name: string,
  help: string,
  labelNames: L,
  buckets: readonly number[],
): Histogram<L[number]> {
  return new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [metrics] });
}

/** `collect` sets the gauge anew before each answer; when it fails the gauge is left out of that answer. */
export function gauge<const L extends Labels>(
  name: string,
  help: string,
  labelNames: L,
  collect: (gauge: Gauge<L[number]>) => Promise<void>,
): Gauge<L[number]> {
  const made: Gauge<L[number]> = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [metrics],
    collect: async () => {
      made.reset();
      await collect(made).catch(() => made.reset());
    },
  });
  return made;
}
