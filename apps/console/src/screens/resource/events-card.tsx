import { Link } from '@tanstack/react-router';
import { answered, api, type ResourceEvent, type Schemas } from '../../client/client';
import { dayHeading, exactTime, timeOfDay, valueText, words } from '../../parts/format';
import { IconCircleCheck, IconCirclePlus, IconCloudUp, IconGitCompare, IconPencil, IconTrash, IconUsers } from '../../parts/icons';
import { CutShort, OutdatedList, useList } from '../../parts/list';
import { Card } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import type { Tone } from '../../parts/status';
import { TEXTS } from './texts';

const LOOKS: Readonly<Record<string, readonly [typeof IconPencil, Tone]>> = {
  discovered: [IconCirclePlus, 'ok'],
  restored: [IconCirclePlus, 'warn'],
  updated: [IconPencil, 'info'],
  tagged: [IconPencil, 'info'],
  attributed: [IconUsers, 'info'],
  deleted: [IconTrash, 'mute'],
  drift_detected: [IconGitCompare, 'warn'],
  provider_action: [IconCloudUp, 'mute'],
};
/** Changed by the provider all the time, or said better elsewhere on the page. */
const QUIET = new Set(['networks', 'project_id', 'volume_ids', 'snapshot_ids', 'backup_ids', 'image_id']);
const PAGE = 40;

/** What happened to a resource, with who did it and what caused it. */
export function EventsCard({ id, isAdmin }: { readonly id: string; readonly isAdmin: boolean }) {
  const list = useList<ResourceEvent, Schemas['ResourceEventResponseList']>(['events', id], (cursor) =>
    answered(api.GET('/api/v1/inventory/{id}/events', { params: { path: { id }, query: { limit: PAGE, ...(cursor && { cursor }) } } })),
  );
  const { query, rows, onEnd, outdated } = list;
  return (
    <Card title={TEXTS.events.title} right={TEXTS.events.sub}>
      {query.error && !query.isFetchNextPageError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {outdated && <OutdatedList {...outdated} />}
      {query.isSuccess && rows.length === 0 && <p className="pad dim">{TEXTS.events.none}</p>}
      <ol className="tl">
        {rows.flatMap((event, index) => {
          const heading = dayHeading(event.at);
          const before = rows[index - 1];
          return [
            (!before || dayHeading(before.at) !== heading) && (
              <li key={`day-${event.id}`} className="day">
                {heading}
              </li>
            ),
            <EventLine key={event.id} event={event} isAdmin={isAdmin} />,
          ];
        })}
      </ol>
      {query.isFetchNextPageError && <CutShort error={query.error} query={query} />}
      {query.hasNextPage && !query.isFetchNextPageError && (
        <p className="pad">
          <button type="button" className="btn sml" onClick={onEnd}>
            {TEXTS.events.more}
          </button>
        </p>
      )}
    </Card>
  );
}

function EventLine({ event, isAdmin }: { readonly event: ResourceEvent; readonly isAdmin: boolean }) {
  const [Icon, tone] = LOOKS[event.type] ?? [IconCircleCheck, 'mute'];
  const sagaId = event.cause?.saga_id;
  return (
    <li>
      <time dateTime={event.at} title={exactTime(event.at)}>
        {timeOfDay(event.at)}
      </time>
      <span className="d" style={{ color: `var(--${tone}-g)` }}>
        <Icon size={16} stroke={1.75} aria-hidden />
      </span>
      <div style={{ minWidth: 0 }}>
        <p>
          <Happened event={event} />
        </p>
        <small>
          {[whoText(event, isAdmin), causeText(event), event.reason && `“${event.reason}”`].filter(Boolean).join(' · ')}
          {sagaId && (
            <>
              {' · '}
              <Link to="/sagas/$id" params={{ id: sagaId }}>
                {isAdmin ? TEXTS.events.openSaga : TEXTS.events.openRequest}
              </Link>
            </>
          )}
        </small>
      </div>
    </li>
  );
}

type Change = { readonly old?: unknown; readonly new?: unknown };

function Happened({ event }: { readonly event: ResourceEvent }) {
  const changes = event.changes as Record<string, Change>;
  if (event.type === 'provider_action') {
    const status = String(changes.status?.new);
    return `${words(String(changes.action?.new))} ${status === 'completed' ? '' : status}`.trim();
  }
  const known = TEXTS.events.types[event.type];
  if (known && event.type !== 'drift_detected') return known;
  const fields = Object.entries(changes).filter(([name]) => !QUIET.has(name));
  if (fields.length === 0) return words(event.type);
  return fields.slice(0, 4).map(([name, change], index) => (
    <span key={name}>
      {index > 0 && ' · '}
      {fieldName(name)} <ValueChange change={change} />
    </span>
  ));
}

function ValueChange({ change }: { readonly change: Change }) {
  return (
    <>
      {change.old !== null && change.old !== undefined && (
        <>
          <span className="was">{valueText(change.old)}</span> →{' '}
        </>
      )}
      <b>{valueText(change.new)}</b>
    </>
  );
}

const FIELD_NAMES: Readonly<Record<string, string>> = { size_slug: 'Size', tenant_id: 'Owner', cloud_project_id: 'Project' };
const fieldName = (name: string): string => FIELD_NAMES[name] ?? words(name);

function whoText({ source, actor }: ResourceEvent, isAdmin: boolean): string {
  if (actor) return actor;
  if (source === 'saga' && !isAdmin) return TEXTS.events.sagaTenant;
  if (source === 'sweep' && !isAdmin) return TEXTS.events.sweepTenant;
  return TEXTS.events.by[source] ?? source;
}

function causeText({ cause, type }: ResourceEvent): string | null {
  if (!cause?.action || type === 'provider_action') return null;
  return `cause: ${words(cause.action).toLowerCase()}, ${cause.ours ? TEXTS.events.ours : TEXTS.events.notOurs}`;
}
