import type { SweepService, SweepStatus } from '#libs/inventory';
import { isRetryable } from '#libs/kernel';
import type { SweepJob, TickClaims } from '#libs/queues';
import type { Job } from 'bullmq';
import { StopSignal } from '../lifetime/stop-signal';
import { SweepJobs } from './sweep-jobs';

const jobOf = (lives: { attemptsMade?: number; stalledCounter?: number; repeatJobKey?: string; data?: SweepJob }) =>
  ({ attemptsMade: 0, stalledCounter: 0, data: { kind: 'project', trigger: 'schedule' }, ...lives }) as Job<SweepJob>;

function jobsThatFind(status: SweepStatus, { claimed = true, rests = false } = {}): SweepJobs {
  const sweeps = { run: async () => ({ id: 'sweep-1', status }), rests: async () => rests } as unknown as SweepService;
  const ticks = { claim: async () => claimed } as unknown as TickClaims;
  return new SweepJobs(sweeps, ticks, new StopSignal());
}

describe('a sweep job that finds its kind being swept', () => {
  it('is done when it is new: one sweep at a time is enough (INV-10)', async () => {
    await expect(jobsThatFind('running').run(jobOf({}))).resolves.toEqual({ status: 'running', sweep_id: 'sweep-1' });
  });

  it.each([
    { lives: { stalledCounter: 1 }, why: 'taken over from a dead worker' },
    { lives: { attemptsMade: 1 }, why: 'tried again' },
  ])('OPS-3: comes back later when it was $why: the sweep may be that of the dead worker', async ({ lives }) => {
    const error = await jobsThatFind('running')
      .run(jobOf(lives))
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'sweep_still_running', sweepId: 'sweep-1' });
    expect(isRetryable(error)).toBe(true);
  });

  it.each<SweepStatus>(['complete', 'incomplete', 'suspect', 'refused'])(
    'is done when the sweep it ran itself ended %s',
    async (status) => {
      await expect(jobsThatFind(status).run(jobOf({ stalledCounter: 1 }))).resolves.toMatchObject({ status });
    },
  );
});

describe('INV-7: a kind whose list the provider forbade a moment ago', () => {
  it.each(['schedule', 'first'] as const)('is not asked for by %s', async (trigger) => {
    const job = jobOf({ data: { kind: 'project', trigger } });
    await expect(jobsThatFind('complete', { rests: true }).run(job)).resolves.toEqual({ status: 'not_due' });
  });

  it('is asked for by a person', async () => {
    const job = jobOf({ data: { kind: 'project', trigger: 'manual' } });
    await expect(jobsThatFind('complete', { rests: true }).run(job)).resolves.toMatchObject({ status: 'complete' });
  });
});

it('leaves a kind alone that only a newer release knows', async () => {
  const job = jobOf({ data: { kind: 'holodeck', trigger: 'schedule' } });
  await expect(jobsThatFind('complete').run(job)).resolves.toEqual({ status: 'not_due' });
});

describe('a tick of a schedule', () => {
  const tick = { repeatJobKey: 'sweep.project' };

  it('OPS-7: is left alone when it was claimed by another job', async () => {
    await expect(jobsThatFind('complete', { claimed: false }).run(jobOf(tick))).resolves.toEqual({ status: 'not_due' });
  });

  it('OPS-7: is not claimed a second time when it is taken over', async () => {
    await expect(jobsThatFind('complete', { claimed: false }).run(jobOf({ ...tick, stalledCounter: 1 }))).resolves.toMatchObject({
      status: 'complete',
    });
  });
});
