import { DetectionRunningError, type DriftDetectionService, type DetectionReport } from '#libs/drift';
import type { SweepService, SweepStatus } from '#libs/inventory';
import { isRetryable } from '#libs/kernel';
import type { Enqueuer, SweepJob, TickClaims } from '#libs/queues';
import type { Job } from 'bullmq';
import { DriftJobs, SweepJobs } from './jobs.processors';
import { StopSignal } from './run-job';

const REPORT: DetectionReport = { opened: 1, changed: 0, stale: 0, reverted: 0 };
const tick = { attemptsMade: 0, stalledCounter: 0, repeatJobKey: 'drift.detection' };

function jobsWith({ claimed = true, detect = async () => REPORT }: { claimed?: boolean; detect?: () => Promise<DetectionReport> }) {
  return new DriftJobs({ run: detect } as unknown as DriftDetectionService, { claim: async () => claimed } as unknown as TickClaims);
}

it('does not detect drift for a tick that another job has claimed [OPS-7]', async () => {
  const detect = jest.fn(async () => REPORT);
  await expect(jobsWith({ claimed: false, detect }).run(tick)).resolves.toEqual({ status: 'not_due' });
  expect(detect).not.toHaveBeenCalled();
});

it('detects drift for a tick that is taken over from a dead worker, although it is claimed already [OPS-7]', async () => {
  await expect(jobsWith({ claimed: false }).run({ ...tick, stalledCounter: 1 })).resolves.toEqual(REPORT);
});

it('completes as not due while another detection is running, and fails with every other error', async () => {
  const running = jobsWith({ detect: () => Promise.reject(new DetectionRunningError()) });
  await expect(running.run(tick)).resolves.toEqual({ status: 'not_due' });
  await expect(jobsWith({ detect: () => Promise.reject(new Error('no')) }).run(tick)).rejects.toThrow('no');
});

const jobOf = (attempt: { attemptsMade?: number; stalledCounter?: number; repeatJobKey?: string; data?: SweepJob }) =>
  ({ attemptsMade: 0, stalledCounter: 0, data: { kind: 'project', trigger: 'schedule' }, ...attempt }) as Job<SweepJob>;

function jobsThatFind(status: SweepStatus, { claimed = true, skipped = false, sweep = jest.fn(async () => undefined) } = {}): SweepJobs {
  const sweeps = {
    run: async () => ({ id: 'sweep-1', status }),
    shouldSkip: async () => skipped,
    waitingForParents: async () => [{ kind: 'member', sync: { queue: 'sync-slow' } }],
  } as unknown as SweepService;
  const ticks = { claim: async () => claimed } as unknown as TickClaims;
  return new SweepJobs(sweeps, ticks, new StopSignal(), { sweep } as unknown as Enqueuer);
}

describe('a sweep job that finds a running sweep of its kind', () => {
  it('completes without a sweep of its own when it is new [INV-10]', async () => {
    await expect(jobsThatFind('running').run(jobOf({}))).resolves.toEqual({ status: 'running', sweep_id: 'sweep-1' });
  });

  it.each([
    { attempt: { stalledCounter: 1 }, why: 'taken over from a dead worker' },
    { attempt: { attemptsMade: 1 }, why: 'retried' },
  ])('is retried when it was $why, because the sweep may be that of the dead worker [OPS-3]', async ({ attempt }) => {
    const error = await jobsThatFind('running')
      .run(jobOf(attempt))
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'sweep_still_running', sweepId: 'sweep-1' });
    expect(isRetryable(error)).toBe(true);
  });

  it.each<SweepStatus>(['complete', 'incomplete', 'suspect', 'refused'])('completes when its own sweep ended %s', async (status) => {
    await expect(jobsThatFind(status).run(jobOf({ stalledCounter: 1 }))).resolves.toMatchObject({ status });
  });
});

it.each([
  ['complete', [[{ queue: 'sync-slow', kind: 'member', trigger: 'first' }]]],
  ['incomplete', []],
] as const)('requests the kinds that wait for their parents only when the sweep of these is complete: %s', async (status, requests) => {
  const sweep = jest.fn(async () => undefined);
  await jobsThatFind(status, { sweep }).run(jobOf({}));
  expect(sweep.mock.calls).toEqual(requests);
});

describe('a kind with a list that the provider has just forbidden', () => {
  it.each(['schedule', 'first'] as const)('is not swept by a job with the trigger %s [INV-7]', async (trigger) => {
    const job = jobOf({ data: { kind: 'project', trigger } });
    await expect(jobsThatFind('complete', { skipped: true }).run(job)).resolves.toEqual({ status: 'not_due' });
  });

  it('is swept when an operator requests it [INV-7]', async () => {
    const job = jobOf({ data: { kind: 'project', trigger: 'manual' } });
    await expect(jobsThatFind('complete', { skipped: true }).run(job)).resolves.toMatchObject({ status: 'complete' });
  });
});

it('does not sweep a kind that only a newer release knows', async () => {
  const job = jobOf({ data: { kind: 'holodeck', trigger: 'schedule' } });
  await expect(jobsThatFind('complete').run(job)).resolves.toEqual({ status: 'not_due' });
});

describe('a tick of a schedule', () => {
  const tick = { repeatJobKey: 'sweep.project' };

  it('runs no sweep when another job has claimed it [OPS-7]', async () => {
    await expect(jobsThatFind('complete', { claimed: false }).run(jobOf(tick))).resolves.toEqual({ status: 'not_due' });
  });

  it('is not claimed a second time when its job is taken over [OPS-7]', async () => {
    await expect(jobsThatFind('complete', { claimed: false }).run(jobOf({ ...tick, stalledCounter: 1 }))).resolves.toMatchObject({
      status: 'complete',
    });
  });
});
