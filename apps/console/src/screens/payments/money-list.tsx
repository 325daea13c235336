import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { CsvButton } from '../../parts/csv';
import type { CsvColumns } from '../../parts/csv-rows';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { ListCard, useList, type ListPage } from '../../parts/list';
import { PageHead, Screen, SubNav } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { useTenantOptions } from '../../shell/counts';
import type { Filters } from '../../shell/search';
import { useSession } from '../../shell/session';
import { PAYMENT_PLACES, TEXTS } from './texts';

interface MoneyListProps<Row, Page> {
  /** The first word of its keys, by which the event stream knows it, and the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly sub: string;
  readonly read: (query: Filters & { readonly cursor?: string }, signal: AbortSignal) => Promise<Page>;
  readonly columns: readonly Column<Row>[];
  readonly specs: readonly FilterSpec[];
  readonly csv: CsvColumns<Row>;
  /** On narrow screens: the name, the amount, and what stands below. */
  readonly item: (row: Row, isAdmin: boolean) => readonly [React.ReactNode, string, string];
  readonly empty: { readonly title: string; readonly hint: string };
}

/** Documents about invoices, the newest first; a row opens its invoice. A tenant sees its own. */
export function MoneyList<Row extends { readonly id: string; readonly invoice_id: string }, Page extends ListPage<Row>>(
  props: MoneyListProps<Row, Page>,
) {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const read = (cursor: string | undefined, signal: AbortSignal) => props.read({ ...filters, ...(cursor && { cursor }) }, signal);
  const list = useList<Row, Page>([props.name, filters], read);
  const columns = useMemo(() => props.columns.filter(({ id }) => isAdmin || id !== 'tenant'), [isAdmin, props.columns]);
  const specs = [...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []), ...props.specs];
  return (
    <Screen fixed>
      <PageHead
        title={props.title}
        sub={props.sub}
        places={<SubNav label={TEXTS.label} places={PAYMENT_PLACES} />}
        actions={<CsvButton name={`${props.name}.csv`} columns={props.csv} read={read} isEmpty={list.rows.length === 0} />}
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={props.title}
        columns={columns}
        rowId={({ id }) => id}
        onOpen={({ invoice_id: id }) => void navigate({ to: '/invoices/$id', params: { id } })}
        item={(row) => {
          const [name, amount, below] = props.item(row, isAdmin);
          return (
            <div className="item">
              <span />
              <b style={{ fontWeight: 550 }}>{name}</b>
              <span className="tn">{amount}</span>
              <span className="l2 dim">{below}</span>
            </div>
          );
        }}
        filters={specs}
        empty={<EmptyState {...props.empty} />}
      />
    </Screen>
  );
}
