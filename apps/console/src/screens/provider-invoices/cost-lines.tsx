import { useNavigate } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { money, plainMoney, words } from '../../parts/format';
import { KindCell, KindIcon } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { EmptyState } from '../../parts/states';
import { TenantName } from '../../shell/counts';
import type { Filters } from '../../shell/search';
import { TEXTS } from './texts';

type Line = Schemas['CostLineResponse'];

const { line: HEADS } = TEXTS;

const found = ({ match: { method, reason } }: Line): string => (method ? words(method) : words(reason ?? HEADS.none));

const COLUMNS: readonly Column<Line>[] = [
  { id: 'what', head: HEADS.what, cell: ({ description }) => <span title={description}>{description}</span> },
  { id: 'resource', head: HEADS.resource, width: 180, cell: (line) => <ResourceName line={line} /> },
  {
    id: 'tenant',
    head: HEADS.tenant,
    width: 116,
    cell: ({ tenant_id: id }) => (id ? <TenantName id={id} /> : <span className="dim">{HEADS.noTenant}</span>),
  },
  { id: 'product', head: HEADS.product, width: 128, wide: true, cell: ({ product }) => product },
  { id: 'match', head: HEADS.match, width: 136, wide: true, cell: (line) => <span className="mid">{found(line)}</span> },
  { id: 'hours', head: HEADS.hours, width: 72, numeric: true, wide: true, cell: ({ hours }) => hours ?? '' },
  { id: 'amount', head: HEADS.amount, width: 104, numeric: true, cell: ({ amount }) => plainMoney(amount) },
];

function ResourceName({ line }: { readonly line: Line }) {
  if (line.resource_id === null) return <span className="dim">{HEADS.none}</span>;
  return <KindCell kind={line.kind} name={line.resource_name ?? line.resource_id.slice(-6)} />;
}

/** Lines of the provider's invoices. A line with a resource opens it, another one its invoice. */
export function CostLines({ filters, totals }: { readonly filters: Filters; readonly totals?: React.ReactNode }) {
  const navigate = useNavigate();
  const list = useList<Line, Schemas['CostLineResponseList']>(
    ['cost-lines', filters],
    (cursor, signal) =>
      answered(api.GET('/api/v1/billing/cost-lines', { params: { query: { ...filters, limit: PAGE, cursor } as never }, signal })),
    { pollMs: 60_000 },
  );
  const open = ({ resource_id: resource, invoice_id: invoice }: Line) =>
    void (resource
      ? navigate({ to: '/resources/$id', params: { id: resource } })
      : navigate({ to: '/provider-invoices/$id', params: { id: invoice } }));
  return (
    <ListCard
      list={list}
      label={TEXTS.lines}
      columns={COLUMNS}
      rowId={({ id }) => id}
      onOpen={open}
      {...(totals !== undefined && { totals })}
      item={(line) => (
        <div className="item">
          <KindIcon kind={line.kind} />
          <span className="trunc">{line.resource_name ?? line.description}</span>
          <span className="tn">{money(line.amount)}</span>
          <span className="l2 dim">
            {line.tenant_id ?? HEADS.noTenant} · {line.product}
          </span>
        </div>
      )}
      filters={Object.keys(filters).flatMap((name) => (name === 'invoice_id' ? [] : [{ name }]))}
      empty={<EmptyState {...TEXTS.emptyLines} />}
    />
  );
}
