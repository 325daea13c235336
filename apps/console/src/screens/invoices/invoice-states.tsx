import type { Schemas } from '../../client/client';
import type { CsvColumns } from '../../parts/csv-rows';
import { moneyIn } from '../../parts/format';
import { IconAlertTriangle, IconClockExclamation } from '../../parts/icons';
import { Badge, Status } from '../../parts/status';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];

/** Whether tax and total are those of the invoice. Before the approval they are only what the rules of today would give. */
export const isDecided = ({ tax_status: status }: Invoice): boolean => status === 'decided';

/** The columns of a file of invoices. */
export const INVOICE_CSV: CsvColumns<Invoice> = [
  ['tenant', (one) => one.tenant_id],
  ['number', (one) => one.number ?? one.draft_number],
  ['period', (one) => one.period],
  ['status', (one) => one.status],
  ['payment', (one) => one.payment_status],
  ['currency', (one) => one.currency],
  ['net', (one) => one.net],
  ['tax', (one) => (isDecided(one) ? one.tax : null)],
  ['total', (one) => (isDecided(one) ? one.total : null)],
  ['due', (one) => one.due],
  ['issued_on', (one) => one.issued_on],
  ['due_on', (one) => one.due_on],
];

/** The total, and the net where the tax is not decided yet. */
export function InvoiceSum({ invoice }: { readonly invoice: Invoice }) {
  if (isDecided(invoice)) return moneyIn(invoice.total, invoice.currency);
  return (
    <>
      {moneyIn(invoice.net, invoice.currency)} <span className="dim sm">{TEXTS.netOnly}</span>
    </>
  );
}

/** What is paid of an issued invoice, or that it should have been by now. */
export function PaymentStatus({ invoice, pill = false }: { readonly invoice: Invoice; readonly pill?: boolean }) {
  const { status, payment_status: payment, overdue } = invoice;
  if (status !== 'issued') return null;
  if (!overdue) return <Status of="payment" value={payment} pill={pill} />;
  return (
    <Badge tone="bad" icon={IconClockExclamation} pill={pill}>
      {TEXTS.overdue}
    </Badge>
  );
}

/** How many problems a draft has, and whether they stop it. */
export function InvoiceProblems({ problems }: Pick<Invoice, 'problems'>) {
  if (problems.length === 0) return null;
  const critical = problems.filter(({ severity }) => severity === 'critical').length;
  return (
    <Badge tone={critical > 0 ? 'bad' : 'warn'} icon={IconAlertTriangle}>
      {TEXTS.problems(critical, problems.length)}
    </Badge>
  );
}
