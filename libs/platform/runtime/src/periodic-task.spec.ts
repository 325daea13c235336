import { Logger } from '@nestjs/common';
import { domainError } from '#libs/kernel';
import { PeriodicTask } from './periodic-task';

class AwayError extends domainError('away', 'unavailable', 'The database is away') {}

const EVERY_MS = 1_000;
let lines: Record<string, unknown>[];

beforeEach(() => {
  jest.useFakeTimers();
  lines = [];
  const keep = (line: unknown) => void lines.push(line as Record<string, unknown>);
  Logger.overrideLogger({ log: keep, error: keep, warn: keep });
});
afterEach(() => {
  jest.useRealTimers();
  Logger.overrideLogger(false);
});

const start = (run: (signal: AbortSignal) => Promise<void>, spread?: number) =>
  PeriodicTask.start({ name: 'lease_renewal', context: 'Spec', everyMs: EVERY_MS, spread, run });

/** Work that ends when the test calls one of `ends`. */
function openWork() {
  const ends: (() => void)[] = [];
  return { run: () => new Promise<void>((resolve) => ends.push(resolve)), ends };
}

it('runs the work after each pause', async () => {
  const run = jest.fn(async () => undefined);
  const task = start(run);
  await jest.advanceTimersByTimeAsync(EVERY_MS - 1);
  expect(run).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect(run).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect(run).toHaveBeenCalledTimes(3);
  await task.stop();
});

it('never runs twice at the same time, and pauses after the end of a long run', async () => {
  const { run, ends } = openWork();
  const task = start(run);
  await jest.advanceTimersByTimeAsync(5 * EVERY_MS);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await jest.advanceTimersByTimeAsync(EVERY_MS - 1);
  expect(ends).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await task.stop();
});

it('logs a failed run under its name and runs again', async () => {
  const run = jest.fn(async () => undefined).mockRejectedValueOnce(new Error('connection lost'));
  const task = start(run);
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect(lines).toEqual([expect.objectContaining({ event: 'lease_renewal_failed', code: 'internal' })]);
  expect(run).toHaveBeenCalledTimes(2);
  await task.stop();
});

it('aborts the current run when it stops, waits for its end, and begins no other', async () => {
  const run = jest.fn(
    (signal: AbortSignal) => new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  );
  const task = start(run);
  await jest.advanceTimersByTimeAsync(EVERY_MS);
  await task.stop();
  await jest.advanceTimersByTimeAsync(5 * EVERY_MS);
  expect(run).toHaveBeenCalledTimes(1);
  expect(lines).toEqual([]); // the abort is no failure
});

it('begins no run when it stops during the first pause', async () => {
  const run = jest.fn(async () => undefined);
  await start(run).stop();
  await jest.advanceTimersByTimeAsync(5 * EVERY_MS);
  expect(run).not.toHaveBeenCalled();
});

it.each([
  [0, 0.9 * EVERY_MS],
  [1, 1.1 * EVERY_MS],
])('varies the pause by its spread (random %d: %d ms)', async (random, pauseMs) => {
  jest.spyOn(Math, 'random').mockReturnValue(random);
  const run = jest.fn(async () => undefined);
  const task = start(run, 0.1);
  jest.restoreAllMocks();
  await jest.advanceTimersByTimeAsync(pauseMs - 1);
  expect(run).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(2);
  expect(run).toHaveBeenCalledTimes(1);
  await task.stop();
});

it('begins the first run at once when the work asks for it', async () => {
  const run = jest.fn(async () => undefined);
  const task = PeriodicTask.start({ name: 'sealing', context: 'Spec', everyMs: EVERY_MS, atOnce: true, run });
  expect(run).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(EVERY_MS);
  expect(run).toHaveBeenCalledTimes(2);
  await task.stop();
});

it('pauses for a shorter time after a failure, and logs the failure with the fields of the task', async () => {
  const run = jest.fn(async () => undefined).mockRejectedValueOnce(new AwayError());
  const options = {
    name: 'maintenance',
    fields: { what: 'sealing' },
    context: 'Spec',
    everyMs: EVERY_MS,
    afterFailureMs: 100,
    atOnce: true,
  };
  const task = PeriodicTask.start({ ...options, run });
  await jest.advanceTimersByTimeAsync(100);
  expect(run).toHaveBeenCalledTimes(2);
  await jest.advanceTimersByTimeAsync(EVERY_MS - 1);
  expect(run).toHaveBeenCalledTimes(2);
  expect(lines).toEqual([{ event: 'maintenance_failed', what: 'sealing', code: 'away', detail: 'The database is away' }]);
  await task.stop();
});
