import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Saga } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { duration, moneyDelta, valueText, words } from '../../parts/format';
import { IconRefresh } from '../../parts/icons';
import { Card, PageHead, Screen } from '../../parts/page';
import { isOpen, sagaTitle } from '../../parts/sagas';
import { ErrorState, Note, ProblemCode, Skeleton } from '../../parts/states';
import { Status, type Tone } from '../../parts/status';
import { Age } from '../../parts/time';
import { useSession } from '../../shell/session';
import { SagaTimeline } from './saga-timeline';
import { TEXTS } from './texts';

const OPEN_POLL_MS = 1_500;
const ENDED_POLL_MS = 30_000;
type Deed = 'cancel' | 'retry' | 'release' | 'approve' | 'reject';
type Asked = Exclude<Deed, 'retry'>;

export function SagaScreen() {
  const { id } = useParams({ from: '/sagas/$id' });
  const { isAdmin } = useSession();
  const saga = useQuery({
    queryKey: ['saga', id],
    queryFn: () => answered(api.GET('/api/v1/sagas/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && !isOpen(state.data.data) ? ENDED_POLL_MS : OPEN_POLL_MS),
  });
  const found = saga.data?.data;
  return (
    <Screen>
      {saga.error && <ErrorState error={saga.error} retry={() => void saga.refetch()} />}
      {saga.isPending && <Skeleton />}
      {found && (
        <>
          <PageHead
            title={sagaTitle(found)}
            badges={<Status of="saga" value={found.status} pill />}
            crumbs={[
              { text: isAdmin ? TEXTS.list : TEXTS.mine, to: '/sagas' },
              ...(isAdmin && found.tenant_id ? [{ text: found.tenant_id }] : []),
              { text: found.id.slice(-8), mono: true },
            ]}
            actions={<SagaActions saga={found} isAdmin={isAdmin} />}
          />
          <SagaFacts saga={found} />
          <div className="grid">
            <SagaTimeline saga={found} />
            <Outcome saga={found} />
          </div>
        </>
      )}
    </Screen>
  );
}

const CANCELLABLE = new Set(['pending', 'running', 'awaiting_approval']);
const RETRYABLE = new Set(['failed', 'compensation_failed']);

function SagaActions({ saga, isAdmin }: { readonly saga: Saga; readonly isAdmin: boolean }) {
  const { session } = useSession();
  const [asking, setAsking] = useState<Asked | null>(null);
  const client = useQueryClient();
  const deed = useMutation({
    mutationFn: ({ verb, reason }: { verb: Deed; reason?: string | undefined }) => {
      const params = { path: { id: saga.id } };
      if (verb === 'cancel') return answered(api.POST('/api/v1/sagas/{id}/cancel', { params, body: { reason } }));
      if (verb === 'retry') return answered(api.POST('/api/v1/sagas/{id}/retry', { params, body: { reason } }));
      if (verb === 'approve') return answered(api.POST('/api/v1/sagas/{id}/approve', { params, body: { reason } }));
      if (verb === 'reject') return answered(api.POST('/api/v1/sagas/{id}/reject', { params, body: { reason: reason ?? '' } }));
      return answered(api.POST('/api/v1/sagas/{id}/release', { params, body: { reason: reason ?? '' } }));
    },
    onSuccess: (answer) => client.setQueryData(['saga', saga.id], answer),
  });
  const isMine = isAdmin || saga.created_by !== 'operator';
  return (
    <>
      <a className="btn quiet" href={`/api/v1/sagas/${saga.id}`} target="_blank" rel="noreferrer">
        {'{ }'} {TEXTS.json}
      </a>
      {isMine && CANCELLABLE.has(saga.status) && !saga.cancel_requested && (
        <button type="button" className="btn" onClick={() => setAsking('cancel')}>
          {TEXTS.cancel}
        </button>
      )}
      {isAdmin && RETRYABLE.has(saga.status) && (
        <button type="button" className="btn" onClick={() => setAsking('release')}>
          {TEXTS.release}
        </button>
      )}
      {isMine && RETRYABLE.has(saga.status) && (
        <button type="button" className="btn pri" disabled={deed.isPending} onClick={() => deed.mutate({ verb: 'retry' })}>
          <IconRefresh size={16} stroke={1.75} aria-hidden />
          {TEXTS.retry}
        </button>
      )}
      {isAdmin && saga.status === 'awaiting_approval' && saga.created_by !== session.sub && (
        <>
          <button type="button" className="btn" onClick={() => setAsking('reject')}>
            {TEXTS.reject}
          </button>
          <button type="button" className="btn pri" onClick={() => setAsking('approve')}>
            {TEXTS.approve}
          </button>
        </>
      )}
      {deed.error && <ProblemCode error={deed.error} />}
      {asking && (
        <Confirm
          title={TEXTS.dialog[asking].title}
          button={TEXTS.dialog[asking].button}
          reason={asking === 'release' || asking === 'reject' ? 'required' : 'optional'}
          confirm={(reason) => deed.mutateAsync({ verb: asking, reason })}
          close={() => setAsking(null)}
        >
          <p>{TEXTS.dialog[asking].text}</p>
        </Confirm>
      )}
    </>
  );
}

/** The fields that a person chose, as one line; ids of resources are named elsewhere. */
function changeText({ input }: Saga): string {
  const chosen = Object.entries(input).filter(([name]) => !['resource_id', 'project_id', 'name', 'user_data'].includes(name));
  return chosen
    .map(([name, value]) =>
      typeof value === 'boolean' || typeof value === 'number' ? `${words(name)} ${valueText(value)}` : valueText(value),
    )
    .filter((text) => text !== 'none')
    .join(' · ');
}

function SagaFacts({ saga }: { readonly saga: Saga }) {
  const retries = saga.steps.reduce((sum, step) => sum + Math.max(0, step.attempts - 1) + Math.max(0, step.compensation_attempts - 1), 0);
  const delta = saga.cost?.delta_monthly ?? null;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [TEXTS.facts.change, changeText(saga)],
    [TEXTS.facts.cost, delta === null ? '' : TEXTS.monthly(moneyDelta(delta))],
    [
      TEXTS.facts.resource,
      saga.resource_id ? (
        <Link to="/resources/$id" params={{ id: saga.resource_id }}>
          {saga.target_name ?? 'the resource'}
        </Link>
      ) : (
        saga.target_name
      ),
    ],
    [TEXTS.facts.by, saga.created_by],
    [TEXTS.facts.reason, saga.reason ? `“${saga.reason}”` : <span className="dim">{TEXTS.noReason}</span>],
    [TEXTS.facts.started, <Age key="started" at={saga.created_at} suffix=" ago" />],
    [TEXTS.facts.took, saga.duration_ms === null ? '' : duration(saga.duration_ms)],
    [TEXTS.facts.retries, retries === 0 ? '' : String(retries)],
  ];
  return (
    <section className="card" aria-label="Facts" style={{ marginBottom: 16 }}>
      <dl className="facts" style={{ marginBottom: 0 }}>
        {facts
          .filter(([, value]) => value !== '' && value !== null)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

const TONES: Readonly<Record<string, Tone>> = {
  failed: 'bad',
  compensation_failed: 'bad',
  completed: 'ok',
  compensating: 'warn',
  awaiting_approval: 'wait',
};

/** One note in plain words: what state the thing is in, and what to do. */
function Outcome({ saga }: { readonly saga: Saga }) {
  const { error } = saga;
  return (
    <>
      <Note tone={TONES[saga.status] ?? 'mute'}>
        {TEXTS.state[saga.status]}
        {error && (
          <>
            {' '}
            {error.step && <b>{TEXTS.stoppedAt(words(error.step))}</b>} {error.detail} <span className="mono dim">{error.code}</span>
          </>
        )}
      </Note>
      {saga.leftovers.length > 0 && (
        <Card title={TEXTS.leftovers} pad>
          <ul className="grid" style={{ gap: 6 }}>
            {saga.leftovers.map((leftover) => (
              <li key={leftover.step}>
                <b className="b">{words(leftover.step)}</b> {leftover.error.detail} <span className="mono dim">{leftover.error.code}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}
