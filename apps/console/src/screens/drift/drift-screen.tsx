import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { answered, api, type Drift, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { count, countRead, fieldName, moneyDelta, plainMoney, valueText, words } from '../../parts/format';
import { IconAlertTriangle, IconInfoCircle, IconRefresh } from '../../parts/icons';
import { KindCell, KindItem } from '../../parts/kinds';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, ProblemCode } from '../../parts/states';
import { Badge, type Tone } from '../../parts/status';
import { Age } from '../../parts/time';
import { TenantName, useDriftSummary, useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import { causeText, driftName, DriftPanel } from './drift-panel';
import { DriftPlaces } from './drift-rules-screen';
import { TEXTS } from './texts';

const SEVERITIES: Readonly<Record<string, Tone>> = { critical: 'bad', high: 'warn', medium: 'info', low: 'mute' };

export function Severity({ value }: { readonly value: string }) {
  const tone = SEVERITIES[value] ?? 'mute';
  return (
    <Badge tone={tone} icon={tone === 'bad' || tone === 'warn' ? IconAlertTriangle : IconInfoCircle}>
      {words(value)}
    </Badge>
  );
}

const COLUMNS: readonly Column<Drift>[] = [
  {
    id: 'resource',
    head: TEXTS.heads.resource,
    cell: (drift) => <KindCell kind={drift.kind} name={driftName(drift)} />,
  },
  { id: 'field', head: TEXTS.heads.field, width: 96, cell: ({ field }) => fieldName(field) },
  { id: 'ordered', head: TEXTS.heads.ordered, width: 150, cell: ({ expected }) => <span className="mid">{valueText(expected)}</span> },
  { id: 'actual', head: TEXTS.heads.actual, width: 150, cell: ({ actual }) => <b style={{ fontWeight: 550 }}>{valueText(actual)}</b> },
  {
    id: 'delta',
    head: TEXTS.heads.delta,
    width: 96,
    numeric: true,
    cell: ({ monthly_price_delta: delta }) =>
      delta === null || Number(delta) === 0 ? <span className="dim">{TEXTS.free}</span> : signed(delta),
  },
  { id: 'severity', head: TEXTS.heads.severity, width: 100, wide: true, cell: ({ severity }) => <Severity value={severity} /> },
  {
    id: 'tenant',
    head: TEXTS.heads.tenant,
    width: 120,
    wide: true,
    cell: ({ tenant_id: id }) => (id === null ? '' : <TenantName id={id} />),
  },
  { id: 'cause', head: TEXTS.heads.cause, width: 170, wide: true, cell: (drift) => <span className="dim">{causeText(drift)}</span> },
  { id: 'since', head: TEXTS.heads.since, width: 90, numeric: true, cell: ({ cause, detected_at: at }) => <Age at={cause?.at ?? at} /> },
];

const signed = (decimal: string): string => `${Number(decimal) > 0 ? '+' : ''}${plainMoney(decimal)}`;

const VIEWS = [
  { text: TEXTS.views.open, set: { status: undefined, ignored: undefined } },
  { text: TEXTS.views.ignored, set: { status: undefined, ignored: 'true' } },
  { text: TEXTS.views.accepted, set: { status: 'accepted', ignored: undefined } },
  { text: TEXTS.views.reverted, set: { status: 'reverted', ignored: undefined } },
];

export function DriftScreen() {
  const { filters, change } = useFilters();
  const client = useQueryClient();
  const { open, cause, ...query } = filters;
  const list = useList<Drift, Schemas['DriftListResponse']>(['drift', query], (cursor, signal) =>
    answered(api.GET('/api/v1/drift', { params: { query: { ...query, limit: 100, cursor } as never }, signal })),
  );
  const summary = useDriftSummary().data?.data;
  const detect = useMutation({
    mutationFn: () => answered(api.POST('/api/v1/drift/detect', { body: {} })),
    onSuccess: () => renew(client, 'drift'),
  });
  const chosen = useChosen(open, list.rows);
  const specs = useDriftFilters();
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        places={<DriftPlaces />}
        beside={
          <div className="seg" role="group" aria-label="Views">
            {VIEWS.map(({ text, set }) => (
              <button
                key={text}
                type="button"
                aria-pressed={filters.status === set.status && filters.ignored === set.ignored}
                onClick={() => change({ ...set, open: undefined, cause: undefined })}
              >
                {text}
              </button>
            ))}
          </div>
        }
        actions={
          <button type="button" className="btn" aria-keyshortcuts="r" disabled={detect.isPending} onClick={() => detect.mutate()}>
            <IconRefresh size={16} stroke={1.75} aria-hidden />
            {TEXTS.detect}
          </button>
        }
      />
      <FilterChips specs={specs} />
      {detect.error && <ProblemCode error={detect.error} />}
      {chosen.error && <ErrorState error={chosen.error} retry={() => void chosen.refetch()} />}
      <Causes list={list} chosen={cause} choose={(next) => change({ cause: next, open: undefined })} />
      <ListCard
        list={cause ? { ...list, rows: list.rows.filter((drift) => causeText(drift) === cause) } : list}
        label={TEXTS.title}
        totals={
          <>
            <span>
              <b>{summary?.drifted ?? '…'}</b> {TEXTS.totals(summary?.drifted ?? 0)}
            </span>
            {summary && Number(summary.monthly_price_delta) !== 0 && (
              <span>
                <b>{moneyDelta(summary.monthly_price_delta)}</b> {TEXTS.together}
              </span>
            )}
            {detect.data && (
              <span role="status">{TEXTS.detected(detect.data.data.opened, detect.data.data.stale + detect.data.data.reverted)}</span>
            )}
            <span className="dim" style={{ marginLeft: 'auto' }}>
              {TEXTS.asOf} <Age at={summary?.detected_at ?? null} suffix=" ago" />
            </span>
          </>
        }
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={({ id }) => change({ open: id })}
        item={(drift) => <DriftItem drift={drift} />}
        filters={[...specs, { name: 'status' }, { name: 'ignored' }]}
        empty={<EmptyState {...(list.first?.detected_at === null ? TEXTS.neverCompared : TEXTS.empty)} />}
      />
      {chosen.data && <DriftPanel drift={chosen.data.data} close={() => change({ open: undefined })} />}
    </Screen>
  );
}

