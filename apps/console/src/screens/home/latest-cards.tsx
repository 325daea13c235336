import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { PdfLink } from '../../parts/csv';
import { calendarDay, moneyIn, monthText, words } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { Card } from '../../parts/page';
import { sagaTitle } from '../../parts/sagas';
import { ErrorState } from '../../parts/states';
import { Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { PaymentStatus } from '../invoices/invoice-states';
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

/** The last issued invoice: how much, whether it is paid, and its document. */
export function InvoiceCard() {
  const invoices = useQuery({
    queryKey: ['invoices', 'home'],
    queryFn: () => answered(api.GET('/api/v1/tenant-invoices', { params: { query: { status: 'issued', sort: '-created', limit: 1 } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const last = invoices.data?.data[0];
  const { invoice: WORDS } = TEXTS;
  return (
    <Card title={WORDS.title} right={<Link to="/invoices">{WORDS.all}</Link>} pad>
      {invoices.error && <ErrorState error={invoices.error} retry={() => void invoices.refetch()} />}
      {invoices.isSuccess && !last && <p className="mid">{WORDS.none}</p>}
      {last && (
        <>
          <p className="last-invoice">
            <b className="tn">{moneyIn(last.total, last.currency)}</b>
            <PaymentStatus invoice={last} pill />
          </p>
          <p className="dim sm">
            <Link to="/invoices/$id" params={{ id: last.id }}>
              {last.number}
            </Link>{' '}
            {last.period && WORDS.of(monthText(last.period))}
            {last.due_on && Number(last.due) > 0 && ` · ${WORDS.left(moneyIn(last.due, last.currency), calendarDay(last.due_on))}`}
          </p>
          <p style={{ marginTop: 8 }}>
            <PdfLink className="btn sml" href={`/api/v1/tenant-invoices/${last.id}/document.pdf`} name={`${last.number}.pdf`}>
              <IconDownload size={14} stroke={1.75} aria-hidden />
              {WORDS.pdf}
            </PdfLink>
          </p>
        </>
      )}
    </Card>
  );
}

/** "acme-web-01 changed": what it happened to, as a way there, and what happened. */
function Happened({ event: { type, subject } }: { readonly event: Schemas['EventResponse'] }) {
  const text = TEXTS.events.get(type);
  const isSaga = subject.type === 'saga' && subject.kind !== null;
  const name = isSaga ? sagaTitle({ kind: subject.kind ?? '', target_name: subject.name, input: {} }) : subject.name;
  const to = subject.type === 'resource' ? `/resources/${subject.id}` : subject.type === 'saga' ? `/sagas/${subject.id}` : null;
  if (!text || !name) {
    return (
      <span className="trunc">
        {words(type.replaceAll('.', ' '))} <span className="dim">{name ?? ''}</span>
      </span>
    );
  }
  return (
    <span className="trunc">
      {to ? (
        <Link to={to} className="ink">
          {name}
        </Link>
      ) : (
        name
      )}{' '}
      <span className="dim">{text}</span>
    </span>
  );
}

/** The latest events of the tenant, the newest first. */
export function HappenedCard() {
  const events = useQuery({
    queryKey: ['events', 'home'],
    queryFn: () => answered(api.GET('/api/v1/events', { params: { query: { sort: '-sequence', limit: SHOWN_EVENTS } } })),
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
            <Happened event={event} />
            <span className="dim sm">
              <Age at={event.at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
