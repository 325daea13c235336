import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { CsvButton } from '../../parts/csv';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters } from '../../parts/filters';
import { calendarDay, moneyIn } from '../../parts/format';
import { ListCard, PAGE, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { SubNav } from '../../parts/sub-nav';
import { useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { PAYMENT_PLACES } from './money-places';
import { TEXTS } from './texts';

export type CreditNote = Schemas['CreditNoteResponse'];

const { heads } = TEXTS;

/** Where the rest of a credit note went, in words. */
export function restText({ rest, currency }: Pick<CreditNote, 'rest' | 'currency'>): string {
  const parts = (['refund', 'wallet', 'out_of_band'] as const).filter((name) => Number(rest[name]) !== 0);
  return parts.map((name) => `${moneyIn(rest[name], currency)} ${TEXTS.rest[name]}`).join(', ');
}

const COLUMNS: readonly Column<CreditNote>[] = [
  {
    id: 'number',
    head: heads.number,
    width: 136,
    cell: ({ id, number }) => (
      <a className="mono" href={`/api/v1/credit-notes/${id}/document.pdf`} onClick={(event) => event.stopPropagation()} title={TEXTS.pdf}>
        {number}
      </a>
    ),
  },
  { id: 'day', head: heads.day, width: 104, cell: ({ issued_on: on }) => calendarDay(on) },
  { id: 'tenant', head: heads.tenant, width: 120, cell: ({ tenant_id: id }) => <b style={{ fontWeight: 550 }}>{id}</b> },
  { id: 'invoice', head: heads.invoice, width: 112, cell: ({ invoice_number: number }) => <span className="mono">{number}</span> },
  { id: 'reason', head: heads.reason, cell: ({ reason }) => <span title={reason}>{reason}</span> },
  { id: 'rest', head: heads.rest, width: 176, wide: true, cell: (note) => <span className="mid">{restText(note)}</span> },
  { id: 'lowers', head: heads.lowers, width: 104, numeric: true, wide: true, cell: (one) => moneyIn(one.lowers_due, one.currency) },
  { id: 'total', head: heads.total, width: 104, numeric: true, cell: ({ total, currency }) => moneyIn(total, currency) },
];

/** Credit notes, the newest first. A tenant sees its own. */
export function CreditNotesScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const list = useList<CreditNote, Schemas['CreditNoteResponseList']>(['credit-notes', filters], (cursor, signal) =>
    answered(api.GET('/api/v1/credit-notes', { params: { query: { ...filters, limit: PAGE, cursor } as never }, signal })),
  );
  const columns = useMemo(() => COLUMNS.filter(({ id }) => isAdmin || id !== 'tenant'), [isAdmin]);
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.notes}
        sub={TEXTS.subs.notes}
        beside={<SubNav label={TEXTS.label} places={PAYMENT_PLACES} />}
        actions={
          <CsvButton
            name="credit-notes.csv"
            head={['number', 'day', 'tenant', 'invoice', 'reason', 'currency', 'net', 'tax', 'total', 'lowers_due']}
            rows={list.rows.map((one) => [one.number, one.issued_on, one.tenant_id, one.invoice_number, one.reason, one.currency, one.net, one.tax, one.total, one.lowers_due])} // prettier-ignore
          />
        }
      />
      <FilterChips
        specs={[
          ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []),
          { name: 'number', label: TEXTS.filters.number },
          { name: 'issued_on', label: TEXTS.filters.issued_on },
        ]}
      />
      <ListCard
        list={list}
        label={TEXTS.notes}
        columns={columns}
        rowId={({ id }) => id}
        onOpen={({ invoice_id: id }) => void navigate({ to: '/invoices/$id', params: { id } })}
        item={(one) => (
          <div className="item">
            <span />
            <b className="mono">{one.number}</b>
            <span className="tn">{moneyIn(one.total, one.currency)}</span>
            <span className="l2 dim">
              {isAdmin && `${one.tenant_id} · `}
              {calendarDay(one.issued_on)} · {one.reason}
            </span>
          </div>
        )}
        empty={<EmptyState {...(isAdmin ? TEXTS.empty.notes : TEXTS.empty.ownNotes)} />}
      />
    </Screen>
  );
}
