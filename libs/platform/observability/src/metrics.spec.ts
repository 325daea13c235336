import { exportBuildInfo, gauge, metricsText } from './metrics';

const linesOf = async (name: string) => (await metricsText()).split('\n').filter((line) => line.startsWith(name));

it('reads a gauge at most once in a few seconds, however often it is scraped', async () => {
  let queues = ['fast', 'slow'];
  gauge('spec_depth', 'of queues', ['queue'], async () => queues.map((queue) => ({ labels: { queue }, value: 3 })));
  expect(await linesOf('spec_depth')).toEqual(['spec_depth{queue="fast"} 3', 'spec_depth{queue="slow"} 3']);
  queues = [];
  expect(await linesOf('spec_depth')).toHaveLength(2); // the second scrape returns the cached reading
});

it('leaves out a gauge that cannot be read, counts the failure, and returns all others', async () => {
  gauge('spec_away', 'of a database that is away', ['kind'], () => Promise.reject(new Error('ECONNREFUSED')));
  gauge('spec_away_too', 'without labels', [], () => Promise.reject(new Error('ECONNREFUSED')));
  gauge('spec_here', 'without labels', [], async () => [{ labels: {}, value: 7 }]);
  expect(await linesOf('spec_away')).toEqual([]);
  expect(await linesOf('spec_here')).toEqual(['spec_here 7']);
  expect(await linesOf('arcadia_metric_collection_failures_total{gauge="spec_away"}')).toHaveLength(1);
});

it('keeps the newest of two gauges with one name', async () => {
  gauge('spec_twice', 'of the first application', [], async () => [{ labels: {}, value: 1 }]);
  gauge('spec_twice', 'of the second', [], async () => [{ labels: {}, value: 2 }]);
  expect(await linesOf('spec_twice')).toEqual(['spec_twice 2']);
});

it('exports the version that this process runs, once (D5)', async () => {
  exportBuildInfo('0.0.9');
  exportBuildInfo('0.1.0');
  expect(await linesOf('arcadia_build_info')).toEqual(['arcadia_build_info{version="0.1.0"} 1']);
});

it('includes the metrics of the process itself', async () => {
  expect(await linesOf('process_resident_memory_bytes')).toHaveLength(1);
  expect((await linesOf('nodejs_eventloop_lag_p99_seconds')).length).toBe(1);
});
