import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { PdfLink } from '../../parts/csv';
import { calendarDay, lessOf, moneyIn, monthText, negated, plainDelta, sumOf } from '../../parts/format';
import { IconShieldCheck } from '../../parts/icons';
import { everyPage } from '../../parts/list';
import { Card, Facts } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { useSession } from '../../shell/session';
import { lastMonths } from '../costs/cost-history';
import { leftOf, ReturnDialog } from './return-dialog';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];
type Line = Schemas['TenantInvoiceLineResponse'];

const { rail: WORDS } = TEXTS;
/** Longer invoices are compared by their files. */
const MOST_LINES = 2_000;
const MONTHS_BACK = 60;
const MOST_DIFFERENCES = 12;

/** What came in and went back: total, payments, wallet, credit notes, and what is left. */
export function MoneyCard({ invoice }: { readonly invoice: Invoice }) {
  const { id, currency, total, due } = invoice;
  const [returning, setReturning] = useState<Invoice | null>(null); // the invoice as it was when the dialog opened
  const moved = useQuery({
    queryKey: ['invoices', 'moved', id, invoice.version],
    queryFn: async () => {
      const [payments, notes] = await Promise.all([
        everyPage((page) => answered(api.GET('/api/v1/payments', { params: { query: { invoice_id: id, ...page } } }))),
        everyPage((page) => answered(api.GET('/api/v1/credit-notes', { params: { query: { invoice_id: id, ...page } } }))),
      ]);
      return { payments: payments.data, notes: notes.data };
    },
  });
  const less = (amount: string, isBack = false) => moneyIn(isBack ? amount : `-${amount}`, currency);
  const { payments = [], notes = [] } = moved.data ?? {};
  const counted = [
    ...payments.map(({ kind, to_due: part }) => (kind === 'received' ? part : negated(part))),
    ...notes.map(({ lowers_due: part }) => part),
  ];
  const wallet = lessOf(total, sumOf([...counted, due]));
  const promised = lessOf(sumOf(notes.map(({ rest }) => rest.refund)), sumOf(payments.map(({ to_refund: part }) => part)));
  const isReturnable = invoice.actions.includes('pay') && payments.some((one) => leftOf(one, payments) > 0n);
  return (
    <Card title={WORDS.money} pad>
      <p className="dim">{WORDS.due}</p>
      <p className="headline">{moneyIn(due, currency)}</p>
      {moved.error && <ErrorState error={moved.error} retry={() => void moved.refetch()} />}
      {moved.isPending && <Skeleton lines={3} />}
      {moved.data && (
        <Facts
          right
          rows={[
            [WORDS.total, moneyIn(total, currency)],
            ...(Number(wallet) > 0 ? [[WORDS.wallet, less(wallet)] as const] : []),
            ...payments.map(
              ({ kind, received_on: on, reference, to_due: part }) =>
                [`${WORDS.kinds[kind] ?? kind}, ${calendarDay(on)}, ${reference}`, less(part, kind !== 'received')] as const,
            ),
            ...notes.map(
              ({ id: note, number, lowers_due: part }) =>
                [
                  `${WORDS.note} ${number}`,
                  <PdfLink key={note} href={`/api/v1/credit-notes/${note}/document.pdf`} name={`${number}.pdf`}>
                    {less(part)}
                  </PdfLink>,
                ] as const,
            ),
            ...(Number(promised) > 0 ? [[TEXTS.back.promised, moneyIn(promised, currency)] as const] : []),
          ]}
        />
      )}
      {isReturnable && (
        <div className="go" style={{ marginTop: 12 }}>
          <button type="button" className="btn sml" onClick={() => setReturning(invoice)}>
            {TEXTS.back.button}
          </button>
        </div>
      )}
      {returning && <ReturnDialog invoice={returning} payments={payments} close={() => setReturning(null)} />}
    </Card>
  );
}

/** The printed document and its proof: what they are for, and how anybody checks them. */
export function ProofCard({ invoice }: { readonly invoice: Invoice }) {
  const { isAdmin } = useSession();
  const base = `/api/v1/tenant-invoices/${invoice.id}`;
  return (
    <Card title={WORDS.proof} right={<IconShieldCheck size={16} stroke={1.75} aria-hidden color="var(--ok-g)" />} pad>
      <p className="mid">{WORDS.proofText}</p>
      <p className="go" style={{ margin: '8px 0' }}>
        <PdfLink href={`${base}/document.pdf`} name={`${invoice.number}.pdf`}>
          {WORDS.pdf}
        </PdfLink>
        <a href={`${base}/proof.json`}>{WORDS.proofFile}</a>
        {isAdmin && <a href={`${base}/proof.json?issuer=true`}>{WORDS.issuerProof}</a>}
        <a href="/api/v1/proof-key">{WORDS.key}</a>
      </p>
      <p className="dim sm">{WORDS.verify}</p>
      <pre className="mono verify">{WORDS.command(invoice.number ?? '')}</pre>
    </Card>
  );
}

