import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answered, api } from '../../client/client';
import { words } from '../../parts/format';
import { Card } from '../../parts/page';
import { sagaTitle } from '../../parts/sagas';
import { ErrorState } from '../../parts/states';
import { Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { TEXTS } from './texts';

const POLL_MS = 30_000;
const SHOWN_EVENTS = 6;
const SHOWN_REQUESTS = 5;

/** The latest requests of the tenant. */
export function RequestsCard() {
  const sagas = useQuery({
    queryKey: ['sagas', 'latest'],
    queryFn: () => answered(api.GET('/api/v1/sagas', { params: { query: { limit: SHOWN_REQUESTS } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const found = sagas.data?.data ?? [];
  return (
    <Card title={TEXTS.requests} right={found.length > 0 && <Link to="/sagas">{TEXTS.allRequests}</Link>} pad>
      {sagas.error && <ErrorState error={sagas.error} retry={() => void sagas.refetch()} />}
      {sagas.isSuccess && found.length === 0 && <p className="mid">{TEXTS.noRequests}</p>}
      <ul className="lines">
        {found.map((saga) => (
          <li key={saga.id}>
            <Link className="trunc" to="/sagas/$id" params={{ id: saga.id }}>
              {sagaTitle(saga)}
            </Link>
            <span style={{ display: 'inline-flex', gap: 8 }}>
              <Status of="saga" value={saga.status} />
              <span className="dim sm">
                <Age at={saga.created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The latest events of the tenant. */
export function HappenedCard() {
  const events = useQuery({
    queryKey: ['events', 'home'],
    queryFn: () => answered(api.GET('/api/v1/events', { params: { query: { limit: SHOWN_EVENTS } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const found = events.data?.data ?? [];
  return (
    <Card
      title={TEXTS.happened}
      right={
        <Link to="/events" search={{ span: 'week' }}>
          {TEXTS.allEvents}
        </Link>
      }
      pad
    >
      {events.error && <ErrorState error={events.error} retry={() => void events.refetch()} />}
      {events.isSuccess && found.length === 0 && <p className="mid">{TEXTS.noEvents}</p>}
      <ul className="lines">
        {found.map((event) => (
          <li key={event.id}>
            <span className="trunc">
              {words(event.type.replaceAll('.', ' '))} <span className="dim">{event.subject.name ?? ''}</span>
            </span>
            <span className="dim sm">
              <Age at={event.at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
