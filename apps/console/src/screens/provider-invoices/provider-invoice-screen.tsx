import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { Figures, NoFigure } from '../../parts/figures';
import { useFilters } from '../../parts/filters';
import { calendarDay, count, lessOf, money, monthText, percent } from '../../parts/format';
import { IconDownload } from '../../parts/icons';
import { Detail, PageHead } from '../../parts/page';
import { Note } from '../../parts/states';
import { Status } from '../../parts/status';
import { CostLines } from './cost-lines';
import { invoiceName, Reconciliation } from './provider-invoices-screen';
import { TEXTS } from './texts';

type Invoice = Schemas['InvoiceResponse'];

/** One invoice of the provider: whether it adds up, and its lines. */
export function ProviderInvoiceScreen() {
  const { id } = useParams({ from: '/provider-invoices/$id' });
  const { filters, change } = useFilters();
  const invoice = useQuery({
    queryKey: ['provider-invoices', 'one', id],
    queryFn: () => answered(api.GET('/api/v1/billing/invoices/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.data.status === 'ingesting' ? 2_000 : 15_000),
  });
  const found = invoice.data?.data;
  const isUnmatched = filters.matched === 'false';
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/provider-invoices' }} queries={[invoice]} fixed>
      {found && (
        <>
          <PageHead
            title={monthText(found.period)}
            badges={
              <>
                {found.status !== 'ingested' && <Status of="ingest" value={found.status} pill />}
                <Reconciliation invoice={found} pill />
              </>
            }
            sub={`${invoiceName(found)}, ${calendarDay(found.issued_on)}`}
            crumbs={[{ text: TEXTS.title, to: '/provider-invoices' }, { text: monthText(found.period) }]}
            actions={<Actions invoice={found} />}
          />
          <div className="grid" style={{ marginBottom: 12, flex: 'none' }}>
            <InvoiceFigures invoice={found} />
            {found.failure && (
              <Note tone="bad" title={TEXTS.failure}>
                {found.failure.detail} <span className="mono dim">{found.failure.code}</span>
              </Note>
            )}
            {found.push_error !== null && (
              <Note tone="warn" title={TEXTS.pushError}>
                {found.push_error}
              </Note>
            )}
            {(found.unreadable_cells ?? 0) > 0 && <Note tone="info">{TEXTS.unreadable(count(found.unreadable_cells ?? 0))}</Note>}
          </div>
          <CostLines
            filters={{ invoice_id: id, matched: filters.matched }}
            totals={
              <span className="seg" role="group" aria-label={TEXTS.lines}>
                <button type="button" aria-pressed={!isUnmatched} onClick={() => change({ matched: undefined })}>
                  {TEXTS.allLines}
                </button>
                <button type="button" aria-pressed={isUnmatched} onClick={() => change({ matched: 'false' })}>
                  {TEXTS.unmatched}
                </button>
              </span>
            }
          />
        </>
      )}
    </Detail>
  );
}

function InvoiceFigures({ invoice }: { readonly invoice: Invoice }) {
  const { strip } = TEXTS;
  const { amount, tax_amount: tax, lines, reconciliation } = invoice;
  const { difference } = reconciliation;
  const sum = difference === null ? null : lessOf(amount, difference);
  const none = <NoFigure text={strip.none} />;
  const share = (value: number | null) => (value === null ? none : percent(value));
  return (
    <Figures
      label={strip.label}
      figures={[
        { name: strip.amount, value: money(amount) },
        { name: strip.lines, value: sum === null ? none : money(sum), ...(lines !== null && { more: TEXTS.more(count(lines)) }) },
        { name: strip.difference, value: difference === null ? none : money(difference) },
        { name: strip.tax, value: tax === null ? none : money(tax) },
        { name: strip.matched, value: share(invoice.matched_line_ratio) },
        { name: strip.attributed, value: share(invoice.attributed_amount_ratio) },
      ]}
    />
  );
}

function Actions({ invoice }: { readonly invoice: Invoice }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<'ingest' | 'release' | null>(null);
  const params = { path: { id: invoice.id } };
  const done = async (answer: { readonly data: Invoice }) => {
    client.setQueryData(['provider-invoices', 'one', invoice.id], answer);
    await client.invalidateQueries({ queryKey: ['provider-invoices'] });
  };
  const ingest = async (reason: string | undefined) =>
    done(await answered(api.POST('/api/v1/billing/invoices/{id}/ingest', { params, body: { ...(reason && { reason }) } })));
  const release = async (reason: string | undefined) =>
    done(await answered(api.POST('/api/v1/billing/invoices/{id}/release', { params, body: { reason: reason ?? '' } })));
  const name = invoiceName(invoice);
  const close = () => setAsking(null);
  return (
    <>
      <a className="btn quiet" href={`/api/v1/billing/cost-lines.csv?invoice_id=${invoice.id}`} download>
        <IconDownload size={16} stroke={1.75} aria-hidden />
        {TEXTS.csv}
      </a>
      <button type="button" className="btn" onClick={() => setAsking('ingest')}>
        {TEXTS.ingest.button}
      </button>
      {invoice.reconciliation.status === 'mismatch' && (
        <button type="button" className="btn bad" onClick={() => setAsking('release')}>
          {TEXTS.release.button}
        </button>
      )}
      {asking === 'ingest' && (
        <Confirm title={TEXTS.ingest.title(name)} button={TEXTS.ingest.button} reason="optional" confirm={ingest} close={close}>
          <p>{TEXTS.ingest.text}</p>
        </Confirm>
      )}
      {asking === 'release' && (
        <Confirm
          title={TEXTS.release.title(name)}
          button={TEXTS.release.button}
          reason="required"
          danger
          typed={name}
          confirm={release}
          close={close}
        >
          <p>{TEXTS.release.text(money(invoice.reconciliation.difference ?? '0'))}</p>
        </Confirm>
      )}
    </>
  );
}
