import { useQuery } from '@tanstack/react-query';
import { answered, api, type Drift, type Saga, type Schemas, type Sweep } from '../../client/client';
import { monthText, moneyDelta, moneyIn, money, sumOf, valueText, words } from '../../parts/format';
import { kindName, kindsName, lateBy } from '../../parts/kinds';
import { sagaTitle } from '../../parts/sagas';
import type { Tone } from '../../parts/status';
import { useNow } from '../../parts/time';
import { useSummary } from '../../shell/counts';
import { usePollMs } from '../../shell/live';
import { useSession } from '../../shell/session';
import type { Filters } from '../../shell/search';
import type { Decision } from './inbox-decision';
import { TEXTS } from './texts';

export type InboxGroup = keyof typeof TEXTS.groups;

/** One thing that needs a decision, and where it is decided. */
export interface InboxItem {
  readonly id: string;
  readonly group: InboxGroup;
  readonly tone: Tone;
  readonly title: string;
  readonly meta: string;
  readonly money: string | null;
  readonly at: string | null;
  readonly to: string;
  readonly search?: Filters;
  /** What is decided in the inbox itself. */
  readonly decision?: Decision;
  /** What is unsafe first, then by money and age. */
  readonly rank: number;
}

const POLL_MS = 30_000;
/** How many of each the inbox reads. Of more it has one item that leads to all of them. */
const MOST = { sweeps: 50, sagas: 50, drifts: 100, invoices: 20, moves: 200, drafts: 200 } as const;
const HOUR_MS = 3_600_000;
const UNSAFE = 1e9;
const LATE_DATA = -1e6;

interface Inbox {
  readonly items: readonly InboxItem[];
  /** There are more than were read, so that the number of items is the least number. */
  readonly isCut: boolean;
  readonly isPending: boolean;
  readonly error: Error | null;
}

/** Everything that needs a platform admin, worst first. Each part is a list of the API. */
export function useInbox(): Inbox {
  const { isAdmin } = useSession();
  const summary = useSummary();
  const options = { refetchInterval: usePollMs(POLL_MS), enabled: isAdmin };
  const sweeps = useQuery({
    queryKey: ['sweeps', 'suspect'],
    queryFn: () => answered(api.GET('/api/v1/sweeps', { params: { query: { status: 'suspect', limit: MOST.sweeps } } })),
    ...options,
  });
  const sagas = useQuery({
    queryKey: ['sagas', 'stopped'],
    queryFn: () => answered(api.GET('/api/v1/sagas', { params: { query: { needs_attention: 'true', limit: MOST.sagas } } })),
    ...options,
  });
  const drifts = useQuery({
    queryKey: ['drift', 'open'],
    queryFn: () => answered(api.GET('/api/v1/drift', { params: { query: { status: 'open', limit: MOST.drifts } } })),
    ...options,
  });
  const invoices = useQuery({
    queryKey: ['invoices', 'mismatch'],
    queryFn: () =>
      answered(api.GET('/api/v1/billing/invoices', { params: { query: { reconciliation: 'mismatch', limit: MOST.invoices } } })),
    ...options,
  });
  const moves = useQuery({
    queryKey: ['ownership-moves', 'inbox'],
    queryFn: () => answered(api.GET('/api/v1/attribution-rules/findings', { params: { query: { limit: MOST.moves } } })),
    ...options,
  });
  const drafts = useQuery({
    queryKey: ['invoices', 'drafts'],
    queryFn: () =>
      answered(
        api.GET('/api/v1/tenant-invoices', { params: { query: { status: 'draft', problem_severity: 'critical', limit: MOST.drafts } } }),
      ),
    ...options,
  });
  const kinds = useQuery({ queryKey: ['kinds'], queryFn: () => answered(api.GET('/api/v1/inventory/kinds')), ...options });
  const nowMs = useNow();
  const all = [summary, sweeps, sagas, drifts, invoices, moves, drafts, kinds];
  const unattributed = summary.data?.data.unattributed ?? 0;
  const cut = [
    isCut(sweeps) && moreItem('sweeps', MOST.sweeps, { to: '/sweeps', search: { status: 'suspect' }, rank: UNSAFE }),
    isCut(sagas) && moreItem('sagas', MOST.sagas, { to: '/sagas', search: { needs_attention: 'true' }, rank: UNSAFE / 2 - 1 }),
    isCut(drifts) && moreItem('drift', MOST.drifts, { to: '/drift', rank: 0 }),
    isCut(invoices) && moreItem('money', MOST.invoices, { to: '/provider-invoices', search: { reconciliation: 'mismatch' }, rank: 999 }),
    isCut(moves) && moreItem('owners', MOST.moves, { to: '/ownership-moves', rank: 1_999 }),
    isCut(drafts) && moreItem('drafts', MOST.drafts, { to: '/invoices', search: { status: 'draft' }, rank: 899 }),
  ].filter((one) => one !== false);
  const items: InboxItem[] = [
    ...cut,
    ...(sweeps.data?.data ?? []).filter(({ missing }) => missing).map(sweepItem),
    ...(sagas.data?.data ?? []).map(sagaItem),
    ...(drifts.data?.data ?? []).map(driftItem),
    ...(invoices.data?.data ?? []).map((invoice): InboxItem => {
      const { id, period, reconciliation, ingested_at: at } = invoice;
      const off = reconciliation ? money(reconciliation.difference ?? '0') : '';
      const title = TEXTS.invoice(monthText(period));
      return {
        id,
        group: 'money',
        tone: 'warn',
        title,
        meta: TEXTS.invoiceMeta(off),
        money: `${money(invoice.amount ?? '0')} ${TEXTS.onHold}`,
        at,
        to: `/provider-invoices/${id}`,
        rank: 1_000,
      };
    }),
    ...draftItems(drafts.data?.data ?? []),
    ...(unattributed > 0 ? [ownersItem(unattributed)] : []),
    ...movesItems(moves.data?.data ?? []),
    ...Object.entries(summary.data?.completeness ?? {})
      .filter(([, { complete }]) => !complete)
      .map(([kind, { as_of: at, reason }]) => staleItem(kind, at, reason)),
    ...(kinds.data?.data ?? [])
      .filter((kind) => summary.data?.completeness[kind.kind]?.complete !== false && (isNeverRead(kind) || lateBy(kind, nowMs) !== null))
      .map(({ kind, last_complete_at: at }) => ({ ...staleItem(kind, at, null), title: TEXTS.late(kindsName(kind, 2), at === null) })),
  ];
  return {
    items: items.sort((a, b) => b.rank - a.rank),
    isCut: cut.length > 0,
    isPending: isAdmin && all.some(({ isPending }) => isPending),
    error: all.find(({ error }) => error !== null)?.error ?? null,
  };
}