/** How many drifts are read for their causes. */
const MOST_GROUPED = 1_000;

interface CausesProps {
  readonly list: {
    readonly rows: readonly Drift[];
    readonly onEnd: () => void;
    readonly query: { readonly hasNextPage: boolean };
  };
  readonly chosen: string | undefined;
  readonly choose: (cause: string | undefined) => void;
}

/** The drifts by their cause, most money first: how many, what they cost together, and the list of one cause with a press. */
function Causes({ list: { rows, onEnd, query }, chosen, choose }: CausesProps) {
  const isCut = query.hasNextPage && rows.length >= MOST_GROUPED;
  useEffect(() => {
    if (rows.length < MOST_GROUPED) onEnd(); // the causes are those of all rows
  }, [rows.length, onEnd]);
  const groups = useMemo(() => {
    const found = new Map<string, { howMany: number; cents: number }>();
    for (const drift of rows) {
      const { howMany, cents } = found.get(causeText(drift)) ?? { howMany: 0, cents: 0 };
      found.set(causeText(drift), { howMany: howMany + 1, cents: cents + Math.round(Number(drift.monthly_price_delta ?? 0) * 100) });
    }
    return [...found].sort(([, a], [, b]) => Math.abs(b.cents) - Math.abs(a.cents) || b.howMany - a.howMany);
  }, [rows]);
  if (groups.length < 2 && !chosen) return null;
  return (
    <div className="seg scroll-m" role="group" aria-label={TEXTS.causes.label} style={{ marginBottom: 12, alignSelf: 'flex-start' }}>
      <button type="button" aria-pressed={!chosen} onClick={() => choose(undefined)}>
        {isCut ? TEXTS.causes.some(rows.length) : TEXTS.causes.all} <em>{countRead(rows.length, isCut)}</em>
      </button>
      {groups.map(([cause, { howMany, cents }]) => (
        <button key={cause} type="button" aria-pressed={cause === chosen} onClick={() => choose(cause)}>
          {cause} <em>{count(howMany)}</em>
          {cents !== 0 && <em>{moneyDelta((cents / 100).toFixed(2))}</em>}
        </button>
      ))}
    </div>
  );
}

/** The drift of the address. It is read by its id: it may be far down in the list, and leaves the list when somebody else decides it. */
function useChosen(id: string | undefined, rows: readonly Drift[]) {
  const listed = rows.find((row) => row.id === id);
  return useQuery({
    queryKey: ['drift', 'one', id],
    queryFn: () => answered(api.GET('/api/v1/drift/{id}', { params: { path: { id: id ?? '' } } })),
    placeholderData: listed && { data: listed },
    enabled: id !== undefined,
  });
}

function useDriftFilters(): readonly FilterSpec[] {
  const tenants = useTenantOptions();
  return [
    { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants },
    { name: 'severity', label: TEXTS.filters.severity, options: Object.keys(SEVERITIES).map((value) => ({ value, label: words(value) })) },
    { name: 'field', label: TEXTS.filters.field },
    { name: 'kind', label: TEXTS.filters.kind },
    { name: 'resource_id', label: TEXTS.filters.resource_id, isLinkOnly: true, display: (id) => `…${id.slice(-6)}` },
  ];
}

function DriftItem({ drift }: { readonly drift: Drift }) {
  const delta = drift.monthly_price_delta;
  return (
    <KindItem
      kind={drift.kind}
      name={driftName(drift)}
      aside={<span className="tn">{delta === null || Number(delta) === 0 ? '' : moneyDelta(delta)}</span>}
    >
      <Severity value={drift.severity} />
      <span className="trunc dim">
        {fieldName(drift.field)}: {valueText(drift.expected)} → {valueText(drift.actual)}
      </span>
    </KindItem>
  );
}
