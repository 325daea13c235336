import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { IconCircleCheck, IconCircleX, IconHourglass, IconPlayerStop } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { Detail, PageHead } from '../../parts/page';
import { sagaTitle } from '../../parts/sagas';
import { EmptyState } from '../../parts/states';
import { Badge } from '../../parts/status';
import { Age } from '../../parts/time';
import { readOld } from '../../shell/live';
import './sagas.css';
import { JobState, jobTitle, Progress } from './job-progress';
import { TEXTS } from './texts';

type Item = Schemas['BulkItemResponse'];

const RUNNING_POLL_MS = 1_500;
const ENDED_POLL_MS = 60_000;
const { job: JOB } = TEXTS;

function Result({ item: { result } }: { readonly item: Item }) {
  if (result === 'done')
    return (
      <Badge tone="ok" icon={IconCircleCheck}>
        {JOB.results.done}
      </Badge>
    );
  if (result === 'refused')
    return (
      <Badge tone="bad" icon={IconCircleX}>
        {JOB.results.refused}
      </Badge>
    );
  return (
    <Badge tone="mute" icon={IconHourglass}>
      {JOB.results.open}
    </Badge>
  );
}

const titleOf = ({ kind, target_name }: Item): string => sagaTitle({ kind, target_name, input: {} });

const COLUMNS: readonly Column<Item>[] = [
  { id: 'nr', head: JOB.heads.nr, width: 56, numeric: true, cell: ({ nr }) => <span className="dim">{nr}</span> },
  {
    id: 'saga',
    head: JOB.heads.saga,
    width: 300,
    cell: (item) => (
      <span className="nm">
        <span className="trunc">{titleOf(item)}</span>
      </span>
    ),
  },
  { id: 'result', head: JOB.heads.result, width: 130, cell: (item) => <Result item={item} /> },
  {
    id: 'why',
    head: JOB.heads.why,
    cell: ({ detail, code }) => (
      <span className="mid" title={detail ?? undefined}>
        {detail} {code && <span className="mono dim">{code}</span>}
      </span>
    ),
  },
  { id: 'at', head: JOB.heads.at, width: 96, numeric: true, cell: ({ at }) => (at === null ? '' : <Age at={at} />) },
];

/** How far a job is, with the result for every saga, and the way to stop it. */
export function BulkJobScreen() {
  const { id } = useParams({ from: '/sagas/bulk/$id' });
  const navigate = useNavigate();
  const job = useQuery({
    queryKey: ['bulk-job', id],
    queryFn: () => answered(api.GET('/api/v1/sagas/bulk-jobs/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && state.data.data.status !== 'running' ? ENDED_POLL_MS : RUNNING_POLL_MS),
  });
  const found = job.data?.data;
  const client = useQueryClient();
  const worked = found && found.done + found.refused;
  useEffect(() => {
    if (worked !== undefined) readOld(client, ([word, of, part]) => word === 'bulk-job' && of === id && part === 'items');
  }, [client, id, worked]);
  const list = useList<Item, Schemas['BulkItemResponseList']>(
    ['bulk-job', id, 'items'],
    (cursor, signal) =>
      answered(api.GET('/api/v1/sagas/bulk-jobs/{id}/items', { params: { path: { id }, query: { limit: 200, cursor } as never }, signal })),
    { enabled: found !== undefined },
  );
  return (
    <Detail what={JOB.one} list={{ text: JOB.list, to: '/sagas/bulk' }} queries={[job]} fixed>
      {found && (
        <>
          <PageHead
            title={jobTitle(found)}
            badges={<JobState job={found} pill />}
            crumbs={[
              { text: TEXTS.title, to: '/sagas' },
              { text: JOB.list, to: '/sagas/bulk' },
              { text: found.id.slice(-8), mono: true },
            ]}
            sub={JOB.sub(found.created_by, found.reason)}
            actions={found.status === 'running' && <StopButton id={found.id} left={found.total - found.done - found.refused} />}
          />
          <ListCard
            list={list}
            label={JOB.items}
            totals={<Progress job={found} />}
            columns={COLUMNS}
            rowId={({ nr }) => String(nr)}
            onOpen={({ saga_id: saga }) => void navigate({ to: '/sagas/$id', params: { id: saga } })}
            item={(item) => (
              <div className="item">
                <span />
                <b className="trunc" style={{ fontWeight: 550 }}>
                  {titleOf(item)}
                </b>
                <span className="dim sm">{item.at && <Age at={item.at} />}</span>
                <span className="l2">
                  <Result item={item} />
                  <span className="dim trunc">{item.code}</span>
                </span>
              </div>
            )}
            empty={<EmptyState {...JOB.empty} />}
          />
        </>
      )}
    </Detail>
  );
}

function StopButton({ id, left }: { readonly id: string; readonly left: number }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const stop = async (reason: string | undefined) => {
    const answer = await answered(
      api.POST('/api/v1/sagas/bulk-jobs/{id}/stop', { params: { path: { id } }, body: { reason: reason ?? '' } }),
    );
    client.setQueryData(['bulk-job', id], answer);
  };
  return (
    <>
      <button type="button" className="btn" onClick={() => setAsking(true)}>
        <IconPlayerStop size={16} stroke={1.75} aria-hidden />
        {JOB.stop}…
      </button>
      {asking && (
        <Confirm title={JOB.stopTitle} button={JOB.stop} reason="required" confirm={stop} close={() => setAsking(false)}>
          <p className="mid">{JOB.stopText(left)}</p>
        </Confirm>
      )}
    </>
  );
}