const isCut = ({ data }: { readonly data: { readonly page: { readonly next_cursor: string | null } } | undefined }): boolean =>
  typeof data?.page.next_cursor === 'string';

/** Stands below those that were read, and leads to all of them. */
function moreItem(of: keyof typeof TEXTS.more, read: number, place: Pick<InboxItem, 'to' | 'search' | 'rank'>): InboxItem {
  return {
    id: `more-${of}`,
    group: of === 'drafts' ? 'money' : of,
    tone: 'mute',
    title: TEXTS.more[of](read),
    meta: TEXTS.moreMeta,
    money: null,
    at: null,
    ...place,
  };
}

const isNeverRead = ({ has_list: hasList, status, last_complete_at: at }: Schemas['KindResponse']): boolean =>
  hasList && status === 'available' && at === null;

function sweepItem(sweep: Sweep): InboxItem {
  const { id, kind, missing, started_at: at } = sweep;
  return {
    id,
    group: 'sweeps',
    tone: 'bad',
    title: TEXTS.sweep(kindName(kind), missing ?? 0),
    meta: TEXTS.sweepMeta,
    money: null,
    at,
    to: `/sweeps/${id}`,
    decision: { sweep },
    rank: UNSAFE + (missing ?? 0),
  };
}

function sagaItem(saga: Saga): InboxItem {
  const asked = saga.approval?.decision === null ? saga.approval : null;
  const title = asked?.step ? TEXTS.outputOf(words(asked.step), sagaTitle(saga)) : sagaTitle(saga);
  const stopped = saga.status === 'compensation_failed' ? TEXTS.sagaStuck(title) : TEXTS.sagaFailed(title);
  const delta = saga.cost?.delta_monthly ?? null;
  return {
    id: saga.id,
    group: 'sagas',
    tone: asked ? 'wait' : 'bad',
    title: asked ? TEXTS.sagaWaits(asked.asked_by, title) : stopped,
    meta: [asked ? asked.why : saga.error?.step && words(saga.error.step), !asked && saga.error?.detail, saga.tenant_id]
      .filter(Boolean)
      .join(' · '),
    money: delta === null || Number(delta) === 0 ? null : `${moneyDelta(delta)} / mo`,
    at: saga.updated_at,
    to: `/sagas/${saga.id}`,
    decision: { saga },
    rank: asked ? 500 : UNSAFE / 2,
  };
}

