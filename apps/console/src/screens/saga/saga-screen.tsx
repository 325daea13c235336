import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
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
type Action = Saga['actions'][number];
/** The verbs with a button, in the order of the buttons. What needs more than a reason is left to the command line. */
const BUTTONS = ['cancel', 'release', 'skip', 'retry-step', 'pause', 'resume', 'reject', 'redrive', 'retry', 'approve'] as const;
type Deed = (typeof BUTTONS)[number];
type Asked = Exclude<Deed, 'retry'>;
const PRIMARY: readonly Deed[] = ['retry', 'approve', 'resume'];
const WITHOUT_REASON: readonly Deed[] = ['cancel', 'approve'];

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
            actions={<SagaActions saga={found} />}
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

/** A second pause, a resume of a saga that is not paused, and a second cancel are allowed and do nothing: they get no button. */
function isUseful(saga: Saga, verb: Deed): boolean {
  if (verb === 'cancel') return !saga.cancel_requested && saga.status !== 'compensating';
  if (verb === 'pause') return saga.paused_at === null;
  return verb !== 'resume' || saga.paused_at !== null;
}

function SagaActions({ saga }: { readonly saga: Saga }) {
  const [asking, setAsking] = useState<Asked | null>(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  const deed = useMutation({
    mutationFn: ({ verb, reason = '' }: { verb: Deed; reason?: string | undefined }) => {
      const params = { path: { id: saga.id } };
      const body = { reason, expected_version: saga.version };
      if (verb === 'cancel') return answered(api.POST('/api/v1/sagas/{id}/cancel', { params, body: { reason } }));
      if (verb === 'retry') return answered(api.POST('/api/v1/sagas/{id}/retry', { params, body: { reason } }));
      if (verb === 'approve') return answered(api.POST('/api/v1/sagas/{id}/approve', { params, body: { reason } }));
      if (verb === 'reject') return answered(api.POST('/api/v1/sagas/{id}/reject', { params, body: { reason } }));
      return answered(api.POST(`/api/v1/sagas/{id}/${verb}`, { params, body }));
    },
    onSuccess: (answer, { verb }) => {
      if (verb === 'redrive') void navigate({ to: '/sagas/$id', params: { id: answer.data.id } });
      else client.setQueryData(['saga', saga.id], answer);
    },
  });
  const verbs = BUTTONS.filter((verb) => (saga.actions as readonly Action[]).includes(verb) && isUseful(saga, verb));
  return (
    <>
      <a className="btn quiet" href={`/api/v1/sagas/${saga.id}`} target="_blank" rel="noreferrer">
        {'{ }'} {TEXTS.json}
      </a>
      {verbs.map((verb) => (
        <button
          key={verb}
          type="button"
          className={PRIMARY.includes(verb) ? 'btn pri' : 'btn'}
          disabled={deed.isPending}
          onClick={() => (verb === 'retry' ? deed.mutate({ verb }) : setAsking(verb))}
        >
          {verb === 'retry' && <IconRefresh size={16} stroke={1.75} aria-hidden />}
          {TEXTS.verbs[verb]}
        </button>
      ))}
      {deed.error && <ProblemCode error={deed.error} />}
      {asking && (
        <Confirm
          title={TEXTS.dialog[asking].title}
          button={TEXTS.dialog[asking].button}
          reason={WITHOUT_REASON.includes(asking) ? 'optional' : 'required'}
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
      <Note tone={saga.paused_at ? 'wait' : (TONES[saga.status] ?? 'mute')}>
        {saga.paused_at ? TEXTS.paused(saga.paused_by ?? '', saga.pause_reason) : TEXTS.state[saga.status]}
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
