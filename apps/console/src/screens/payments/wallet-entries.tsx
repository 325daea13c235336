import { useNavigate } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { dateText, moneyIn } from '../../parts/format';
import { ListCard, PAGE, useList } from '../../parts/list';
import { EmptyState } from '../../parts/states';
import { TEXTS } from './texts';

type Entry = Schemas['WalletEntryResponse'];

const { heads } = TEXTS;
const causeText = (cause: string): string => TEXTS.causes[cause] ?? cause;
const signed = ({ amount, currency }: Entry): string => `${Number(amount) > 0 ? '+' : ''}${moneyIn(amount, currency)}`;

const COLUMNS: readonly Column<Entry>[] = [
  { id: 'day', head: heads.day, width: 110, cell: ({ created_at: at }) => dateText(at) },
  { id: 'wallet', head: heads.wallet, width: 110, cell: ({ kind }) => TEXTS.walletKinds[kind] ?? kind },
  { id: 'cause', head: heads.cause, width: 170, cell: ({ cause }) => causeText(cause) },
  { id: 'invoice', head: heads.invoice, width: 120, cell: ({ invoice_number: number }) => <span className="mono">{number}</span> },
  { id: 'reason', head: heads.reason, cell: ({ reason }) => reason ?? '' },
  {
    id: 'expires',
    head: heads.expires,
    width: 140,
    numeric: true,
    wide: true,
    cell: ({ expires_at: at }) => (at ? dateText(at) : TEXTS.never),
  },
  { id: 'amount', head: heads.amount, width: 116, numeric: true, cell: signed },
];

/** The movements of the wallet of a tenant, the newest first. */
export function WalletEntries({ tenant, totals }: { readonly tenant: string; readonly totals: React.ReactNode }) {
  const navigate = useNavigate();
  const list = useList<Entry, Schemas['WalletEntryResponseList']>(['wallets', 'entries', tenant], (cursor, signal) =>
    answered(
      api.GET('/api/v1/wallets/{tenant_id}/entries', {
        params: { path: { tenant_id: tenant }, query: { limit: PAGE, ...(cursor && { cursor }) } },
        signal,
      }),
    ),
  );
  return (
    <ListCard
      list={list}
      label={TEXTS.wallets}
      columns={COLUMNS}
      rowId={({ id }) => id}
      totals={totals}
      onOpen={({ invoice_id: id }) => void (id && navigate({ to: '/invoices/$id', params: { id } }))}
      item={(entry) => (
        <div className="item">
          <span />
          <span className="trunc">{causeText(entry.cause)}</span>
          <span className="tn">{signed(entry)}</span>
          <span className="l2 dim">
            {dateText(entry.created_at)} {entry.invoice_number && `· ${entry.invoice_number}`} {entry.reason && `· ${entry.reason}`}
          </span>
        </div>
      )}
      empty={<EmptyState {...TEXTS.empty.entries} />}
    />
  );
}
