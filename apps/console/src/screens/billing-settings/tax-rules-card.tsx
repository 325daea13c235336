import { Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { filledIn, useFields } from '../../parts/fields';
import { wholeError, wholeNumber, words } from '../../parts/format';
import { IconBan, IconCircleCheck } from '../../parts/icons';
import { everyPage } from '../../parts/list';
import { Card } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { Badge } from '../../parts/status';
import { TEXTS } from './texts';

type Rule = Schemas['TaxRuleResponse'];

const { rules: WORDS } = TEXTS;
const SETS = ['AU', 'EU'] as const;
const CATEGORIES = ['S', 'Z', 'E', 'AE', 'O', 'G'];

/** What must be true of a customer, in words. */
function whenText({ tenant_id: tenant, when }: Rule): string {
  const parts = [
    ...(when.place ? [WORDS.places[when.place] ?? words(when.place).toLowerCase()] : []),
    ...(when.countries?.length ? [when.countries.join(', ')] : []),
    ...(when.is_business === undefined ? [] : [when.is_business ? WORDS.business : WORDS.consumer]),
    ...(when.tax_id?.length ? [WORDS.taxId(when.tax_id.join(' or '))] : []),
  ];
  const text = parts.join(', ');
  if (tenant !== null) return [WORDS.exception(tenant), text].filter(Boolean).join(', ');
  return text === '' ? WORDS.always : text.charAt(0).toUpperCase() + text.slice(1);
}

/** Which tax invoices get; the first rule that matches counts. */
export function TaxRulesCard() {
  const rules = useQuery({
    queryKey: ['tax-rules'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/billing/tax-rules', { params: { query } }))),
  });
  const [asked, setAsked] = useState<'add' | (typeof SETS)[number] | Rule | null>(null);
  const rows = (rules.data?.data ?? []).toSorted(
    (a, b) => Number(b.tenant_id !== null) - Number(a.tenant_id !== null) || b.priority - a.priority,
  );
  const close = () => setAsked(null);
  return (
    <Card
      title={WORDS.title}
      right={
        <span className="go">
          {SETS.map((set) => (
            <button key={set} type="button" className="btn sml" onClick={() => setAsked(set)}>
              {WORDS.addSet(set)}
            </button>
          ))}
          <button type="button" className="btn sml" onClick={() => setAsked('add')}>
            {WORDS.add}
          </button>
        </span>
      }
    >
      {rules.error && <ErrorState error={rules.error} retry={() => void rules.refetch()} />}
      {rules.isPending && <Skeleton />}
      {rules.data && rows.length === 0 && <EmptyState {...WORDS.empty} />}
      {rows.length > 0 && <RulesTable rows={rows} choose={setAsked} />}
      {asked === 'add' && <AddDialog close={close} />}
      {(asked === 'AU' || asked === 'EU') && <SetDialog set={asked} close={close} />}
      {asked !== null && typeof asked === 'object' && <SwitchDialog rule={asked} close={close} />}
    </Card>
  );
}

function RulesTable({ rows, choose }: { readonly rows: readonly Rule[]; readonly choose: (rule: Rule) => void }) {
  const { heads } = WORDS;
  const columns: readonly PlainColumn<Rule>[] = [
    { id: 'when', head: heads.when, wraps: true, look: 'b', cell: whenText },
    {
      id: 'label',
      head: heads.label,
      wide: true,
      wraps: true,
      cell: ({ label, category, text }) => (
        <span title={text ?? undefined}>
          {label} <span className="dim">{category}</span>
        </span>
      ),
    },
    { id: 'tax', head: heads.tax, numeric: true, width: 'short-col', cell: ({ rate }) => `${rate} %` },
    {
      id: 'priority',
      head: heads.priority,
      numeric: true,
      width: 'short-col',
      wide: true,
      look: 'dim',
      cell: ({ priority }) => priority,
    },
    {
      id: 'state',
      head: heads.state,
      width: 'short-col',
      wide: true,
      cell: ({ active }) => (
        <Badge tone={active ? 'ok' : 'mute'} icon={active ? IconCircleCheck : IconBan}>
          {active ? WORDS.on : WORDS.off}
        </Badge>
      ),
    },
    {
      id: 'switch',
      head: WORDS.turnOff,
      isHeadHidden: true,
      numeric: true,
      width: 104,
      cell: (rule) => (
        <button type="button" className="btn quiet sml" onClick={() => choose(rule)}>
          {rule.active ? WORDS.turnOff : WORDS.turnOn}
          <span className="vh"> {rule.label}</span>
        </button>
      ),
    },
  ];
  return <PlainTable label={WORDS.title} columns={columns} rows={rows} rowId={({ id }) => id} />;
}

function SetDialog({ set, close }: { readonly set: 'AU' | 'EU'; readonly close: () => void }) {
  const client = useQueryClient();
  const add = async (reason: string | undefined) => {
    const body = { issuer_id: 'default', set, ...(reason && { reason }) };
    await answered(api.POST('/api/v1/billing/tax-rules/sets', { body }));
    await client.invalidateQueries({ queryKey: ['tax-rules'] });
  };
  return (
    <Confirm title={WORDS.addSet(set)} button={WORDS.addSet(set)} reason="optional" confirm={add} close={close}>
      <p>{WORDS.setText}</p>
    </Confirm>
  );
}

function SwitchDialog({ rule, close }: { readonly rule: Rule; readonly close: () => void }) {
  const client = useQueryClient();
  const verb = rule.active ? WORDS.turnOff : WORDS.turnOn;
  const change = async (reason: string | undefined) => {
    const body = { expected_version: rule.version, active: !rule.active, ...(reason && { reason }) };
    await answered(api.PATCH('/api/v1/billing/tax-rules/{id}', { params: { path: { id: rule.id } }, body }));
    await client.invalidateQueries({ queryKey: ['tax-rules'] });
  };
  return (
    <Confirm title={`${verb}: ${rule.label}`} button={verb} reason="required" confirm={change} close={close}>
      <p>{rule.active ? WORDS.turnOffText : WORDS.turnOnText}</p>
    </Confirm>
  );
}

function AddDialog({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const { fields, values, set, refuse } = useFields({
    category: 'S',
    rate: '',
    label: '',
    countries: '',
    business: '',
    text: '',
    priority: '0',
  });
  const add = async (reason: string | undefined) => {
    const { category, rate, label, text, countries, business, priority } = values;
    const named = countries.toUpperCase().split(/[\s,]+/).filter(Boolean); // prettier-ignore
    const when = { ...(named.length > 0 && { countries: named }), ...(business !== '' && { is_business: business === 'yes' }) };
    const rest = { category, rate, label, when, priority: wholeNumber(priority) ?? 0, ...filledIn({ text }), ...(reason && { reason }) };
    await answered(api.POST('/api/v1/billing/tax-rules', { body: rest as never }));
    await client.invalidateQueries({ queryKey: ['tax-rules'] });
  };
  const wrongPriority = wholeError(values.priority);
  const isReady = values.rate.trim() !== '' && values.label.trim() !== '' && !wrongPriority;
  return (
    <Confirm title={WORDS.addTitle} button={WORDS.add} reason="optional" ready={isReady} confirm={add} refuse={refuse} close={close}>
      <div className="money-form">
        <Select
          label={WORDS.category}
          data={CATEGORIES}
          value={values.category}
          onChange={(next) => next && set('category', next)}
          allowDeselect={false}
        />
        <TextInput label={WORDS.rate} inputMode="decimal" {...fields.rate} />
        <TextInput label={WORDS.label} maxLength={100} {...fields.label} />
        <TextInput label={WORDS.heads.priority} inputMode="numeric" {...fields.priority} error={wrongPriority} />
        <TextInput label={WORDS.countries} description={WORDS.countriesHelp} {...fields.countries} />
        <Select
          label={WORDS.isBusiness}
          data={[
            { value: 'any', label: WORDS.any },
            { value: 'yes', label: WORDS.business },
            { value: 'no', label: WORDS.consumer },
          ]}
          value={values.business || 'any'}
          onChange={(next) => set('business', next === 'any' || next === null ? '' : next)}
          allowDeselect={false}
        />
        <TextInput className="all" label={WORDS.text} maxLength={500} {...fields.text} />
      </div>
    </Confirm>
  );
}
