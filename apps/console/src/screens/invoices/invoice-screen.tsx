import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { Figures } from '../../parts/figures';
import { calendarDay, moneyIn, monthText, words } from '../../parts/format';
import { Card, PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Note, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { useSession } from '../../shell/session';
import { ChangesCard } from './changes-card';
import { InvoiceActions } from './invoice-actions';
import { AgainstCard, MoneyCard, ProofCard } from './invoice-rail';
import { PaymentStatus } from './invoice-states';
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
    <Screen>
      {invoice.error && <ErrorState error={invoice.error} retry={() => void invoice.refetch()} />}
      {invoice.isPending && <Skeleton />}
      {found && (
        <>
          <PageHead
            title={found.number ?? found.draft_number ?? TEXTS.title}
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
    </Screen>
  );
}

function InvoiceFacts({ invoice }: { readonly invoice: Invoice }) {
  const { facts, auto } = TEXTS.page;
  const amount = (value: string) => <span className="tn">{moneyIn(value, invoice.currency)}</span>;
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    [facts.net, amount(invoice.net)],
    [facts.tax, invoice.tax_status === 'decided' ? amount(invoice.tax) : <span className="dim">{TEXTS.page.undecided}</span>],
    [facts.total, amount(invoice.total)],
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
  const { id, currency } = invoice;
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
        <a className="btn quiet sml" href={`/api/v1/tenant-invoices/${id}/lines.csv`}>
          {TEXTS.page.csv}
        </a>
      }
    >
      {lines.error && <ErrorState error={lines.error} retry={() => void lines.refetch()} />}
      {lines.isPending && <Skeleton />}
      {lines.data && rows.length === 0 && <EmptyState {...TEXTS.page.none} />}
      {rows.length > 0 && <LinesTable rows={rows} currency={currency} />}
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

function LinesTable({ rows, currency }: { readonly rows: readonly Line[]; readonly currency: string }) {
  const { line } = TEXTS.page;
  return (
    <table aria-label={TEXTS.page.lines} className="inv-lines">
      <thead>
        <tr>
          <th scope="col">{line.what}</th>
          <th scope="col" className="num amount-col hide-m">
            {line.quantity}
          </th>
          <th scope="col" className="num amount-col hide-m">
            {line.price}
          </th>
          <th scope="col" className="num tax-col hide-m">
            {line.tax}
          </th>
          <th scope="col" className="num amount-col">
            {line.net}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.line_no}>
            <td title={row.description}>
              {row.description}
              {row.resource_name && <LineResource line={row} />}
              {row.corrects && <span className="dim"> · {TEXTS.page.corrects(monthText(row.corrects))}</span>}
            </td>
            <td className="num tn hide-m">{row.quantity === null ? '' : `${row.quantity} ${row.unit}`}</td>
            <td className="num tn hide-m">{row.unit_price ?? ''}</td>
            <td className="num tn hide-m">{row.tax_rate === null ? '' : `${row.tax_rate} %`}</td>
            <td className="num tn">{moneyIn(row.net, currency)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A resource that is not in the inventory has a name only. */
function LineResource({ line }: { readonly line: Line }) {
  if (line.resource_id === null) return <span className="dim"> · {line.resource_name}</span>;
  return (
    <>
      {' · '}
      <Link to="/resources/$id" params={{ id: line.resource_id }}>
        {line.resource_name}
      </Link>
    </>
  );
}
