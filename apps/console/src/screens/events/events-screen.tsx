import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { valueText, words } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { KindCell, KindItem, kindName } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { filtersText } from '../../shell/search';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { TEXTS } from './texts';

type Event = Schemas['EventResponse'];
type Span = keyof typeof TEXTS.spans;

const HOUR_MS = 3_600_000;
const HOURS: Readonly<Record<Exclude<Span, 'night'>, number>> = { hour: 1, day: 24, week: 168 };
const EVENING = 18;
const MORNING = 8;

/** The begin and end of a time, in the viewer's zone. The last night is from six in the evening to eight in the morning. */
function timesOf(span: Span, nowMs = Date.now()): { readonly since: string; readonly until?: string } {
  if (span !== 'night') return { since: new Date(nowMs - HOURS[span] * HOUR_MS).toISOString() };
  const evening = new Date(nowMs);
  if (evening.getHours() < EVENING) evening.setDate(evening.getDate() - 1);
  evening.setHours(EVENING, 0, 0, 0);
  const morning = new Date(evening);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(MORNING, 0, 0, 0);
  return { since: evening.toISOString(), until: morning.toISOString() };
}

const typeText = (type: string): string => words(type.replaceAll('.', ' '));
const subjectText = ({ subject: { name, type, kind, id } }: Event): string =>
  [kindName(kind ?? type), name ?? `…${id.slice(-6)}`].join(' ');

/** The provider changes them all the time, or the line says them already. */
const QUIET = new Set(['networks', 'project_id', 'volume_ids', 'snapshot_ids', 'backup_ids', 'image_id', 'cloud_project_id']);

const newOf = (change: unknown): unknown => (change !== null && typeof change === 'object' && 'new' in change ? change.new : change);

/** The changed fields with their new values, as far as one line holds them. */
function changeText({ data, subject }: Event): string {
  const changes = (data.changes ?? {}) as Readonly<Record<string, { readonly old?: unknown; readonly new?: unknown } | undefined>>;
  const shown = Object.entries(changes).filter(
    ([name, change]) => !QUIET.has(name) && !(name === 'name' && newOf(change) === subject.name),
  );
  const parts = shown.map(([name, change]) => {
    const next = newOf(change);
    return `${words(name.replace(/_id$|_slug$/, ''))} ${valueText(next)}`;
  });
  return parts.slice(0, 3).join(' · ');
}

/** A tenant knows no sweeps. */
const sourceText = (source: string, isAdmin: boolean): string =>
  (isAdmin ? undefined : TEXTS.ownSources[source]) ?? TEXTS.sources[source] ?? words(source);

function columnsFor(isAdmin: boolean): readonly Column<Event>[] {
  const { heads } = TEXTS;
  const tenant: Column<Event> = {
    id: 'tenant',
    head: heads.tenant,
    width: 108,
    wide: true,
    cell: ({ tenant_id: id }) => (id === null ? '' : <TenantName id={id} />),
  };
  return [
    { id: 'what', head: heads.what, width: 170, cell: ({ type }) => <b style={{ fontWeight: 550 }}>{typeText(type)}</b> },
    {
      id: 'on',
      head: heads.on,
      width: 300,
      cell: (event) => <KindCell kind={event.subject.kind ?? event.subject.type} name={subjectText(event)} />,
    },
    { id: 'change', head: heads.change, cell: (event) => <span className="dim">{changeText(event)}</span> },
    ...(isAdmin ? [tenant] : []),
    {
      id: 'by',
      head: heads.by,
      width: 150,
      wide: true,
      cell: ({ actor, source }) => <span className="mid">{actor ?? sourceText(source, isAdmin)}</span>,
    },
    { id: 'at', head: heads.at, width: 100, numeric: true, cell: ({ at }) => <Age at={at} /> },
  ];
}

export function EventsScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const tenants = useTenantOptions();
  const { span: spanText = 'day', ...query } = filters;
  const span: Span = spanText in TEXTS.spans ? (spanText as Span) : 'day';
  const times = useMemo(() => timesOf(span), [span]);
  const asked = { ...query, ...times };
  const list = useList<Event, Schemas['EventResponseList']>(['all-events', asked], (cursor, signal) =>
    answered(api.GET('/api/v1/events', { params: { query: { ...asked, limit: PAGE, ...(cursor && { cursor }) } as never }, signal })),
  );
  const columns = useMemo(() => columnsFor(isAdmin), [isAdmin]);
  const specs: readonly FilterSpec[] = [
    { name: 'type', label: TEXTS.filters.type },
    { name: 'kind', label: TEXTS.filters.kind },
    ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []),
    { name: 'actor', label: TEXTS.filters.actor },
  ];
  const open = ({ subject: { type, id } }: Event) => {
    if (type === 'resource') void navigate({ to: '/resources/$id', params: { id } });
    if (type === 'saga') void navigate({ to: '/sagas/$id', params: { id } });
    if (type === 'sweep' && isAdmin) void navigate({ to: '/sweeps/$id', params: { id } });
  };
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        beside={
          <div className="seg" role="group" aria-label="Time">
            {(Object.keys(TEXTS.spans) as Span[]).map((one) => (
              <button key={one} type="button" aria-pressed={one === span} onClick={() => change({ span: one })}>
                {TEXTS.spans[one]}
              </button>
            ))}
          </div>
        }
        actions={
          <a className="btn" href={`/api/v1/events.csv${filtersText(asked)}`} download>
            <IconDownload size={16} stroke={1.75} aria-hidden />
            {TEXTS.csv}
          </a>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={columns}
        rowId={({ sequence }) => String(sequence)}
        onOpen={open}
        item={(event) => (
          <KindItem
            kind={event.subject.kind ?? event.subject.type}
            name={typeText(event.type)}
            aside={
              <span className="dim sm">
                <Age at={event.at} />
              </span>
            }
          >
            <span className="dim">
              <span className="trunc">{[subjectText(event), changeText(event)].filter(Boolean).join(' · ')}</span>
            </span>
          </KindItem>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
    </Screen>
  );
}
