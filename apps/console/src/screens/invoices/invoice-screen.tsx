import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { Figures } from '../../parts/figures';
import { calendarDay, moneyIn, monthText, unitPriceIn, words } from '../../parts/format';
import { Card, Detail, PageHead } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState, ErrorState, Note, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { useSession } from '../../shell/session';
import { ChangesCard } from './changes-card';
import { InvoiceActions } from './invoice-actions';
import { AgainstCard, MoneyCard, ProofCard } from './invoice-rail';
import { isDecided, PaymentStatus } from './invoice-states';
import '../costs/costs.css';
import './invoices.css';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];
type Line = Schemas['TenantInvoiceLineResponse'];

const LINES = 100;

export function InvoiceScreen() {
  const { id } = useParams({ from: '/invoices/$id' });
  const { isAdmin } = useSession();
  const invoice = useQuery({
    queryKey: ['invoices', 'one', id],
    queryFn: () => answered(api.GET('/api/v1/tenant-invoices/{id}', { params: { path: { id } } })),
    refetchInterval: 15_000,
  });
  const found = invoice.data?.data;
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/invoices' }} queries={[invoice]}>
      {found && (
        <>
          <PageHead
            title={found.number ? TEXTS.named(found.number) : (found.draft_number ?? TEXTS.one)}
            badges={
              <>
                <Status of="invoice" value={found.status} pill />
                <PaymentStatus invoice={found} pill />
              </>
            }
            crumbs={[
              { text: TEXTS.title, to: '/invoices' },
              ...(isAdmin ? [{ text: found.tenant_id, to: `/tenants/${found.tenant_id}` }] : []),
              { text: found.period === null ? TEXTS.oneOff : monthText(found.period) },
            ]}
            actions={<InvoiceActions invoice={found} />}
          />
          <InvoiceFacts invoice={found} />
          <div className="two">
            <div className="grid">
              {found.problems.map(({ code, severity, path, detail }) => (
                <Note key={`${code} ${path}`} tone={severity === 'critical' ? 'bad' : 'warn'} title={words(code)}>
                  {detail} <span className="mono dim">{path}</span>
                </Note>
              ))}
              {found.status === 'draft' && isAdmin && <ChangesCard invoice={found} />}
              <LinesCard key={found.version} invoice={found} />
            </div>
            <div className="grid">
              {found.status === 'issued' && <MoneyCard invoice={found} />}
              {found.kind === 'standard' && <AgainstCard invoice={found} />}
              {found.number !== null && <ProofCard invoice={found} />}
            </div>
          </div>
        </>
      )}
    </Detail>
  );
}

function InvoiceFacts({ invoice }: { readonly invoice: Invoice }) {
  const { facts, auto } = TEXTS.page;
  const amount = (value: string) => <span className="tn">{moneyIn(value, invoice.currency)}</span>;
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    [facts.net, amount(invoice.net)],
    [facts.tax, isDecided(invoice) ? amount(invoice.tax) : <span className="undecided">{TEXTS.page.undecided}</span>],
    [facts.total, isDecided(invoice) ? amount(invoice.total) : ''],
    [facts.due, invoice.status === 'issued' ? amount(invoice.due) : ''],
    [facts.issued, invoice.issued_on && calendarDay(invoice.issued_on)],
    [facts.dueOn, invoice.due_on && calendarDay(invoice.due_on)],
    [facts.auto, invoice.auto && invoice.status !== 'issued' && invoice.status !== 'void' ? (auto[invoice.auto] ?? invoice.auto) : ''],
    [
      facts.replaces,
      invoice.replaces && (
        <Link to="/invoices/$id" params={{ id: invoice.replaces }}>
          {TEXTS.page.facts.replacesText}
        </Link>
      ),
    ],
    [facts.voided, invoice.void_reason && `“${invoice.void_reason}”`],
  ];
  const shown = rows.filter(([, value]) => value !== '' && value !== null);
  return (
    <div style={{ marginBottom: 16 }}>
      <Figures label={TEXTS.page.figures} figures={shown.map(([name, value]) => ({ name, value }))} />
    </div>
  );
}

