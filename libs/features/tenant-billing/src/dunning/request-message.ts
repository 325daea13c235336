import { Money } from '#libs/kernel';

/** The invoice that a request is about, read at the delivery. */
export interface InvoiceFacts {
  readonly number: string | null;
  readonly due: string;
  readonly currency: string;
  readonly due_on: string;
  /** Issued, and not paid in full, written off or void. */
  readonly is_open: boolean;
  readonly issuer: string | null;
  readonly bank_text: string | null;
}

/** Who gets a message: one address, or the admins who are subscribed to a type of event. */
export type MessageReceiver = { readonly email: string | null } | { readonly adminsOf: 'tenant_invoice.overdue' };

/** A message for people. `to.email` null: the tenant has no address yet. */
export interface RequestMessage {
  readonly subject: string;
  readonly text: string;
  readonly to: MessageReceiver;
}

interface Asked {
  readonly kind: string;
  readonly tenant_id: string | null;
  readonly subject: string;
  readonly email: string | null;
  readonly invoice: InvoiceFacts | null;
}

const FOR_ADMINS = { adminsOf: 'tenant_invoice.overdue' } as const;

/** The text of a request, and who gets it. A kind that this release does not know goes to admins, with its subject as the text. Pure. */
export function requestMessage({ kind, tenant_id, subject, email, invoice }: Asked): RequestMessage {
  const facts = invoice ? factsOf(invoice) : [];
  const signature = invoice?.issuer ? ['', invoice.issuer] : [];
  const bank = invoice?.bank_text ? ['', 'Pay to:', invoice.bank_text] : [];
  switch (kind) {
    case 'dunning_remind':
      return messageOf(subject, [...facts, '', PAY, IGNORE, ...bank, ...signature], { email });
    case 'dunning_block_orders':
      return messageOf(subject, [...facts, '', BLOCKED, PAY, IGNORE, ...bank, ...signature], { email });
    case 'dunning_notify_admin':
      return messageOf(
        subject,
        [`Tenant: ${tenant_id}`, ...facts, '', 'The tenant has been reminded. You do not have to do anything.'],
        FOR_ADMINS,
      );
    case 'dunning_propose_suspend':
      return messageOf(
        subject,
        [
          `Tenant: ${tenant_id}`,
          ...facts,
          '',
          `To suspend the tenant, set its status to suspended: PATCH /api/v1/tenants/${tenant_id}.`,
          UNDECIDED,
        ],
        FOR_ADMINS,
      );
    default:
      return messageOf(subject, [subject, ...facts], FOR_ADMINS);
  }
}

const PAY = 'Please pay the open amount and name the number of the invoice in your payment.';
const IGNORE = 'If you have paid in the last few days, you can ignore this mail.';
const BLOCKED = 'You cannot order new resources until the invoice is paid. Your existing resources keep running, and nothing is deleted.';
const UNDECIDED = 'Until you decide, the tenant stays active and nothing is deleted.';

const factsOf = ({ number, due, currency, due_on }: InvoiceFacts): string[] => [
  `Invoice: ${number ?? 'without a number'}`,
  `Due date: ${due_on}`,
  `Open amount: ${Money.parse(due).toAmountText()} ${currency}`,
];

/** The subject is one line, whatever a number or name contains. */
const messageOf = (subject: string, lines: readonly string[], to: MessageReceiver): RequestMessage => ({
  subject: subject.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200),
  text: lines.join('\n'),
  to,
});
