import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { DataTable, type Column } from '../../parts/data-table';
import { useFilters } from '../../parts/filters';
import { count, duration, plainMoney, words } from '../../parts/format';
import { IconBan, IconCircleCheck, IconClockExclamation, IconCircleDashed } from '../../parts/icons';
import { KindCell, KindItem, kindName, lateBy } from '../../parts/kinds';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { Badge } from '../../parts/status';
import { Age, useNow } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { useSession } from '../../shell/session';
import { TEXTS } from './texts';

type Kind = Schemas['KindResponse'];

const POLL_MS = 15_000;
/** What is read worst comes first: refused, late, never read, then the others by name. */
function rankOf(kind: Kind, nowMs: number): number {
  if (kind.status === 'refused') return 0;
  if (lateBy(kind, nowMs) !== null) return 1;
  if (kind.has_list && kind.last_complete_at === null && kind.status === 'available') return 2;
  return kind.status === 'not_available' ? 4 : 3;
}

function KindState({ kind, nowMs }: { readonly kind: Kind; readonly nowMs: number }) {
  const { states } = TEXTS;
  const late = lateBy(kind, nowMs);
  if (kind.status === 'refused')
    return (
      <Badge tone="bad" icon={IconBan}>
        {states.refused}
      </Badge>
    );
  if (kind.status === 'not_available')
    return (
      <Badge tone="mute" icon={IconBan}>
        {states.not_available}
      </Badge>
    );
  if (!kind.has_list) return <span className="dim">{TEXTS.noList}</span>;
  if (kind.last_complete_at === null)
    return (
      <Badge tone="warn" icon={IconCircleDashed}>
        {states.never}
      </Badge>
    );
  return late === null ? (
    <Badge tone="ok" icon={IconCircleCheck}>
      {states.fresh}
    </Badge>
  ) : (
    <Badge tone="warn" icon={IconClockExclamation}>
      {states.late(duration(late))}
    </Badge>
  );
}

const SORTS: Readonly<Record<string, (one: Kind, other: Kind) => number>> = {
  kind: (one, other) => kindName(one.kind).localeCompare(kindName(other.kind)),
  count: (one, other) => one.count - other.count,
  monthly: (one, other) => Number(one.monthly ?? -1) - Number(other.monthly ?? -1),
  age: (one, other) => (one.last_complete_at ?? '').localeCompare(other.last_complete_at ?? ''),
};

function columnsFor(nowMs: number, isAdmin: boolean): readonly Column<Kind>[] {
  const { heads } = TEXTS;
  const all: readonly Column<Kind>[] = [
    {
      id: 'kind',
      head: heads.kind,
      sort: 'kind',
      cell: ({ kind }) => <KindCell kind={kind} name={kindName(kind)} />,
    },
    { id: 'count', head: heads.count, width: 88, numeric: true, sort: 'count', cell: ({ count: n }) => count(n) },
    {
      id: 'monthly',
      head: heads.monthly,
      width: 96,
      numeric: true,
      sort: 'monthly',
      cell: ({ monthly, count: n }) =>
        n === 0 ? (
          ''
        ) : monthly === null ? (
          <span className="dim">{TEXTS.noPrice}</span>
        ) : Number(monthly) === 0 ? (
          <span className="dim">{TEXTS.none}</span>
        ) : (
          plainMoney(monthly)
        ),
    },
    { id: 'status', head: heads.status, width: 170, cell: (kind) => <KindState kind={kind} nowMs={nowMs} /> },
    {
      id: 'age',
      head: heads.age,
      width: 108,
      numeric: true,
      sort: 'age',
      cell: (kind) => (kind.has_list ? <Age at={kind.last_complete_at} suffix=" ago" late={lateBy(kind, nowMs) !== null} /> : ''),
    },
    {
      id: 'cadence',
      head: heads.cadence,
      width: 68,
      numeric: true,
      cell: ({ has_list: hasList, cadence_s: seconds }) => <span className="dim">{hasList ? duration(seconds * 1_000) : ''}</span>,
    },
    {
      id: 'reason',
      head: heads.reason,
      width: 220,
      wide: true,
      cell: ({ reason }) => (
        <span className="mid" title={reason ?? undefined}>
          {reason ? words(reason) : ''}
        </span>
      ),
    },
  ];
  return isAdmin ? all : all.filter(({ id }) => id !== 'reason');
}

/** Every kind of resource with the age of its data. The freshness strip opens it. */
export function KindsScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const nowMs = useNow();
  const { filters, change } = useFilters();
  const kinds = useQuery({
    queryKey: ['kinds'],
    queryFn: () => answered(api.GET('/api/v1/inventory/kinds')),
    refetchInterval: usePollMs(POLL_MS),
  });
  const all = kinds.data?.data ?? [];
  const { sort } = filters;
  const by = SORTS[sort?.replace('-', '') ?? ''];
  const sign = sort?.startsWith('-') ? -1 : 1;
  const rows = all.toSorted((one, other) =>
    by ? sign * by(one, other) : rankOf(one, nowMs) - rankOf(other, nowMs) || kindName(one.kind).localeCompare(kindName(other.kind)),
  );
  const late = all.filter((kind) => rankOf(kind, nowMs) < 3).length;
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        actions={
          isAdmin && (
            <Link to="/sweeps" className="btn">
              {TEXTS.sweeps}
            </Link>
          )
        }
      />
      <section className="card tw" aria-label={TEXTS.title}>
        {all.length > 0 && <div className="tot">{TEXTS.total(all.length, late)}</div>}
        {kinds.error && <ErrorState error={kinds.error} retry={() => void kinds.refetch()} />}
        {kinds.isPending && <Skeleton lines={14} />}
        {kinds.isSuccess && all.length === 0 && <EmptyState {...TEXTS.empty} />}
        {rows.length > 0 && (
          <DataTable
            label={TEXTS.title}
            columns={columnsFor(nowMs, isAdmin)}
            rows={rows}
            rowId={({ kind }) => kind}
            sort={sort}
            onSort={(next) => change({ sort: next })}
            onOpen={({ kind }) => void navigate({ to: '/inventory', search: { kind } })}
            dimmed={kinds.error !== null}
            item={(kind) => (
              <KindItem kind={kind.kind} name={kindName(kind.kind)} aside={<span className="num">{count(kind.count)}</span>}>
                <KindState kind={kind} nowMs={nowMs} />
                <span className="dim">{kind.has_list && <Age at={kind.last_complete_at} suffix=" ago" />}</span>
              </KindItem>
            )}
          />
        )}
      </section>
    </Screen>
  );
}
