import { duration } from '../../parts/format';

/** Every text of a saga's page. */
export const TEXTS = {
  list: 'Sagas',
  mine: 'My requests',
  retry: 'Retry',
  cancel: 'Cancel…',
  release: 'Release what it holds…',
  json: 'JSON',
  facts: {
    change: 'Change',
    by: 'Asked by',
    reason: 'Reason',
    resource: 'Works on',
    started: 'Started',
    took: 'Took',
    attempts: 'Attempts',
  },
  noReason: 'no reason given',
  timeline: 'Steps',
  span: (from: string, to: string, ms: number) => `${from} to ${to} · ${duration(ms)}`,
  undoBegan: 'Undo began',
  undoOf: (step: string) => `undo of ${step}`,
  attempts: (n: number) => (n === 1 ? 'one attempt' : `${n} attempts`),
  legend: { worked: 'step worked', failed: 'step failed', waits: 'running or waiting', undone: 'undone' },
  state: {
    awaiting_approval: 'Somebody other than the one who asked decides. Until then nothing is done.',
    pending: 'It waits for a worker.',
    running: 'It works by itself to its end; this page follows.',
    compensating: 'Completed steps are being undone, last first.',
    completed: 'All steps are done.',
    rolled_back: 'Everything that had been done is undone.',
    failed: 'It stopped after a step from which nothing is undone. Retry continues at the failed step.',
    compensation_failed: 'Something could not be undone. Retry tries again; release lets other sagas use the resource.',
    rejected: 'The request was rejected. Nothing was done.',
  } as Readonly<Record<string, string>>,
  stoppedAt: (step: string) => `It stopped at “${step}”:`,
  leftovers: 'Left behind',
  dialog: {
    cancel: {
      title: 'Cancel this saga?',
      text: 'It stops at the next step, and every completed step is undone.',
      button: 'Cancel and undo',
    },
    release: {
      title: 'Release what this saga holds?',
      text: 'Other sagas may then change the resource, which may be half finished.',
      button: 'Release',
    },
  },
};
