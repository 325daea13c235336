import { Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { SHORTEST_REASON } from '../../parts/confirm';
import { LeaveGuard, useTyped } from '../../parts/dialog';
import { fieldErrors } from '../../parts/fields';
import { useFilters } from '../../parts/filters';
import { decimalError, moneyIn } from '../../parts/format';
import { IconPlus, IconTrash } from '../../parts/icons';
import { everyPage } from '../../parts/list';
import '../../parts/money.css';
import { Card, PageHead, Screen } from '../../parts/page';
import { RefusedNote } from '../../parts/states';
import { MissingNote } from '../billing-settings/issuer-card';
import { amountText, netOf } from './credit-amounts';
import './invoices.css';
import { TEXTS } from './texts';

const { create: WORDS } = TEXTS;
const MOST_LINES = 100;
const PLACES = 2;
const LINE = { description: '', quantity: '1', unit: 'each', unit_price: '' };
type LineField = keyof typeof LINE;

interface Line {
  readonly key: number;
  readonly values: Readonly<Record<LineField, string>>;
}

/** What is wrong with a line, by field. */
function problemsOf({ values }: Line): Partial<Record<LineField, string>> {
  const needed = Object.fromEntries(Object.entries(values).flatMap(([name, text]) => (text.trim() === '' ? [[name, WORDS.needed]] : [])));
  const quantity = Number(values.quantity) === 0 ? WORDS.aboveZero : decimalError(values.quantity);
  const price = decimalError(values.unit_price, true);
  return { ...(quantity && { quantity }), ...(price && { unit_price: price }), ...needed };
}

const netOfLine = ({ values: { quantity, unit_price: price } }: Line): bigint | null => netOf(quantity, price, PLACES);

/** All tenants that can get an invoice. */
function useTenants() {
  const tenants = useQuery({
    queryKey: ['tenants', 'choices'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/tenants', { params: { query: { ...query, sort: 'name' } as never } }))),
  });
  return (tenants.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` }));
}

/** An invoice of lines that a person writes: the draft is made here, and approved and issued on its page. */
export function NewInvoiceScreen() {
  const { filters } = useFilters();
  const navigate = useNavigate();
  const client = useQueryClient();
  const tenants = useTenants();
  const form = useRef<HTMLFormElement>(null);
  const { isTyped, handlers } = useTyped();
  const [tenant, setTenant] = useState(filters.tenant_id ?? '');
  const [lines, setLines] = useState<readonly Line[]>([{ key: 0, values: LINE }]);
  const [reason, setReason] = useState('');
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Error | null>(null);
  const theirs = fieldErrors(refused);
  const shown = (own: string | undefined, path: string) => (isTried ? (own ?? theirs.get(path)) : undefined);
  const ownReason = reason.trim().length < SHORTEST_REASON ? WORDS.longerReason(SHORTEST_REASON) : undefined;
  const isWrong = tenant === '' || ownReason !== undefined || lines.some((line) => Object.keys(problemsOf(line)).length > 0);

  useEffect(() => {
    if (refused || isTried) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refused, isTried]);

  const save = async () => {
    setTried(true);
    setRefused(null);
    if (isWrong) return;
    setBusy(true);
    const body = { tenant_id: tenant, reason: reason.trim(), lines: lines.map(({ values }) => trimmed(values)) };
    try {
      const { data } = await answered(api.POST('/api/v1/tenant-invoices', { body }));
      await client.invalidateQueries({ queryKey: ['invoices'] });
      await navigate({ to: '/invoices/$id', params: { id: data.id }, ignoreBlocker: true });
    } catch (error) {
      setRefused(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save();
  };
  const change = (at: number, name: LineField, value: string) =>
    setLines(lines.map((line, index) => (index === at ? { ...line, values: { ...line.values, [name]: value } } : line)));
  const add = () => {
    setLines([...lines, { key: Math.max(...lines.map(({ key }) => key)) + 1, values: LINE }]);
  };
  return (
    <Screen>
      <PageHead title={WORDS.title} sub={WORDS.sub} crumbs={[{ text: TEXTS.title, to: '/invoices' }, { text: WORDS.title }]} />
      <form ref={form} className="two" onSubmit={submit} noValidate {...handlers}>
        {isTyped && <LeaveGuard />}
        <div className="grid">
          <Card label={TEXTS.one} pad>
            <div className="money-form">
              <Select
                label={WORDS.tenant}
                data={tenants}
                value={tenant || null}
                onChange={(next) => setTenant(next ?? '')}
                error={shown(tenant === '' ? WORDS.needed : undefined, 'tenant_id')}
                searchable
              />
              <TextInput
                label={WORDS.reason}
                description={WORDS.reasonHelp}
                maxLength={500}
                value={reason}
                error={shown(ownReason, 'reason')}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            </div>
          </Card>
          <Card title={WORDS.lines} pad>
            <ol className="row-fields">
              {lines.map((line, at) => {
                const wrong = problemsOf(line);
                const field = (name: LineField) => ({
                  label: WORDS.fields[name],
                  value: line.values[name],
                  error: shown(wrong[name], `lines.${at}.${name}`),
                  onChange: (event: React.ChangeEvent<HTMLInputElement>) => change(at, name, event.currentTarget.value),
                });
                return (
                  <li key={line.key} className="line-row" aria-label={WORDS.line(at + 1)}>
                    <TextInput className="what" maxLength={300} {...field('description')} />
                    <TextInput inputMode="decimal" {...field('quantity')} />
                    <TextInput maxLength={40} {...field('unit')} />
                    <TextInput inputMode="decimal" placeholder="0.00" {...field('unit_price')} />
                    <button
                      type="button"
                      className="iconbtn"
                      aria-label={WORDS.remove(at + 1)}
                      disabled={lines.length === 1}
                      onClick={() => setLines(lines.toSpliced(at, 1))}
                    >
                      <IconTrash size={16} stroke={1.75} aria-hidden />
                    </button>
                  </li>
                );
              })}
            </ol>
            <p className="dim sm" style={{ margin: '8px 0' }}>
              {TEXTS.adjust.priceHelp}
            </p>
            <button type="button" className="btn" disabled={lines.length >= MOST_LINES} onClick={add}>
              <IconPlus size={16} stroke={1.75} aria-hidden />
              {WORDS.add}
            </button>
          </Card>
          <div className="go">
            <button type="submit" className="btn pri" disabled={isBusy}>
              {WORDS.save}
            </button>
            <Link className="btn" to="/invoices" ignoreBlocker>
              {WORDS.cancel}
            </Link>
            {isTried && isWrong && (
              <div role="alert" className="st bad">
                {WORDS.wrong}
              </div>
            )}
          </div>
          {refused && <RefusedNote error={refused} />}
        </div>
        <Preview tenant={tenant} lines={lines} />
      </form>
    </Screen>
  );
}

const trimmed = (values: Line['values']) =>
  Object.fromEntries(Object.entries(values).map(([name, text]) => [name, text.trim()])) as Record<LineField, string>;

/** The document as it will be: to whom, its lines with their amounts, and what is open until the approval. */
function Preview({ tenant, lines }: { readonly tenant: string; readonly lines: readonly Line[] }) {
  const profile = useQuery({
    queryKey: ['billing-profile', tenant],
    queryFn: () => answered(api.GET('/api/v1/tenants/{id}/billing-profile', { params: { path: { id: tenant } } })),
    enabled: tenant !== '',
    retry: false,
  });
  const issuer = useQuery({
    queryKey: ['issuer'],
    queryFn: () => answered(api.GET('/api/v1/billing/issuers/{id}', { params: { path: { id: 'default' } } })),
  });
  const buyer: Schemas['BillingProfileResponse'] | undefined = tenant === '' ? undefined : profile.data?.data;
  const currency = buyer?.currency ?? issuer.data?.data.currency ?? 'USD';
  const nets = lines.map(netOfLine);
  const sum = nets.reduce<bigint>((total, net) => total + (net ?? 0n), 0n);
  return (
    <div className="grid">
      {buyer && <MissingNote problems={buyer.problems} />}
      <Card title={WORDS.preview} right={<span className="dim">{currency}</span>}>
        <div className="pad">
          <p className="dim sm">{WORDS.to}</p>
          <p className="b">{buyer?.legal_name ?? (tenant || WORDS.noTenant)}</p>
          {buyer?.address && (
            <p className="mid" style={{ whiteSpace: 'pre-line' }}>
              {buyer.address}
            </p>
          )}
        </div>
        <ol className="preview-lines">
          {lines.map(({ key, values: { description, quantity, unit } }, at) => {
            const net = nets[at] ?? null;
            return (
              <li key={key}>
                <span>
                  {description.trim() || <span className="dim">{WORDS.line(at + 1)}</span>}
                  <span className="dim sm">
                    {quantity} {unit}
                  </span>
                </span>
                <span className="tn">
                  {net === null ? <span className="dim">{WORDS.open}</span> : moneyIn(amountText(net, PLACES), currency)}
                </span>
              </li>
            );
          })}
        </ol>
        <dl className="inv-sums" aria-live="polite">
          <dt>{TEXTS.page.facts.net}</dt>
          <dd>{moneyIn(amountText(sum, PLACES), currency)}</dd>
          <dt>{TEXTS.page.facts.tax}</dt>
          <dd className="undecided">{TEXTS.page.undecided}</dd>
        </dl>
      </Card>
      <p className="dim sm">{WORDS.next}</p>
    </div>
  );
}
