import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { EventLog, type EventType, type NewEvent } from '#libs/events';
import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { monthOf } from '../months';
import { TenantInvoiceNotFoundError, VerbNotPossibleError, VersionMovedError } from '../tenant-billing.errors';
import { INVOICE_TRANSITIONS, isCritical, isPossible, type InvoiceState, type InvoiceVerb } from '../pricing/invoice.states';

/** A verb on one invoice. */
export interface VerbCall {
  readonly id: string;
  readonly verb: InvoiceVerb;
  /** The version that the caller decided on; null for a task that decides on the present one. */
  readonly expectedVersion: number | null;
  readonly because: AuditContext;
}

/** What a verb changes. The status follows from the table of transitions. */
export interface VerbOutcome {
  readonly set: Omit<QueryDeepPartialEntity<TenantInvoice>, 'id' | 'status' | 'version'>;
  /** For the audit entry. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** For the feed. Tenants read the events of their issued invoices, so it has sell amounts only. Without it, the verb has no event. */
  readonly event?: { readonly type: EventType; readonly data: Readonly<Record<string, unknown>> };
}

const PAST: Readonly<Record<InvoiceVerb, string>> = {
  refresh: 'refreshed',
  adjust: 'adjusted',
  approve: 'approved',
  unapprove: 'unapproved',
  issue: 'issued',
  void: 'voided',
  credit: 'credited',
  pay: 'paid',
  write_off: 'written_off',
};

/** Carries out verbs: every change of an invoice that is no build goes through `run`. Of two verbs at the same time one wins. [TBL-5] */
@Injectable()
export class InvoiceVerbs {
  constructor(
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
  ) {}

  /**
   * Locks the invoice, checks its version and the table of transitions, lets `work` write what belongs to the verb, and changes the invoice with its
   * audit entry and event: all in one transaction. `work` may run again after a conflict. Throws `TenantInvoiceNotFoundError`, `VersionMovedError`
   * and `VerbNotPossibleError`.
   */
  run(call: VerbCall, work: (em: EntityManager, invoice: TenantInvoice) => Promise<VerbOutcome>): Promise<TenantInvoice> {
    return this.transaction.run(async (em) => {
      const { id, verb, expectedVersion, because } = call;
      const invoice = await this.lock(em, id);
      if (expectedVersion !== null && invoice.version !== expectedVersion) throw new VersionMovedError(invoice.version);
      const state = stateOf(invoice);
      if (!isPossible(verb, state)) throw new VerbNotPossibleError(verb, whyNot(verb, state));
      const { set, details, event } = await work(em, invoice);
      const { from, to } = INVOICE_TRANSITIONS[verb];
      const { affected } = await em.update(
        TenantInvoice,
        { id, status: from, version: invoice.version },
        { ...set, status: to, version: invoice.version + 1, changedBy: because.by.sub, changedAt: () => 'clock_timestamp()' },
      );
      if (affected !== 1) throw new VersionMovedError(invoice.version);
      const tx = queryableOf(em);
      const becamePaid = set.paymentStatus === 'paid' && invoice.paymentStatus !== 'paid';
      const target = { type: 'tenant_invoice', id };
      await this.audit.record(tx, {
        ...because,
        action: `tenant_invoice_${PAST[verb]}`,
        target,
        details: { tenant_id: invoice.tenantId, ...details },
      });
      if (event)
        await this.events.append(tx, {
          type: event.type,
          tenantId: to === 'issued' || to === 'void' ? invoice.tenantId : null,
          actor: because.by,
          source: 'tenant-billing',
          subject: { type: 'tenant_invoice', id },
          data: event.data,
        });
      const after = await em.findOneByOrFail(TenantInvoice, { id });
      if (becamePaid) await this.events.append(tx, paidEvent(after, because));
      return after;
    });
  }

  private async lock(em: EntityManager, id: string): Promise<TenantInvoice> {
    const invoice = await em.findOne(TenantInvoice, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!invoice) throw new TenantInvoiceNotFoundError();
    return invoice;
  }
}

/** Nothing is due any more: by payments, credit notes or the wallet. */
const paidEvent = ({ id, tenantId, number, period, total, decimals, currency }: TenantInvoice, { by }: AuditContext): NewEvent => ({
  type: 'tenant_invoice.paid',
  tenantId,
  actor: by,
  source: 'tenant-billing',
  subject: { type: 'tenant_invoice', id },
  data: { number, period: period === null ? null : monthOf(period), total: total.round(decimals, 'half_away').toText(), currency },
});

export const stateOf = ({ status, paymentStatus, problems, paid, credited }: TenantInvoice): InvoiceState => ({
  status,
  paymentStatus,
  problems,
  isTouched: [paid, credited].some((amount) => !amount.isZero()),
});

function whyNot(verb: InvoiceVerb, { status, paymentStatus, problems, isTouched }: InvoiceState): string {
  const { from, payment } = INVOICE_TRANSITIONS[verb];
  if (status !== from) return `it is ${status}, and the verb needs one that is ${from}`;
  if (!payment.includes(paymentStatus)) return `it is ${paymentStatus.replace('_', ' ')}`;
  if (verb === 'void' && isTouched) return 'something is paid or credited; give that back first';
  const codes = problems.filter(isCritical).map(({ code }) => code);
  return `it has critical problems: ${[...new Set(codes)].join(', ')}`;
}
