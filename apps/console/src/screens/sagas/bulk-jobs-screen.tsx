import { useNavigate } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { count } from '../../parts/format';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { JobState, jobTitle, type Job } from './job-progress';
import { TEXTS } from './texts';

const { job: JOB, jobs: WORDS } = TEXTS;
/** The result of a saga is no event, so the list is asked for while a job runs. */
const POLL_MS = 3_000;

const numberOf = (id: 'done' | 'refused', head: string): Column<Job> => ({
  id,
  head,
  width: 84,
  numeric: true,
  cell: (job) => (job[id] === 0 ? <span className="dim">0</span> : count(job[id])),
});

const COLUMNS: readonly Column<Job>[] = [
  { id: 'what', head: WORDS.heads.what, width: 220, cell: (job) => <span className="nm">{jobTitle(job)}</span> },
  { id: 'state', head: WORDS.heads.state, width: 110, cell: (job) => <JobState job={job} /> },
  numberOf('done', JOB.results.done),
  numberOf('refused', JOB.results.refused),
  { id: 'left', head: WORDS.heads.left, width: 84, numeric: true, cell: ({ total, done, refused }) => count(total - done - refused) },
  {
    id: 'reason',
    head: WORDS.heads.reason,
    cell: ({ reason }) => (
      <span className="mid" title={reason}>
        {reason}
      </span>
    ),
  },
  { id: 'by', head: WORDS.heads.by, width: 130, wide: true, cell: ({ created_by: by }) => by },
  { id: 'at', head: WORDS.heads.at, width: 100, numeric: true, cell: ({ created_at: at }) => <Age at={at} /> },
];

/** The bulk jobs, the newest first, and how far each is. */
export function BulkJobsScreen() {
  const navigate = useNavigate();
  const list = useList<Job, Schemas['BulkJobResponseList']>(
    ['bulk-job', 'list'],
    (cursor, signal) =>
      answered(api.GET('/api/v1/sagas/bulk-jobs', { params: { query: { limit: PAGE, ...(cursor && { cursor }) } }, signal })),
    { pollMs: POLL_MS, isBusy: ({ status }) => status === 'running' },
  );
  return (
    <Screen fixed>
      <PageHead title={JOB.list} sub={WORDS.sub} crumbs={[{ text: TEXTS.title, to: '/sagas' }, { text: JOB.list }]} />
      <ListCard
        list={list}
        label={JOB.list}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/sagas/bulk/$id', params: { id } })}
        item={(job) => (
          <div className="item">
            <span />
            <b style={{ fontWeight: 550 }}>{jobTitle(job)}</b>
            <span className="dim sm">
              <Age at={job.created_at} />
            </span>
            <span className="l2">
              <JobState job={job} />
              <span className="dim trunc">{job.reason}</span>
            </span>
          </div>
        )}
        empty={<EmptyState {...WORDS.empty} />}
      />
    </Screen>
  );
}
