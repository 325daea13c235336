import { loadConfig, QUEUE_NAMES as CONFIGURED } from '#libs/config';
import { JOB_OPTIONS, QUEUE_NAMES } from './queue-definitions';

it('has the queues that WORKER_QUEUES can name', () => {
  expect([...QUEUE_NAMES].toSorted()).toEqual([...CONFIGURED].toSorted());
});

it('retries a job for longer than the lease of a dead worker’s sweep lasts [OPS-3]', () => {
  const { attempts, backoff } = JOB_OPTIONS;
  const shortest = (pause: number) => backoff.delay * 2 ** pause * (1 - backoff.jitter);
  const allPausesMs = Array.from({ length: attempts - 1 }, (_, pause) => shortest(pause)).reduce((sum, pauseMs) => sum + pauseMs, 0);
  expect(allPausesMs).toBeGreaterThan(loadConfig({ NODE_ENV: 'test', JWT_SECRET: 'not used here' }).inventory.sweepLeaseMs);
});
