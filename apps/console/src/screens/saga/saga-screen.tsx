import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { answered, api, type Saga } from '../../client/client';
import { duration, moneyDelta, valueText, words } from '../../parts/format';
import { IconPlayerPause } from '../../parts/icons';
import { Detail, PageHead } from '../../parts/page';
import { isOpen, sagaTitle } from '../../parts/sagas';
import { ErrorState, Skeleton } from '../../parts/states';
import { Badge, Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { useSession } from '../../shell/session';
import { ProviderCalls } from './provider-calls';
import { SagaActions } from './saga-actions';
import { LedgerCard, Outcome, RelationsCard } from './saga-cards';
import { SagaTimeline } from './saga-timeline';
import { TEXTS } from './texts';

/** A step is no event, so an open saga is asked for. */
const OPEN_POLL_MS = 1_500;
const ENDED_POLL_MS = 30_000;

export function SagaScreen() {
  const { id } = useParams({ from: '/sagas/$id' });
  const { isAdmin } = useSession();
  const endedMs = usePollMs(ENDED_POLL_MS);
  const saga = useQuery({
    queryKey: ['saga', id],
    queryFn: () => answered(api.GET('/api/v1/sagas/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && !isMoving(state.data.data) ? endedMs : OPEN_POLL_MS),
  });
  const found = saga.data?.data;
  const timeline = useQuery({
    queryKey: ['saga-timeline', id, found?.status, found?.updated_at],
    queryFn: () => answered(api.GET('/api/v1/sagas/{id}/timeline', { params: { path: { id } } })),
    enabled: found !== undefined,
    placeholderData: (before) => (before?.data.saga_id === id ? before : undefined),
  });
  const course = timeline.data?.data;
  return (
    <Detail
      what={isAdmin ? TEXTS.one : TEXTS.oneOfTenant}
      list={{ text: isAdmin ? TEXTS.list : TEXTS.mine, to: '/sagas' }}
      queries={[saga]}
    >
      {found && (
        <>
          <PageHead
            title={sagaTitle(found)}
            badges={<Badges saga={found} />}
            crumbs={[
              { text: isAdmin ? TEXTS.list : TEXTS.mine, to: '/sagas' },
              ...(isAdmin && found.tenant_id ? [{ text: found.tenant_id }] : []),
              { text: found.id.slice(-8), mono: true },
            ]}
            actions={<SagaActions saga={found} timeline={course} />}
          />
          <SagaFacts saga={found} />
          <div className={isAdmin ? 'sg' : ''}>
            <div className="grid">
              {timeline.error && <ErrorState error={timeline.error} retry={() => void timeline.refetch()} />}
              {timeline.isPending && <Skeleton />}
              {course && <SagaTimeline saga={found} timeline={course} />}
              <Outcome saga={found} />
              <LedgerCard saga={found} timeline={course} />
            </div>
            {course && (
              <div className="grid">
                {isAdmin && <ProviderCalls timeline={course} />}
                <RelationsCard timeline={course} />
              </div>
            )}
          </div>
        </>
      )}
    </Detail>
  );
}

/** A paused saga, and one that waits for a decision, do nothing by themselves. */
const isMoving = (saga: Saga): boolean => isOpen(saga) && saga.paused_at === null && saga.status !== 'awaiting_approval';

function Badges({ saga }: { readonly saga: Saga }) {
  return (
    <>
      <Status of="saga" value={saga.status} pill />
      {saga.paused_at !== null && (
        <Badge tone="wait" icon={IconPlayerPause} pill>
          {TEXTS.pausedWord}
        </Badge>
      )}
    </>
  );
}

/** The fields that a person chose, as one line; ids of resources are named elsewhere. */
function changeText({ input }: Saga): string {
  const chosen = Object.entries(input).filter(([name]) => !/_ids?$|^(expected_)?name$|^user_data$/.test(name));
  return chosen
    .map(([name, value]) =>
      typeof value === 'boolean' || typeof value === 'number' ? `${words(name)} ${valueText(value)}` : valueText(value),
    )
    .filter((text) => text !== 'none')
    .join(' · ');
}

function SagaFacts({ saga }: { readonly saga: Saga }) {
  const tries = saga.steps.reduce((sum, step) => sum + step.attempts + step.compensation_attempts, 0);
  const delta = saga.cost?.delta_monthly ?? null;
  const change = changeText(saga);
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [
      TEXTS.facts.change,
      change && (
        <span className="chg" title={change}>
          {change}
        </span>
      ),
    ],
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
    [TEXTS.facts.tries, tries === 0 ? '' : String(tries)],
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