/** The lines as the document prints them, a page at a time. */
function LinesCard({ invoice }: { readonly invoice: Invoice }) {
  const { isAdmin } = useSession();
  const { id } = invoice;
  const lines = useInfiniteQuery({
    queryKey: ['invoices', 'lines', id],
    queryFn: ({ pageParam: cursor, signal }) =>
      answered(
        api.GET('/api/v1/tenant-invoices/{id}/lines', {
          params: { path: { id }, query: { limit: LINES, ...(cursor !== '' && { cursor }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ page }) => page.next_cursor ?? undefined,
  });
  const rows = lines.data?.pages.flatMap(({ data }) => [...data]) ?? [];
  return (
    <Card
      title={TEXTS.page.lines}
      right={
        <a className="btn sml" download href={`/api/v1/tenant-invoices/${id}/lines.csv`}>
          {TEXTS.page.csv}
        </a>
      }
    >
      {lines.error && <ErrorState error={lines.error} retry={() => void lines.refetch()} />}
      {lines.isPending && <Skeleton />}
      {lines.data && rows.length === 0 && <EmptyState {...(isAdmin ? TEXTS.page.none : TEXTS.page.noneTenant)} />}
      {rows.length > 0 && <LinesTable rows={rows} invoice={invoice} />}
      {rows.length > 0 && !lines.hasNextPage && <Sums invoice={invoice} />}
      {lines.hasNextPage && (
        <p style={{ padding: '8px 16px' }}>
          <button type="button" className="btn sml" disabled={lines.isFetchingNextPage} onClick={() => void lines.fetchNextPage()}>
            {TEXTS.page.more}
          </button>
        </p>
      )}
    </Card>
  );
}

/** Below the lines, as on the document: net, tax, total. A draft has its net only. */
function Sums({ invoice }: { readonly invoice: Invoice }) {
  const { facts } = TEXTS.page;
  const { net, tax, total, currency } = invoice;
  return (
    <dl className="inv-sums">
      <dt>{facts.net}</dt>
      <dd>{moneyIn(net, currency)}</dd>
      <dt>{facts.tax}</dt>
      <dd>{isDecided(invoice) ? moneyIn(tax, currency) : <span className="dim">{TEXTS.page.undecided}</span>}</dd>
      {isDecided(invoice) && (
        <>
          <dt className="all">{facts.total}</dt>
          <dd className="all">{moneyIn(total, currency)}</dd>
        </>
      )}
    </dl>
  );
}

/** What a line is about: its description, which leads to the resource that it names. */
function What({ row }: { readonly row: Line }) {
  const { description, resource_id: id, resource_name: name, corrects } = row;
  const rest = name !== null && !description.includes(name) ? name : null;
  return (
    <>
      {id === null || rest !== null ? (
        description
      ) : (
        <Link to="/resources/$id" params={{ id }}>
          {description}
        </Link>
      )}
      {rest !== null && ' · '}
      {rest !== null && id === null && <span className="dim">{rest}</span>}
      {rest !== null && id !== null && (
        <Link to="/resources/$id" params={{ id }}>
          {rest}
        </Link>
      )}
      {corrects && <span className="dim"> · {TEXTS.page.corrects(monthText(corrects))}</span>}
    </>
  );
}

function LinesTable({ rows, invoice }: { readonly rows: readonly Line[]; readonly invoice: Invoice }) {
  const { line } = TEXTS.page;
  const { currency } = invoice;
  const columns: readonly PlainColumn<Line>[] = [
    {
      id: 'what',
      head: line.what,
      cell: (row) => (
        <span title={row.description}>
          <What row={row} />
        </span>
      ),
    },
    { id: 'quantity', head: line.quantity, numeric: true, width: 'money-col', wide: true, cell: quantityText },
    {
      id: 'price',
      head: line.price,
      numeric: true,
      width: 'money-col',
      wide: true,
      cell: ({ unit_price: price }) => (price === null ? <span className="dim">{line.noPrice}</span> : unitPriceIn(price, currency)),
    },
    {
      id: 'tax',
      head: line.tax,
      numeric: true,
      width: 'short-col',
      wide: true,
      cell: ({ tax_rate: rate }) =>
        rate === null || !isDecided(invoice) ? <span className="dim">{TEXTS.page.taxOpen}</span> : `${rate} %`,
    },
    { id: 'net', head: line.net, numeric: true, width: 'money-col', cell: ({ net }) => moneyIn(net, currency) },
  ];
  return (
    <div className="inv-lines">
      <PlainTable label={TEXTS.page.lines} columns={columns} rows={rows} rowId={(row) => String(row.line_no)} />
    </div>
  );
}

const PLURALS: Readonly<Record<string, string>> = { hour: 'hours', day: 'days', month: 'months', backup: 'backups' };

/** "744 hours"; a single piece has no unit. */
function quantityText({ quantity, unit }: Line): string {
  if (quantity === null) return '';
  if (unit === null || unit === 'each') return quantity;
  return `${quantity} ${Number(quantity) === 1 ? unit : (PLURALS[unit] ?? unit)}`;
}