const keyOf = ({ resource_id: id, resource_name: name, description, kind }: Line): string => id ?? name ?? `${kind} ${description}`;
const nameOf = ({ resource_name: name, description }: Line): string => name ?? description;

interface Difference {
  readonly key: string;
  readonly name: string;
  /** Decimals. */
  readonly before: string;
  readonly after: string;
}

/** What each resource cost then and now, the largest difference first; what costs the same is left out. Pure. */
export function differences(before: readonly Line[], after: readonly Line[]): readonly Difference[] {
  const found = new Map<string, Difference>();
  const add = (line: Line, then: string, now: string) => {
    const key = keyOf(line);
    const known = found.get(key) ?? { key, name: nameOf(line), before: '0', after: '0' };
    found.set(key, { ...known, before: sumOf([known.before, then]), after: sumOf([known.after, now]) });
  };
  for (const line of before) add(line, line.net, '0');
  for (const line of after) add(line, '0', line.net);
  const deltaOf = (one: Difference) => Number(lessOf(one.after, one.before));
  return [...found.values()].filter((one) => deltaOf(one) !== 0).sort((a, b) => Math.abs(deltaOf(b)) - Math.abs(deltaOf(a)));
}

/** Why the invoice differs from that of the month before, resource by resource. */
export function AgainstCard({ invoice }: { readonly invoice: Invoice }) {
  const { id, period, tenant_id: tenant, currency, version } = invoice;
  const months = lastMonths(MONTHS_BACK);
  const before = period === null ? undefined : months[months.indexOf(period) + 1];
  const compared = useQuery({
    queryKey: ['invoices', 'against', id, version],
    queryFn: async () => {
      const query = { period: before ?? '', tenant_id: tenant, kind: 'standard' as const, limit: 20 };
      const { data } = await answered(api.GET('/api/v1/tenant-invoices', { params: { query } }));
      const last = data.find((one) => one.status !== 'void' && one.currency === currency);
      if (!last) return null;
      const linesOf = (of: string) =>
        everyPage(
          (page) => answered(api.GET('/api/v1/tenant-invoices/{id}/lines', { params: { path: { id: of }, query: page } })),
          MOST_LINES,
        );
      const [then, now] = await Promise.all([linesOf(last.id), linesOf(id)]);
      return { last, rows: then.isCut || now.isCut ? null : differences(then.data, now.data) };
    },
    enabled: before !== undefined,
  });
  if (!before || compared.data === null) return null;
  const found = compared.data;
  const rows = found?.rows ?? [];
  return (
    <Card title={WORDS.against(monthText(before))} pad>
      {compared.error && <ErrorState error={compared.error} retry={() => void compared.refetch()} />}
      {compared.isPending && <Skeleton lines={3} />}
      {found && (
        <>
          <Facts
            right
            rows={[
              [
                WORDS.netOf(monthText(before)),
                <Link key="last" to="/invoices/$id" params={{ id: found.last.id }}>
                  {moneyIn(found.last.net, currency)}
                </Link>,
              ],
              ...rows
                .slice(0, MOST_DIFFERENCES)
                .map(({ name, before: then, after: now }) => [name, plainDelta(lessOf(now, then))] as const),
              ...(rows.length > MOST_DIFFERENCES ? [[WORDS.others(rows.length - MOST_DIFFERENCES), restOf(rows)] as const] : []),
              [WORDS.netOf(monthText(period ?? '')), <b key="now">{moneyIn(invoice.net, currency)}</b>],
            ]}
          />
          {found.rows === null && <p className="mid">{WORDS.tooLong}</p>}
          {found.rows?.length === 0 && <p className="mid">{WORDS.same}</p>}
        </>
      )}
    </Card>
  );
}

const restOf = (rows: readonly Difference[]): string =>
  plainDelta(sumOf(rows.slice(MOST_DIFFERENCES).map(({ before, after }) => lessOf(after, before))));
