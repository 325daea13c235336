import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { answered, api, Problem, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { KindCell, KindItem, kindName } from '../../parts/kinds';
import { everyPage, ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import { OwnershipPlaces, useProjectNames, whenText } from './ownership-places';
import { sorted } from './ownership-rules-screen';
import { TEXTS } from './texts';

type Finding = Schemas['AttributionFindingResponse'];

const { moves: WORDS } = TEXTS;
const MOST_NAMED = 8;

const nameOf = ({ name, kind }: Finding): string => name ?? kindName(kind);

const SORTS: Readonly<Record<string, (a: Finding, b: Finding) => number>> = {
  name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
  kind: (a, b) => a.kind.localeCompare(b.kind),
  from: (a, b) => a.from_tenant_id.localeCompare(b.from_tenant_id),
  to: (a, b) => a.to_tenant_id.localeCompare(b.to_tenant_id),
  found: (a, b) => a.found_at.localeCompare(b.found_at),
};

/** Moves of resources from one tenant to another that a rule asks for. An operator confirms each of them. */
export function OwnershipMovesScreen() {
  const { filters, change } = useFilters();
  const navigate = useNavigate();
  const { sort, ...query } = filters;
  const tenants = useTenantOptions();
  const because = useReasons();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const list = useList<Finding, Schemas['AttributionFindingResponseList']>(['ownership-moves', query], (cursor, signal) =>
    answered(api.GET('/api/v1/attribution-rules/findings', { params: { query: { ...query, limit: PAGE, cursor } as never }, signal })),
  );
  const { onEnd } = list;
  useEffect(() => {
    if (sort) onEnd(); // sorting needs every row
  }, [sort, onEnd, list.rows.length]);
  const rows = sorted(list.rows, SORTS, sort ?? '');
  const specs: readonly FilterSpec[] = [
    { name: 'from_tenant_id', label: WORDS.filters.from_tenant_id, options: tenants },
    { name: 'to_tenant_id', label: WORDS.filters.to_tenant_id, options: tenants },
  ];
  const columns: readonly Column<Finding>[] = [
    {
      id: 'name',
      head: WORDS.heads.name,
      sort: 'name',
      cell: (finding) => <KindCell kind={finding.kind} name={nameOf(finding)} />,
    },
    { id: 'kind', head: WORDS.heads.kind, width: 150, sort: 'kind', cell: ({ kind }) => <span className="mid">{kindName(kind)}</span> },
    { id: 'from', head: WORDS.heads.from, width: 150, sort: 'from', cell: ({ from_tenant_id: from }) => <TenantName id={from} /> },
    {
      id: 'to',
      head: WORDS.heads.to,
      width: 150,
      sort: 'to',
      cell: ({ to_tenant_id: to }) => <TenantName id={to} />,
    },
    { id: 'why', head: WORDS.heads.why, width: 300, wide: true, cell: (finding) => <span className="dim">{because(finding)}</span> },
    { id: 'found', head: WORDS.heads.found, width: 90, numeric: true, sort: 'found', cell: ({ found_at: at }) => <Age at={at} /> },
  ];
  return (
    <Screen fixed>
      <PageHead title={TEXTS.rules.moves} sub={WORDS.sub} places={<OwnershipPlaces />} />
      <FilterChips specs={specs} />
      <ListCard
        list={{ ...list, rows }}
        label={TEXTS.rules.moves}
        totals={rows.length > 0 && <span>{WORDS.leave}</span>}
        columns={columns}
        sort={sort}
        onSort={(next) => change({ sort: next })}
        rowId={({ resource_id: id }) => id}
        rowName={nameOf}
        selection={{ ids: selected, set: setSelected }}
        onOpen={({ resource_id: id }) => void navigate({ to: '/resources/$id', params: { id } })}
        item={(finding) => (
          <KindItem
            kind={finding.kind}
            name={nameOf(finding)}
            aside={
              <span className="dim sm">
                <Age at={finding.found_at} />
              </span>
            }
          >
            {finding.from_tenant_id} → {finding.to_tenant_id}
          </KindItem>
        )}
        foot={
          <MovesBar
            rows={rows.filter(({ resource_id: id }) => selected.has(id))}
            isAny={rows.length > 0}
            clear={() => setSelected(new Set())}
          />
        }
        filters={specs}
        empty={<EmptyState {...WORDS.empty} />}
      />
    </Screen>
  );
}

/** Why each move is asked for, in words: by its rule where it is known. */
function useReasons(): (finding: Finding) => string {
  const projects = useProjectNames();
  const rules = useQuery({
    queryKey: ['ownership-rules', 'all'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/attribution-rules', { params: { query } }))),
  });
  const known = new Map((rules.data?.data ?? []).map((rule) => [rule.id, rule]));
  return ({ attribution: { by, ref } }) => {
    const rule = known.get(ref);
    return rule ? `${WORDS.rule(rule.position)}: ${whenText(rule.when, projects)}` : (WORDS.because[by] ?? by);
  };
}

interface MovesBarProps {
  readonly rows: readonly Finding[];
  readonly isAny: boolean;
  readonly clear: () => void;
}

/** Below the list: what is selected, and its confirmation, one call for each move. */
function MovesBar({ rows, isAny, clear }: MovesBarProps) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<readonly Finding[]>([]);
  const [done, setDone] = useState<string | null>(null);
  const confirm = async (reason: string | undefined) => {
    let moved = 0;
    let refusal: Problem | null = null;
    for (const { resource_id: id, to_tenant_id: to } of asked) {
      try {
        const body = { tenant_id: to, reason: reason ?? '' };
        await answered(api.POST('/api/v1/attribution-rules/findings/{id}/confirm', { params: { path: { id } }, body }));
        moved += 1;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        refusal = error;
      }
    }
    await renew(client, 'resource', 'tenant');
    if (moved === 0 && refusal) throw refusal;
    setDone(WORDS.done(moved, asked.length - moved));
    clear();
  };
  if (rows.length === 0 && asked.length === 0) {
    if (done === null) return null;
    return (
      <div className="bulk" role="region" aria-label={TEXTS.rules.moves}>
        <span role="status">{done}</span>
        <button type="button" className="btn quiet sml" style={{ marginLeft: 'auto' }} onClick={() => setDone(null)}>
          {WORDS.close}
        </button>
      </div>
    );
  }
  const howMany = asked.length;
  return (
    <div className="bulk" role="region" aria-label={TEXTS.rules.moves} hidden={!isAny && howMany === 0}>
      <b className="tn">{WORDS.selected(rows.length)}</b>
      <span className="go" style={{ margin: '0 0 0 auto' }}>
        <button type="button" className="btn sml" onClick={() => setAsked(rows)}>
          {WORDS.confirm}
        </button>
        <button type="button" className="btn quiet sml" onClick={clear}>
          {WORDS.clear}
        </button>
      </span>
      {howMany > 0 && (
        <Confirm
          title={WORDS.title(howMany)}
          button={WORDS.button(howMany)}
          reason="required"
          danger={howMany > 1}
          typed={howMany > 1 ? String(howMany) : undefined}
          confirm={confirm}
          close={() => setAsked([])}
        >
          <ul className="sm">
            {asked.slice(0, MOST_NAMED).map((finding) => (
              <li key={finding.resource_id} className="trunc">
                <b>{nameOf(finding)}</b>{' '}
                <span className="mid">
                  {finding.from_tenant_id} → {finding.to_tenant_id}
                </span>
              </li>
            ))}
            {howMany > MOST_NAMED && <li className="dim">{WORDS.more(howMany - MOST_NAMED)}</li>}
          </ul>
          <p className="mid" style={{ marginTop: 8 }}>
            {WORDS.text}
          </p>
        </Confirm>
      )}
    </div>
  );
}
