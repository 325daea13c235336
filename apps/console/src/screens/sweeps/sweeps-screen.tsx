import { Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answered, api, type Schemas, type Sweep } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { count, duration, words } from '../../parts/format';
import { IconRefresh } from '../../parts/icons';
import { KindCell, KindItem, kindName, kindsName } from '../../parts/kinds';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState, ProblemCode } from '../../parts/states';
import { Status, statusWord } from '../../parts/status';
import { Age } from '../../parts/time';
import { useSummary } from '../../shell/counts';
import { TEXTS } from './texts';

const STATES = ['running', 'complete', 'incomplete', 'suspect', 'released', 'refused', 'not_available'];

export const sweepTook = ({ started_at: from, finished_at: to }: Sweep): string =>
  to === null ? '' : duration(new Date(to).getTime() - new Date(from).getTime());

/** Asks for a sweep of a kind. `done`: the page stays, and gets the result. Without it the page of the sweep follows. */
export function useSweepAgain(done?: (text: string) => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (kind: string) => answered(api.POST('/api/v1/sweeps', { body: { kind } })),
    onSuccess: async ({ data }) => {
      await client.invalidateQueries({ queryKey: ['sweeps'] });
      if (done) done(TEXTS.begun(kindName(data.kind)));
      else await navigate({ to: '/sweeps/$id', params: { id: data.id } });
    },
  });
}

const COLUMNS: readonly Column<Sweep>[] = [
  {
    id: 'kind',
    head: TEXTS.heads.kind,
    cell: ({ kind }) => <KindCell kind={kind} name={kindName(kind)} />,
  },
  { id: 'state', head: TEXTS.heads.state, width: 104, cell: ({ status }) => <Status of="sweep" value={status} /> },
  {
    id: 'reason',
    head: TEXTS.heads.reason,
    width: 200,
    wide: true,
    cell: ({ reason }) => <span className="mid">{reason ? words(reason) : ''}</span>,
  },
  {
    id: 'pages',
    head: TEXTS.heads.pages,
    width: 70,
    numeric: true,
    cell: ({ pages_done: done, pages_expected: of }) => TEXTS.pages(done, of),
  },
  { id: 'seen', head: TEXTS.heads.seen, width: 66, numeric: true, cell: ({ seen }) => count(seen) },
  {
    id: 'changed',
    head: TEXTS.heads.changed,
    width: 70,
    numeric: true,
    cell: ({ discovered, updated, restored }) => TEXTS.changed(discovered + updated + restored),
  },
  {
    id: 'missing',
    head: TEXTS.heads.missing,
    width: 70,
    numeric: true,
    cell: ({ missing }) => (missing === null ? '' : <b style={{ color: 'var(--bad)' }}>{count(missing)}</b>),
  },
  {
    id: 'trigger',
    head: TEXTS.heads.trigger,
    width: 120,
    wide: true,
    cell: ({ trigger }) => <span className="dim">{TEXTS.triggers[trigger] ?? trigger}</span>,
  },
  { id: 'started', head: TEXTS.heads.started, width: 84, numeric: true, cell: ({ started_at: at }) => <Age at={at} /> },
  { id: 'took', head: TEXTS.heads.took, width: 76, numeric: true, cell: (sweep) => <span className="dim">{sweepTook(sweep)}</span> },
];

export function SweepsScreen() {
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const list = useList<Sweep, Schemas['SweepResponseList']>(
    ['sweeps', filters],
    (cursor, signal) => answered(api.GET('/api/v1/sweeps', { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
    { isBusy: () => true }, // a sweep that ends well is no event
  );
  const kinds = Object.keys(useSummary().data?.completeness ?? {}).sort();
  const again = useSweepAgain();
  const specs: readonly FilterSpec[] = [
    { name: 'kind', label: TEXTS.filters.kind, options: kinds.map((value) => ({ value, label: kindName(value) })) },
    { name: 'status', label: TEXTS.filters.status, options: STATES.map((value) => ({ value, label: statusWord('sweep', value) })) },
    { name: 'trigger', label: TEXTS.filters.trigger, options: Object.entries(TEXTS.triggers).map(([value, label]) => ({ value, label })) },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        beside={
          <div className="seg" role="group" aria-label="Views">
            <button type="button" aria-pressed={filters.status === undefined} onClick={() => change({ status: undefined })}>
              {TEXTS.views.all}
            </button>
            <button type="button" aria-pressed={filters.status === 'suspect'} onClick={() => change({ status: 'suspect' })}>
              {TEXTS.views.suspect}
            </button>
          </div>
        }
        actions={
          <Menu position="bottom-end" width={200}>
            <Menu.Target>
              <button type="button" className="btn">
                <IconRefresh size={16} stroke={1.75} aria-hidden />
                {TEXTS.run}
              </button>
            </Menu.Target>
            <Menu.Dropdown mah="min(60vh, 480px)" style={{ overflowY: 'auto' }}>
              {kinds.map((kind) => (
                <Menu.Item key={kind} onClick={() => again.mutate(kind)}>
                  {TEXTS.again(kindsName(kind, 2))}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        }
      />
      {again.error && <ProblemCode error={again.error} />}
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/sweeps/$id', params: { id } })}
        item={(sweep) => <SweepItem sweep={sweep} />}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
    </Screen>
  );
}

function SweepItem({ sweep }: { readonly sweep: Sweep }) {
  return (
    <KindItem
      kind={sweep.kind}
      name={kindName(sweep.kind)}
      aside={
        <span className="dim sm">
          <Age at={sweep.started_at} />
        </span>
      }
    >
      <Status of="sweep" value={sweep.status} />
      <span className="dim trunc">{[`${count(sweep.seen)} seen`, sweep.reason && words(sweep.reason)].filter(Boolean).join(' · ')}</span>
    </KindItem>
  );
}
