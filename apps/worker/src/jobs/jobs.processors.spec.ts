import { DetectionRunningError, type DriftDetectionService, type DetectionReport } from '#libs/drift';
import type { TickClaims } from '#libs/queues';
import { DriftJobs } from './jobs.processors';

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
