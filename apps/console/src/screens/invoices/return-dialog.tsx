import { Select, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { useFields } from '../../parts/fields';
import { calendarDay, moneyIn } from '../../parts/format';
import { amountText, minor, placesOf } from './credit-amounts';
import { TEXTS } from './texts';

type Payment = Schemas['PaymentResponse'];
type Kind = keyof typeof WORDS.kinds;

const { back: WORDS } = TEXTS;

/** What of a received payment is not returned yet, in minor units. The API knows besides what was spent from the wallet. Pure. */
export function leftOf(payment: Payment, all: readonly Payment[]): bigint {
  if (payment.kind !== 'received') return 0n;
  const unitsOf = ({ amount }: Payment) => minor(amount, placesOf(payment.amount)) ?? 0n;
  const returns = all.filter(({ payment_id: of }) => of === payment.id);
  return returns.reduce((left, one) => left - unitsOf(one), unitsOf(payment));
}

interface ReturnProps {
  readonly invoice: Schemas['TenantInvoiceResponse'];
  readonly payments: readonly Payment[];
  readonly close: () => void;
}

/** Records that a payment went back, whole or in part. It cannot be undone, so the number of the invoice is typed. */
export function ReturnDialog({ invoice: { id, number, version, currency, total }, payments: latest, close }: ReturnProps) {
  const client = useQueryClient();
  const [payments] = useState(latest);
  const places = placesOf(total);
  const open = payments.filter((one) => leftOf(one, payments) > 0n);
  const leftAt = (paymentId: string) => open.filter((one) => one.id === paymentId).reduce((sum, one) => sum + leftOf(one, payments), 0n);
  const first = open[0]?.id ?? '';
  const today = new Date().toISOString().slice(0, 10);
  const { fields, values, set, refuse } = useFields(
    { payment_id: first, kind: 'refunded', amount: amountText(leftAt(first), places), reference: '', received_on: today },
    null,
    { codes: { reference_taken: 'reference', payment_not_returnable: 'amount' } },
  );
  const most = leftAt(values.payment_id);
  const units = minor(values.amount, places);
  const money = (amount: bigint) => moneyIn(amountText(amount, places), currency);
  const wrong = units === null || units <= 0n ? WORDS.aboveZero : units > most ? WORDS.tooMuch(money(most)) : undefined;
  const record = async (reason: string | undefined) => {
    const { kind, amount, ...rest } = values;
    const body = { ...rest, amount: amount.trim(), kind: kind as Kind, expected_version: version, reason: reason ?? '' };
    await answered(api.POST('/api/v1/tenant-invoices/{id}/payments', { params: { path: { id } }, body }));
    for (const key of ['invoices', 'payments', 'wallets']) await client.invalidateQueries({ queryKey: [key] });
  };
  return (
    <Confirm
      title={WORDS.title}
      button={wrong ? WORDS.button : WORDS.named(money(units ?? 0n))}
      reason="required"
      danger
      typed={number ?? ''}
      ready={!wrong && values.reference.trim() !== '' && values.received_on !== ''}
      confirm={record}
      refuse={refuse}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {WORDS.text}
      </p>
      <div className="money-form">
        {open.length > 1 && (
          <Select
            className="all"
            label={WORDS.payment}
            data={open.map((one) => ({
              value: one.id,
              label: `${one.reference}, ${calendarDay(one.received_on)}, ${moneyIn(one.amount, currency)}`,
            }))}
            value={values.payment_id}
            onChange={(next) => {
              if (next === null) return;
              set('payment_id', next);
              set('amount', amountText(leftAt(next), places));
            }}
            allowDeselect={false}
          />
        )}
        <Select
          className="all"
          label={WORDS.kind}
          description={WORDS.effects[values.kind as Kind]}
          data={Object.entries(WORDS.kinds).map(([value, label]) => ({ value, label }))}
          value={values.kind}
          onChange={(next) => next && set('kind', next)}
          allowDeselect={false}
        />
        <TextInput
          label={`${WORDS.amount} (${currency})`}
          description={wrong ? undefined : WORDS.left(money(most))}
          inputMode="decimal"
          {...fields.amount}
          error={wrong ?? fields.amount.error}
        />
        <TextInput label={WORDS.on} type="date" {...fields.received_on} />
        <TextInput
          className="all"
          label={TEXTS.pay.reference}
          description={TEXTS.pay.referenceHelp}
          maxLength={200}
          {...fields.reference}
        />
      </div>
    </Confirm>
  );
}