function driftItem(drift: Drift): InboxItem {
  const { id, monthly_price_delta: delta, cause, detected_at: detected, severity, resource_name: name, kind, field } = drift;
  const at = cause?.at ?? detected;
  const hours = (Date.now() - new Date(at).getTime()) / HOUR_MS;
  const text = [
    TEXTS.driftMeta(valueText(drift.expected), valueText(drift.actual)),
    cause?.action && words(cause.action).toLowerCase(),
    drift.tenant_id,
  ];
  return {
    id,
    group: 'drift',
    tone: severity === 'critical' ? 'bad' : 'warn',
    title: TEXTS.drift(name ?? kindName(kind), words(field.replace('_slug', '')).toLowerCase()),
    meta: text.filter(Boolean).join(' · '),
    money: delta === null || Number(delta) === 0 ? null : `${moneyDelta(delta)} / mo`,
    at,
    to: '/drift',
    search: { open: id },
    decision: { drift },
    rank: (severity === 'critical' ? UNSAFE / 4 : 0) + Math.abs(Number(delta ?? 0)) * (1 + hours),
  };
}

function ownersItem(howMany: number): InboxItem {
  return {
    id: 'owners',
    group: 'owners',
    tone: 'warn',
    title: TEXTS.owners(howMany),
    meta: TEXTS.ownersMeta,
    money: null,
    at: null,
    to: '/inventory',
    search: { unattributed: 'true' },
    rank: howMany,
  };
}

/** One for each pair of tenants: a rule gives resources of one to the other, and an operator decides. */
function movesItems(moves: readonly Schemas['AttributionFindingResponse'][]): InboxItem[] {
  const pairs = new Map<string, Schemas['AttributionFindingResponse'][]>();
  for (const move of moves) {
    const pair = `${move.from_tenant_id} ${move.to_tenant_id}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), move]);
  }
  return [...pairs.values()].flatMap((pair): InboxItem[] => {
    const [first] = pair;
    if (!first) return [];
    const { from_tenant_id, to_tenant_id, name, kind } = first;
    return [
      {
        id: `moves-${from_tenant_id}-${to_tenant_id}`,
        group: 'owners',
        tone: 'warn',
        title: TEXTS.moves(pair.length, name ?? kindName(kind), from_tenant_id, to_tenant_id),
        meta: TEXTS.movesMeta,
        money: null,
        at: pair.map(({ found_at: at }) => at).sort()[0] ?? null,
        to: '/ownership-moves',
        search: { from_tenant_id, to_tenant_id },
        rank: 2_000 + pair.length,
      },
    ];
  });
}

/** One item for each month, with the sum before tax: the board of the month shows every problem of its drafts. */
function draftItems(drafts: readonly Schemas['TenantInvoiceResponse'][]): InboxItem[] {
  const stopped = drafts.filter(({ problems }) => problems.some(({ severity }) => severity === 'critical'));
  return [...new Set(stopped.map(({ period }) => period))].map((period): InboxItem => {
    const own = stopped.filter((draft) => draft.period === period);
    const problem = own[0]?.problems.find(({ severity }) => severity === 'critical');
    const currencies = new Set(own.map(({ currency }) => currency));
    return {
      id: `drafts-${period}`,
      group: 'money',
      tone: 'warn',
      title: TEXTS.drafts(own.length, period === null ? null : monthText(period)),
      meta: problem?.detail ?? '',
      money: currencies.size === 1 ? `${moneyIn(sumOf(own.map(({ net }) => net)), own[0]?.currency ?? 'USD')} ${TEXTS.onHold}` : null,
      at: null,
      to: '/month-runs',
      ...(period !== null && { search: { period: period.slice(0, 7) } }),
      rank: 900,
    };
  });
}

function staleItem(kind: string, at: string | null, reason: string | null): InboxItem {
  return {
    id: `stale-${kind}`,
    group: 'data',
    tone: 'mute',
    title: TEXTS.stale(kindsName(kind, 2)),
    meta: [reason && words(reason), TEXTS.staleMeta].filter(Boolean).join(' · '),
    money: null,
    at,
    to: '/sweeps',
    search: { kind },
    decision: { kind },
    rank: LATE_DATA,
  };
}
