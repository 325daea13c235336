import { answered, api, type Schemas } from '../../client/client';
import { PdfLink } from '../../parts/csv';
import type { CsvColumns } from '../../parts/csv-rows';
import type { Column } from '../../parts/data-table';
import { calendarDay, moneyIn } from '../../parts/format';
import { PAGE } from '../../parts/list';
import { TenantName } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { MoneyList } from './money-list';
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
      <PdfLink className="mono" href={`/api/v1/credit-notes/${id}/document.pdf`} name={`${number}.pdf`} title={TEXTS.pdf}>
        {number}
      </PdfLink>
    ),
  },
  { id: 'day', head: heads.day, width: 104, cell: ({ issued_on: on }) => calendarDay(on) },
  { id: 'tenant', head: heads.tenant, width: 120, cell: ({ tenant_id: id }) => <TenantName id={id} /> },
  { id: 'invoice', head: heads.invoice, width: 112, cell: ({ invoice_number: number }) => <span className="mono">{number}</span> },
  { id: 'reason', head: heads.reason, cell: ({ reason }) => <span title={reason}>{reason}</span> },
  {
    id: 'rest',
    head: heads.rest,
    width: 176,
    wide: true,
    cell: (note) => <span className="mid">{restText(note) || <span className="dim">{TEXTS.noRest}</span>}</span>,
  },
  { id: 'lowers', head: heads.lowers, width: 104, numeric: true, wide: true, cell: (one) => moneyIn(one.lowers_due, one.currency) },
  { id: 'total', head: heads.total, width: 104, numeric: true, cell: ({ total, currency }) => moneyIn(total, currency) },
];

const CSV: CsvColumns<CreditNote> = [
  ['number', (one) => one.number],
  ['day', (one) => one.issued_on],
  ['tenant', (one) => one.tenant_id],
  ['invoice', (one) => one.invoice_number],
  ['reason', (one) => one.reason],
  ['currency', (one) => one.currency],
  ['net', (one) => one.net],
  ['tax', (one) => one.tax],
  ['total', (one) => one.total],
  ['lowers_due', (one) => one.lowers_due],
];

const SPECS = [
  { name: 'number', label: TEXTS.filters.number },
  { name: 'issued_on', label: TEXTS.filters.issued_on },
];

export function CreditNotesScreen() {
  const { isAdmin } = useSession();
  return (
    <MoneyList<CreditNote, Schemas['CreditNoteResponseList']>
      name="credit-notes"
      title={TEXTS.notes}
      sub={TEXTS.subs.notes}
      read={(query, signal) => answered(api.GET('/api/v1/credit-notes', { params: { query: { ...query, limit: PAGE } as never }, signal }))}
      columns={COLUMNS}
      specs={SPECS}
      csv={CSV}
      item={(one, isForAdmin) => [
        <span key="number" className="mono">
          {one.number}
        </span>,
        moneyIn(one.total, one.currency),
        [...(isForAdmin ? [one.tenant_id] : []), calendarDay(one.issued_on), one.reason].join(' · '),
      ]}
      empty={isAdmin ? TEXTS.empty.notes : TEXTS.empty.ownNotes}
    />
  );
}
