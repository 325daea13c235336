import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { count, dateText } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { TenantName, useSummary, useTenantOptions } from '../../shell/counts';
import { OwnershipPlaces, useProjectNames, whenText, type Rule } from './ownership-places';
import { RuleDialog } from './rule-dialog';
import { TEXTS } from './texts';

const { rules: WORDS } = TEXTS;

function validText({ valid_from: from, valid_to: to, active }: Rule): string {
  if (to === null) return active ? WORDS.always : WORDS.from(dateText(from));
  return active ? WORDS.until(dateText(to)) : WORDS.fromUntil(dateText(from), dateText(to));
}

/** The orders of the list. The screen loads all rules, because a part of them has no complete order. */
const SORTS: Readonly<Record<string, (a: Rule, b: Rule) => number>> = {
  position: (a, b) => a.position - b.position,
  tenant: (a, b) => a.tenant_id.localeCompare(b.tenant_id),
  resources: (a, b) => a.resources - b.resources,
  valid: (a, b) => a.valid_from.localeCompare(b.valid_from),
};

export function sorted<Row>(
  rows: readonly Row[],
  sorts: Readonly<Record<string, (a: Row, b: Row) => number>>,
  sort: string,
): readonly Row[] {
  const compare = sorts[sort.replace('-', '')];
  if (!compare) return rows;
  return rows.toSorted(sort.startsWith('-') ? (a, b) => compare(b, a) : compare);
}

/** The ownership rules, in the order in which the first that applies is found. */
export function OwnershipRulesScreen() {
  const { filters, change } = useFilters();
  const { sort = 'position', ...query } = filters;
  const projects = useProjectNames();
  const tenants = useTenantOptions();
  const kinds = useSummary().data?.data.by_kind ?? [];
  const [open, setOpen] = useState<Rule | 'new' | null>(null);
  const list = useList<Rule, Schemas['AttributionRuleResponseList']>(['ownership-rules', query], (cursor, signal) =>
    answered(api.GET('/api/v1/attribution-rules', { params: { query: { ...query, limit: PAGE, cursor } as never }, signal })),
  );
  const { onEnd } = list;
  useEffect(onEnd, [onEnd, list.rows.length]);
  const rows = sorted(list.rows, SORTS, sort);
  const given = rows.reduce((sum, { resources }) => sum + resources, 0);
  const specs: readonly FilterSpec[] = [
    { name: 'tenant_id', label: WORDS.filters.tenant_id, options: tenants },
    { name: 'kind', label: WORDS.filters.kind, options: kinds.map(({ kind }) => ({ value: kind, label: kindName(kind) })) },
    {
      name: 'active',
      label: WORDS.filters.active,
      options: (['true', 'false'] as const).map((value) => ({ value, label: WORDS.active[value] })),
    },
  ];
  const columns: readonly Column<Rule>[] = [
    { id: 'position', head: WORDS.heads.position, width: 78, numeric: true, sort: 'position', cell: ({ position }) => position },
    {
      id: 'when',
      head: WORDS.heads.when,
      cell: ({ when, active }) => (
        <span className={active ? 'nm' : 'nm dim'}>
          <span className="trunc" title={whenText(when, projects)}>
            {whenText(when, projects)}
          </span>
        </span>
      ),
    },
    {
      id: 'tenant',
      head: WORDS.heads.tenant,
      width: 120,
      sort: 'tenant',
      cell: ({ tenant_id: id }) => <TenantName id={id} />,
    },
    {
      id: 'resources',
      head: WORDS.heads.resources,
      width: 96,
      numeric: true,
      sort: 'resources',
      cell: ({ resources }) => count(resources),
    },
    {
      id: 'valid',
      head: WORDS.heads.valid,
      width: 180,
      sort: 'valid',
      cell: (rule) => (
        <span className={rule.active ? 'mid' : 'dim'}>
          {validText(rule)}
          {!rule.active && ` · ${new Date(rule.valid_from).getTime() > Date.now() ? WORDS.later : WORDS.ended}`}
        </span>
      ),
    },
    { id: 'reason', head: WORDS.heads.reason, width: 220, wide: true, cell: ({ reason }) => <span className="mid">{reason}</span> },
    { id: 'by', head: WORDS.heads.by, width: 110, wide: true, cell: ({ created_by: by }) => <span className="dim">{by}</span> },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={WORDS.title}
        sub={WORDS.sub}
        places={<OwnershipPlaces />}
        actions={
          <button type="button" className="btn pri" onClick={() => setOpen('new')}>
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {WORDS.add}
          </button>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={{ ...list, rows }}
        label={WORDS.title}
        totals={
          rows.length > 0 && (
            <>
              <span>
                <b>{WORDS.all(rows.length)}</b>
              </span>
              <Link to="/inventory" search={{ attributed_by: 'rule' }}>
                {given === 1 ? WORDS.givenOne : WORDS.given(count(given))}
              </Link>
            </>
          )
        }
        columns={columns}
        sort={sort}
        onSort={(next) => change({ sort: next === 'position' ? undefined : next })}
        rowId={({ id }) => id}
        onOpen={setOpen}
        item={(rule) => (
          <div className="item">
            <span className="tn dim">{rule.position}</span>
            <b className="trunc" style={{ fontWeight: 550 }}>
              {whenText(rule.when, projects)}
            </b>
            <span className="tn dim">{count(rule.resources)}</span>
            <span className="l2">
              <span>{rule.tenant_id}</span>
              <span className="dim">{validText(rule)}</span>
            </span>
          </div>
        )}
        filters={specs}
        empty={
          <EmptyState
            {...WORDS.empty}
            action={
              <button type="button" className="btn" onClick={() => setOpen('new')}>
                {WORDS.add}
              </button>
            }
          />
        }
      />
      {open && <RuleDialog key={open === 'new' ? 'new' : open.id} rule={open === 'new' ? null : open} close={() => setOpen(null)} />}
    </Screen>
  );
}
