import { useMemo, useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { Dialog } from '../../parts/dialog';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { exactTime, words } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { Facts, PageHead, Screen } from '../../parts/page';
import { Copyable, EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { filtersText, type Filters } from '../../shell/search';
import { ChainCheck } from './chain-check';
import { TEXTS } from './texts';

type Entry = Schemas['AuditEntryResponse'];

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** The name of what was changed; without one the end of its id, which the entry has whole. */
const targetText = ({ target_name: name, target_type: type, target_id: id }: Entry): string =>
  `${words(type)} ${name ?? (UUID.test(id) ? `…${id.slice(-6)}` : id)}`;

const COLUMNS: readonly Column<Entry>[] = [
  { id: 'what', head: TEXTS.heads.what, width: 210, cell: ({ action }) => <b style={{ fontWeight: 550 }}>{words(action)}</b> },
  { id: 'on', head: TEXTS.heads.on, cell: (entry) => <span className="mid">{targetText(entry)}</span> },
  { id: 'by', head: TEXTS.heads.by, width: 150, cell: ({ actor }) => actor },
  {
    id: 'tenant',
    head: TEXTS.heads.tenant,
    width: 120,
    wide: true,
    cell: ({ actor_tenant_id: id }) => (id === null ? '' : <TenantName id={id} />),
  },
  { id: 'reason', head: TEXTS.heads.reason, width: 260, wide: true, cell: ({ reason }) => <span className="dim">{reason ?? ''}</span> },
  { id: 'at', head: TEXTS.heads.at, width: 100, numeric: true, cell: ({ at }) => <Age at={at} /> },
];

const DAY_MS = 86_400_000;
const DAYS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30 };

/** The filters as the API has them: a span ends now, and begins where it was chosen. */
function useAsked({ span, ...filters }: Filters): Filters {
  const days = DAYS[span ?? ''];
  const since = useMemo(() => (days === undefined ? undefined : new Date(Date.now() - days * DAY_MS).toISOString()), [days]);
  return filters.since || filters.until || since === undefined ? filters : { ...filters, since };
}

export function AuditScreen() {
  const { filters, change } = useFilters();
  const [open, setOpen] = useState<Entry | null>(null);
  const asked = useAsked(filters);
  const list = useList<Entry, Schemas['AuditEntryResponseList']>(['audit', asked], (cursor, signal) =>
    answered(api.GET('/api/v1/audit', { params: { query: { ...asked, limit: 100, cursor } as never }, signal })),
  );
  const specs: readonly FilterSpec[] = [
    { name: 'actor', label: TEXTS.filters.actor },
    { name: 'action', label: TEXTS.filters.action },
    { name: 'target_type', label: TEXTS.filters.target_type },
    { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: useTenantOptions() },
    { name: 'request_id', label: TEXTS.filters.request_id },
    { name: 'since', label: TEXTS.filters.since, isTime: 'past' },
    { name: 'until', label: TEXTS.filters.until, isTime: true },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        beside={<Spans filters={filters} change={change} />}
        actions={
          <>
            <ChainCheck />
            <a className="btn" href={`/api/v1/audit.csv${filtersText(asked)}`} download>
              <IconDownload size={16} stroke={1.75} aria-hidden />
              {TEXTS.csv}
            </a>
          </>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={setOpen}
        item={(entry) => (
          <div className="item">
            <span />
            <b className="trunc" style={{ fontWeight: 550 }}>
              {words(entry.action)}
            </b>
            <span className="dim sm">
              <Age at={entry.at} />
            </span>
            <span className="l2 dim">
              <span className="trunc">{[entry.actor, targetText(entry)].join(' · ')}</span>
            </span>
          </div>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
      {open && <EntryDialog entry={open} close={() => setOpen(null)} />}
    </Screen>
  );
}

interface SpansProps {
  readonly filters: Filters;
  readonly change: (next: Filters) => void;
}

/** The latest day, week or month with one press. Any other time is a filter. */
function Spans({ filters: { span, since, until }, change }: SpansProps) {
  const chosen = since || until ? 'other' : (span ?? 'all');
  return (
    <div className="seg" role="group" aria-label={TEXTS.time}>
      {(['all', ...Object.keys(DAYS)] as (keyof typeof TEXTS.spans)[]).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === chosen}
          onClick={() => change({ span: one === 'all' ? undefined : one, since: undefined, until: undefined })}
        >
          {TEXTS.spans[one]}
        </button>
      ))}
    </div>
  );
}

function EntryDialog({ entry, close }: { readonly entry: Entry; readonly close: () => void }) {
  return (
    <Dialog title={words(entry.action)} close={close}>
      <Facts
        rows={[
          [TEXTS.heads.on, `${words(entry.target_type)} ${entry.target_name ?? entry.target_id}`],
          [TEXTS.id, <Copyable key="id" text={entry.target_id} />],
          [TEXTS.heads.by, entry.actor],
          [TEXTS.heads.tenant, entry.actor_tenant_id],
          [TEXTS.heads.reason, entry.reason],
          [TEXTS.heads.at, exactTime(entry.at)],
          [TEXTS.heads.request, entry.request_id && <Copyable key="request" text={entry.request_id} />],
          ...Object.entries(entry.details ?? {}).map(
            ([name, value]) =>
              [
                words(name),
                <span key={name} className="mono">
                  {JSON.stringify(value)}
                </span>,
              ] as const,
          ),
        ]}
      />
    </Dialog>
  );
}
