import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];

/** The verbs that have a button here, in this order. The API names those that are possible now. */
const BUTTONS = ['refresh', 'adjust', 'unapprove', 'void', 'approve', 'issue'] as const;
type Verb = (typeof BUTTONS)[number];
const MAIN = new Set<Verb>(['approve', 'issue']);

export function InvoiceActions({ invoice }: { readonly invoice: Invoice }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<Verb | null>(null);
  const done = async (answer: { readonly data: Invoice }) => {
    client.setQueryData(['invoices', 'one', invoice.id], answer);
    await client.invalidateQueries({ queryKey: ['invoices'] });
  };
  const close = () => setAsking(null);
  return (
    <>
      <a className="btn quiet" href={`/api/v1/tenant-invoices/${invoice.id}`} target="_blank" rel="noreferrer">
        {'{ }'} {TEXTS.page.json}
      </a>
      {BUTTONS.filter((verb) => invoice.actions.includes(verb)).map((verb) => (
        <button key={verb} type="button" className={MAIN.has(verb) ? 'btn pri' : 'btn'} onClick={() => setAsking(verb)}>
          {TEXTS.verbs[verb]}
        </button>
      ))}
      {asking === 'adjust' && <AdjustDialog invoice={invoice} done={done} close={close} />}
      {asking !== null && asking !== 'adjust' && (
        <Confirm
          title={`${TEXTS.verbs[asking]}: ${invoice.number ?? invoice.draft_number ?? ''}`}
          button={TEXTS.verbs[asking]}
          reason="required"
          {...(asking === 'void' && { danger: true, typed: invoice.number ?? '' })}
          confirm={async (reason) => done(await change(invoice, asking, reason ?? ''))}
          close={close}
        >
          <p>{TEXTS.dialog[asking]}</p>
        </Confirm>
      )}
    </>
  );
}

function change({ id, version }: Invoice, verb: Exclude<Verb, 'adjust'>, reason: string): Promise<{ data: Invoice }> {
  const call = { params: { path: { id } }, body: { expected_version: version, reason } };
  if (verb === 'refresh') return answered(api.POST('/api/v1/tenant-invoices/{id}/refresh', call));
  if (verb === 'approve') return answered(api.POST('/api/v1/tenant-invoices/{id}/approve', call));
  if (verb === 'unapprove') return answered(api.POST('/api/v1/tenant-invoices/{id}/unapprove', call));
  if (verb === 'issue') return answered(api.POST('/api/v1/tenant-invoices/{id}/issue', call));
  return answered(api.POST('/api/v1/tenant-invoices/{id}/void', call));
}

interface AdjustDialogProps {
  readonly invoice: Invoice;
  readonly done: (answer: { readonly data: Invoice }) => Promise<void>;
  readonly close: () => void;
}

/** A line that a person adds to a draft. It survives a refresh. */
function AdjustDialog({ invoice: { id, version, currency }, done, close }: AdjustDialogProps) {
  const [line, setLine] = useState({ description: '', quantity: '1', unit: 'each', unit_price: '' });
  const { adjust } = TEXTS;
  const field = (name: keyof typeof line) => ({
    value: line[name],
    required: true,
    mb: 10,
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => {
      const { value } = event.currentTarget;
      setLine((now) => ({ ...now, [name]: value }));
    },
  });
  const add = async (reason: string | undefined) => {
    const body = { expected_version: version, reason: reason ?? '', add: line };
    await done(await answered(api.POST('/api/v1/tenant-invoices/{id}/adjust', { params: { path: { id } }, body })));
  };
  return (
    <Confirm
      title={adjust.title}
      button={adjust.button}
      reason="required"
      ready={Object.values(line).every((value) => value.trim() !== '')}
      confirm={add}
      close={close}
    >
      <TextInput label={adjust.description} maxLength={300} data-autofocus {...field('description')} />
      <TextInput label={adjust.quantity} inputMode="decimal" {...field('quantity')} />
      <TextInput label={adjust.unit} maxLength={40} {...field('unit')} />
      <TextInput label={`${adjust.price} (${currency})`} description={adjust.priceHelp} inputMode="decimal" {...field('unit_price')} />
    </Confirm>
  );
}
