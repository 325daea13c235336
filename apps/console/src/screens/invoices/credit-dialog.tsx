import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { moneyIn } from '../../parts/format';
import { everyPage } from '../../parts/list';
import { Facts } from '../../parts/page';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { amountText, creditable, creditTotals, minor, placesOf } from './credit-amounts';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];

const { credit: WORDS } = TEXTS;
/** A long invoice has a field to find its lines. */
const MOST_FIELDS = 50;
const RESTS = ['refund', 'wallet', 'out_of_band'] as const;

interface CreditDialogProps {
  readonly invoice: Invoice;
  readonly close: () => void;
}

const isNamed = ({ description, resource_name: name }: Schemas['TenantInvoiceLineResponse'], q: string): boolean =>
  `${description} ${name ?? ''}`.toLowerCase().includes(q.trim().toLowerCase());

/** Takes back parts of lines. What is more than is due must be split exactly before it can be confirmed. */
export function CreditDialog({ invoice, close }: CreditDialogProps) {
  const client = useQueryClient();
  const { id, currency, version } = invoice;
  const places = placesOf(invoice.total);
  const source = useQuery({
    queryKey: ['invoices', 'creditable', id, version],
    queryFn: async () => {
      const [lines, notes] = await Promise.all([
        everyPage((query) => answered(api.GET('/api/v1/tenant-invoices/{id}/lines', { params: { path: { id }, query } }))),
        everyPage((page) => answered(api.GET('/api/v1/credit-notes', { params: { query: { invoice_id: id, ...page } } }))),
      ]);
      return { lines: lines.data, notes: notes.data };
    },
    gcTime: 0,
  });
  const [nets, setNets] = useState<Readonly<Record<number, string>>>({});
  const [rest, setRest] = useState<Readonly<Record<string, string>>>({});
  const [q, setQ] = useState('');
  const lines = source.data?.lines ?? [];
  const found = lines.filter((line) => isNamed(line, q));
  const left = creditable(lines, source.data?.notes ?? [], places);
  const money = (units: bigint) => moneyIn(amountText(units, places), currency);

  const given = lines.flatMap((line) => {
    const text = nets[line.line_no] ?? '';
    return text.trim() === '' ? [] : [{ line, net: minor(text, places) }];
  });
  const wrong = new Map(
    given.flatMap(({ line: { line_no: no }, net }) => {
      const most = left.get(no) ?? 0n;
      const isFit = net !== null && net !== 0n && (most < 0n ? net < 0n && net >= most : net > 0n && net <= most);
      return isFit ? [] : [[no, WORDS.most(money(most))] as const];
    }),
  );
  const groupOf = (category: string | null, rate: string | null) => ({ group: `${category} ${rate}`, rate: rate ?? '0' });
  const totals = creditTotals(
    given.map(({ line, net }) => ({ net: net ?? 0n, ...groupOf(line.tax_category, line.tax_rate) })),
    (source.data?.notes ?? []).flatMap((note) =>
      note.lines.map((one) => ({ net: minor(one.net, places) ?? 0n, ...groupOf(one.tax_category, one.tax_rate) })),
    ),
  );
  const due = minor(invoice.due, places) ?? 0n;
  const lowers = totals.total < due ? totals.total : due;
  const over = totals.total - lowers;
  const split = RESTS.map((name) => minor(rest[name] || '0', places));
  const isSplit = over > 0n; // without a rest, what was typed for it does not count
  const open = !isSplit ? 0n : split.includes(null) ? null : over - split.reduce<bigint>((sum, one) => sum + (one ?? 0n), 0n);
  const isReady = given.length > 0 && wrong.size === 0 && totals.total > 0n && open === 0n;

  const issue = async (reason: string | undefined) => {
    const body = {
      lines: given.map(({ line, net }) => ({ line_no: line.line_no, net: amountText(net ?? 0n, places) })),
      ...(isSplit && {
        rest: Object.fromEntries(RESTS.map((name) => [name, rest[name]?.trim() || '0'])) as Record<(typeof RESTS)[number], string>,
      }),
      reason: reason ?? '',
      expected_version: version,
    };
    await answered(api.POST('/api/v1/tenant-invoices/{id}/credit', { params: { path: { id } }, body }));
    await client.invalidateQueries({ queryKey: ['invoices'] });
    await client.invalidateQueries({ queryKey: ['credit-notes'] });
    await client.invalidateQueries({ queryKey: ['wallets'] });
  };
  const fill = () =>
    setNets(Object.fromEntries([...left].flatMap(([no, units]) => (units === 0n ? [] : [[no, amountText(units, places)]]))));
  return (
    <Confirm
      title={WORDS.title(invoice.number ?? '')}
      button={totals.total > 0n ? WORDS.button(money(totals.total)) : WORDS.empty}
      reason="required"
      wide
      ready={isReady}
      confirm={issue}
      close={close}
    >
      {source.error && <ErrorState error={source.error} retry={() => void source.refetch()} />}
      {source.isPending && <Skeleton lines={4} />}
      {source.data && (
        <div className="grid">
          <p className="mid">
            {WORDS.text}{' '}
            <button type="button" className="btn sml" onClick={fill}>
              {WORDS.all}
            </button>
          </p>
          {lines.length > MOST_FIELDS && (
            <TextInput
              type="search"
              aria-label={WORDS.find}
              placeholder={WORDS.find}
              value={q}
              onChange={(event) => setQ(event.currentTarget.value)}
            />
          )}
          <ul className="credit-lines">
            {found.slice(0, MOST_FIELDS).map((line) => {
              const most = left.get(line.line_no) ?? 0n;
              return (
                <li key={line.line_no}>
                  <span>
                    <b>{line.description}</b>
                    {line.resource_name && <span className="dim"> · {line.resource_name}</span>}
                    <span className="dim sm">{most === 0n ? WORDS.credited : WORDS.left(money(most))}</span>
                  </span>
                  <TextInput
                    aria-label={WORDS.net(line.line_no, line.description)}
                    inputMode="decimal"
                    placeholder="0.00"
                    disabled={most === 0n}
                    value={nets[line.line_no] ?? ''}
                    onChange={(event) => {
                      const { value } = event.currentTarget;
                      setNets((now) => ({ ...now, [line.line_no]: value }));
                    }}
                    error={wrong.get(line.line_no)}
                  />
                </li>
              );
            })}
            {found.length > MOST_FIELDS && <li className="dim sm">{WORDS.moreLines(found.length - MOST_FIELDS)}</li>}
          </ul>
          <Facts
            right
            rows={[
              [WORDS.sums.net, money(totals.net)],
              [WORDS.sums.tax, money(totals.tax)],
              [WORDS.sums.total, <b key="total">{money(totals.total)}</b>],
              [WORDS.sums.lowers, money(lowers > 0n ? lowers : 0n)],
              [WORDS.sums.rest, money(isSplit ? over : 0n)],
            ]}
          />
          {isSplit && (
            <div className="money-form">
              {RESTS.map((name) => (
                <TextInput
                  key={name}
                  label={WORDS.rests[name]}
                  inputMode="decimal"
                  placeholder="0.00"
                  value={rest[name] ?? ''}
                  onChange={(event) => {
                    const { value } = event.currentTarget;
                    setRest((now) => ({ ...now, [name]: value }));
                  }}
                />
              ))}
              <button
                type="button"
                className="btn"
                style={{ alignSelf: 'end' }}
                onClick={() => setRest({ wallet: amountText(over, places) })}
              >
                {WORDS.toWallet}
              </button>
            </div>
          )}
          {isSplit && open !== 0n && <Note tone="warn">{open === null ? WORDS.noAmount : WORDS.open(money(open))}</Note>}
        </div>
      )}
    </Confirm>
  );
}
