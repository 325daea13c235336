import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { PdfLink } from '../../parts/csv';
import { IconDownload } from '../../parts/icons';
import { useFields } from '../../parts/fields';
import { CreditDialog } from './credit-dialog';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];

/** The verbs that have a button here, in this order. The API names those that are possible now. */
const BUTTONS = ['refresh', 'adjust', 'unapprove', 'void', 'write_off', 'credit', 'pay', 'approve', 'issue'] as const;
type Verb = (typeof BUTTONS)[number];
const MAIN = new Set<Verb>(['approve', 'issue', 'pay']);
type Plain = Exclude<Verb, 'adjust' | 'pay' | 'credit'>;

/** What a dialog asks about: the invoice as it was on the page when the dialog opened. */
interface Asking {
  readonly verb: Verb;
  readonly asked: Invoice;
}

export function InvoiceActions({ invoice }: { readonly invoice: Invoice }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<Asking | null>(null);
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
      {invoice.number !== null && (
        <PdfLink
          className={invoice.actions.length > 0 ? 'btn' : 'btn pri'}
          href={`/api/v1/tenant-invoices/${invoice.id}/document.pdf`}
          name={`${invoice.number}.pdf`}
        >
          <IconDownload size={16} stroke={1.75} aria-hidden />
          {TEXTS.page.pdf}
        </PdfLink>
      )}
      {invoice.kind === 'one_off' && invoice.status === 'draft' && <DiscardButton invoice={invoice} />}
      {BUTTONS.filter((verb) => invoice.actions.includes(verb)).map((verb) => (
        <button key={verb} type="button" className={MAIN.has(verb) ? 'btn pri' : 'btn'} onClick={() => setAsking({ verb, asked: invoice })}>
          {TEXTS.verbs[verb]}
        </button>
      ))}
      {asking && <VerbDialog {...asking} done={done} close={close} />}
    </>
  );
}

/** Deletes a draft of a person's own lines, and leaves its page. */
function DiscardButton({ invoice: { id, draft_number } }: { readonly invoice: Invoice }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const discard = async () => {
    await answered(api.DELETE('/api/v1/tenant-invoices/{id}', { params: { path: { id } } }));
    await navigate({ to: '/invoices' });
    client.removeQueries({ queryKey: ['invoices', 'one', id] });
    await client.invalidateQueries({ queryKey: ['invoices'] });
  };
  const { discard: texts } = TEXTS;
  return (
    <>
      <button type="button" className="btn" onClick={() => setAsking(true)}>
        {texts.button}
      </button>
      {asking && (
        <Confirm title={texts.title(draft_number ?? '')} button={texts.button} confirm={discard} close={() => setAsking(false)}>
          <p>{texts.text}</p>
        </Confirm>
      )}
    </>
  );
}

function VerbDialog({ verb, asked, done, close }: Asking & Omit<DialogProps, 'invoice'>) {
  if (verb === 'adjust') return <AdjustDialog invoice={asked} done={done} close={close} />;
  if (verb === 'pay') return <PayDialog invoice={asked} done={done} close={close} />;
  if (verb === 'credit') return <CreditDialog invoice={asked} close={close} />;
  return (
    <Confirm
      title={`${TEXTS.verbs[verb]}: ${asked.number ?? asked.draft_number ?? ''}`}
      button={TEXTS.verbs[verb]}
      reason="required"
      {...(verb === 'void' && { danger: true, typed: asked.number ?? '' })}
      confirm={async (reason) => done(await change(asked, verb, reason ?? ''))}
      close={close}
    >
      <p>{TEXTS.dialog[verb]}</p>
    </Confirm>
  );
}

function change({ id, version }: Invoice, verb: Plain, reason: string): Promise<{ data: Invoice }> {
  const call = { params: { path: { id } }, body: { expected_version: version, reason } };
  if (verb === 'refresh') return answered(api.POST('/api/v1/tenant-invoices/{id}/refresh', call));
  if (verb === 'approve') return answered(api.POST('/api/v1/tenant-invoices/{id}/approve', call));
  if (verb === 'unapprove') return answered(api.POST('/api/v1/tenant-invoices/{id}/unapprove', call));
  if (verb === 'issue') return answered(api.POST('/api/v1/tenant-invoices/{id}/issue', call));
  if (verb === 'write_off') return answered(api.POST('/api/v1/tenant-invoices/{id}/write_off', call));
  return answered(api.POST('/api/v1/tenant-invoices/{id}/void', call));
}

interface DialogProps {
  readonly invoice: Invoice;
  readonly done: (answer: { readonly data: Invoice }) => Promise<void>;
  readonly close: () => void;
}

/** A line that a person adds to a draft. It survives a refresh. */
function AdjustDialog({ invoice: { id, version, currency }, done, close }: DialogProps) {
  const { fields, values, isFilled, refuse } = useFields({ description: '', quantity: '1', unit: 'each', unit_price: '' }, null, {
    at: 'add.',
  });
  const { adjust } = TEXTS;
  const add = async (reason: string | undefined) => {
    const body = { expected_version: version, reason: reason ?? '', add: values };
    await done(await answered(api.POST('/api/v1/tenant-invoices/{id}/adjust', { params: { path: { id } }, body })));
  };
  return (
    <Confirm title={adjust.title} button={adjust.button} reason="required" ready={isFilled} confirm={add} refuse={refuse} close={close}>
      <div className="money-form">
        <TextInput className="all" label={adjust.description} maxLength={300} data-autofocus {...fields.description} />
        <TextInput label={adjust.quantity} inputMode="decimal" {...fields.quantity} />
        <TextInput label={adjust.unit} maxLength={40} {...fields.unit} />
        <TextInput
          className="all"
          label={`${adjust.price} (${currency})`}
          description={adjust.priceHelp}
          inputMode="decimal"
          {...fields.unit_price}
        />
      </div>
    </Confirm>
  );
}

/** Money that has arrived. What is more than due goes to the wallet of the tenant. */
function PayDialog({ invoice: { id, version, currency, due }, done, close }: DialogProps) {
  const today = new Date().toISOString().slice(0, 10);
  const start = { amount: due, reference: '', received_on: today };
  const { fields, values, isFilled, refuse } = useFields(start, null, { codes: { reference_taken: 'reference' } });
  const { pay } = TEXTS;
  const record = async (reason: string | undefined) => {
    const params = { path: { id } };
    const body = { kind: 'received', expected_version: version, reason: reason ?? '', ...values } as const;
    await answered(api.POST('/api/v1/tenant-invoices/{id}/payments', { params, body }));
    await done(await answered(api.GET('/api/v1/tenant-invoices/{id}', { params })));
  };
  return (
    <Confirm title={pay.title} button={pay.button} reason="required" ready={isFilled} confirm={record} refuse={refuse} close={close}>
      <div className="money-form">
        <TextInput
          label={`${pay.amount} (${currency})`}
          description={pay.amountHelp}
          inputMode="decimal"
          data-autofocus
          {...fields.amount}
        />
        <TextInput label={pay.receivedOn} type="date" {...fields.received_on} />
        <TextInput className="all" label={pay.reference} description={pay.referenceHelp} maxLength={100} {...fields.reference} />
      </div>
    </Confirm>
  );
}
