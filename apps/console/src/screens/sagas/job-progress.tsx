import type { Schemas } from '../../client/client';
import { count, duration, words } from '../../parts/format';
import { IconCircleCheck, IconLoader2, IconPlayerStop } from '../../parts/icons';
import { Badge } from '../../parts/status';
import './sagas.css';
import { TEXTS } from './texts';

export type Job = Schemas['BulkJobResponse'];

const { job: JOB } = TEXTS;

const LOOKS = {
  running: ['info', IconLoader2],
  finished: ['ok', IconCircleCheck],
  stopped: ['mute', IconPlayerStop],
} as const;

/** "Retry: 20 sagas". */
export const jobTitle = ({ verb, total }: Job): string =>
  JOB.title((TEXTS.bulk.verbs as Readonly<Record<string, string>>)[verb] ?? words(verb), total);

export function JobState({ job: { status }, pill = false }: { readonly job: Job; readonly pill?: boolean }) {
  const [tone, icon] = LOOKS[status];
  return (
    <Badge tone={tone} icon={icon} pill={pill} spins={status === 'running'}>
      {JOB.states[status]}
    </Badge>
  );
}

/** How much of the job is done, as a bar and in numbers. */
export function Progress({ job }: { readonly job: Job }) {
  const { total, done, refused, rate_per_minute: rate, status } = job;
  const left = total - done - refused;
  const share = (n: number) => `${total === 0 ? 0 : (n / total) * 100}%`;
  return (
    <div className="job" style={{ flex: 1 }}>
      <div className="progress" role="img" aria-label={JOB.progress(done, refused, left)}>
        <i style={{ width: share(done) }} />
        <i className="bad" style={{ width: share(refused) }} />
      </div>
      <div className="job-facts" role="status">
        <span>
          <b>{count(done)}</b> {JOB.results.done.toLowerCase()}
        </span>
        <span>
          <b>{count(refused)}</b> {JOB.results.refused.toLowerCase()}
        </span>
        <span>
          <b>{count(left)}</b> {status === 'stopped' ? JOB.leftOut : JOB.results.open.toLowerCase()}
        </span>
        <span className="dim">
          {JOB.rate(count(rate))}
          {status === 'running' && left > 0 && ` · ${JOB.remaining(duration((left / rate) * 60_000))}`}
        </span>
      </div>
    </div>
  );
}
