import type { SweepService, SweepStatus } from '#libs/inventory';
import { isRetryable } from '#libs/kernel';
import type { SweepJob, TickClaims } from '#libs/queues';
import type { Job } from 'bullmq';
import { StopSignal } from './run-job';
import { SweepJobs } from './sweep-jobs';

const jobOf = (attempt: { attemptsMade?: number; stalledCounter?: number; repeatJobKey?: string; data?: SweepJob }) =>
  ({ attemptsMade: 0, stalledCounter: 0, data: { kind: 'project', trigger: 'schedule' }, ...attempt }) as Job<SweepJob>;

function jobsThatFind(status: SweepStatus, { claimed = true, skipped = false } = {}): SweepJobs {
  const sweeps = { run: async () => ({ id: 'sweep-1', status }), shouldSkip: async () => skipped } as unknown as SweepService;
  const ticks = { claim: async () => claimed } as unknown as TickClaims;
  return new SweepJobs(sweeps, ticks, new StopSignal());
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
