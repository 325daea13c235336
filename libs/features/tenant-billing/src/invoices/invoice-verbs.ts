import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { EventLog, type EventType, type NewEvent } from '#libs/events';
import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity, SelectQueryBuilder } from 'typeorm';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { monthOf } from '../months';
import { TenantInvoiceNotFoundError, VerbNotPossibleError, VersionMovedError } from '../tenant-billing.errors';
import {
  INVOICE_TRANSITIONS,
  isCritical,
  isPossible,
  mayBecome,
  type InvoiceState,
  type InvoiceVerb,
  type PaymentStatus,
} from '../pricing/invoice.states';

/** A verb on one invoice. */
export interface VerbCall {
  readonly id: string;
  readonly verb: InvoiceVerb;
  /** The version that the caller decided on; null for a task that decides on the present one. */
  readonly expectedVersion: number | null;
  readonly because: AuditContext;
}

/** A verb on several invoices. */
export type VerbCalls = Pick<VerbCall, 'verb' | 'because'> & { readonly invoices: readonly Pick<VerbCall, 'id' | 'expectedVersion'>[] };

export type SeveralInvoices = (em: EntityManager, invoices: readonly TenantInvoice[]) => Promise<readonly VerbOutcome[]>;

/** What a verb changes. The status follows from the table of transitions. */
export interface VerbOutcome {
  readonly set: Omit<QueryDeepPartialEntity<TenantInvoice>, 'id' | 'status' | 'version' | 'paymentStatus'> & {
    readonly paymentStatus?: PaymentStatus;
  };
  /** For the audit entry. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** For the feed. Tenants read the events of their issued invoices, so it has sell amounts only. Without it, the verb has no event. */
  readonly event?: { readonly type: EventType; readonly data: Readonly<Record<string, unknown>> };
}

const PAST = {
  refresh: 'refreshed',
  adjust: 'adjusted',
  approve: 'approved',
  unapprove: 'unapproved',
  issue: 'issued',
  void: 'voided',
  credit: 'credited',
  pay: 'paid',
  write_off: 'written_off',
} as const satisfies Readonly<Record<InvoiceVerb, string>>;

/** What the audit log names each verb. */
export const INVOICE_ACTIONS = Object.values(PAST).map((past) => `tenant_invoice_${past}` as const);

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
  async run(
    { id, expectedVersion, ...call }: VerbCall,
    work: (em: EntityManager, invoice: TenantInvoice) => Promise<VerbOutcome>,
  ): Promise<TenantInvoice> {
    const one = async (em: EntityManager, invoices: readonly TenantInvoice[]) => {
      const outcomes: VerbOutcome[] = [];
      for (const invoice of invoices) outcomes.push(await work(em, invoice));
      return outcomes;
    };
    const [changed] = await this.runAll({ ...call, invoices: [{ id, expectedVersion }] }, one);
    if (!changed) throw new TenantInvoiceNotFoundError();
    return changed;
  }

  /**
   * `run` for several invoices in one transaction: all of them change, or none. `work` gets them in the order of their ids, in which they are
   * locked, and returns them in the same order. Throws what `run` throws, for any of them.
   */
  runAll({ verb, because, invoices: asked }: VerbCalls, work: SeveralInvoices): Promise<TenantInvoice[]> {
    return this.transaction.run(async (em) => {
      const expected = new Map(asked.map(({ id, expectedVersion }) => [id, expectedVersion]));
      const invoices = await this.lock(em, [...expected.keys()]);
      for (const { id, version } of invoices) {
        const asked = expected.get(id) ?? null;
        if (asked !== null && asked !== version) throw new VersionMovedError(version);
      }
      for (const state of invoices.map(stateOf)) if (!isPossible(verb, state)) throw new VerbNotPossibleError(verb, whyNot(verb, state));
      const outcomes = await work(em, invoices);
      const { from, to } = INVOICE_TRANSITIONS[verb];
      for (const [at, { id, version, paymentStatus }] of invoices.entries()) {
        const { paymentStatus: next = paymentStatus } = outcomes[at]?.set ?? {};
        if (!mayBecome(paymentStatus, next)) throw new Error(`the invoice ${id} is ${paymentStatus} and cannot become ${next}`);
        const { affected } = await em.update(
          TenantInvoice,
          { id, status: from, version },
          { ...outcomes[at]?.set, status: to, version: version + 1, changedBy: because.by.sub, changedAt: () => 'clock_timestamp()' },
        );
        if (affected !== 1) throw new VersionMovedError(version);
      }
      const tx = queryableOf(em);
      await this.audit.record(
        tx,
        invoices.map(({ id, tenantId }, at) => ({
          ...because,
          action: `tenant_invoice_${PAST[verb]}`,
          target: { type: 'tenant_invoice', id },
          details: { tenant_id: tenantId, ...outcomes[at]?.details },
        })),
      );
      const after = await inOrderOfIds(em, [...expected.keys()]).getMany();
      await this.events.append(
        tx,
        invoices.flatMap(({ id, tenantId, paymentStatus }, at) => {
          const { event, set } = outcomes[at] ?? {};
          const now = after[at];
          const becamePaid = now && set?.paymentStatus === 'paid' && paymentStatus !== 'paid';
          const of = { actor: because.by, source: 'tenant-billing', subject: { type: 'tenant_invoice', id } } as const;
          const isOfTenant = to === 'issued' || to === 'void';
          return [
            ...(event ? [{ ...of, type: event.type, tenantId: isOfTenant ? tenantId : null, data: event.data }] : []),
            ...(becamePaid ? [paidEvent(now, because)] : []),
          ];
        }),
      );
      return after;
    });
  }

  private async lock(em: EntityManager, ids: readonly string[]): Promise<TenantInvoice[]> {
    const invoices = await inOrderOfIds(em, ids).setLock('pessimistic_write').getMany();
    if (invoices.length !== ids.length) throw new TenantInvoiceNotFoundError();
    return invoices;
  }
}

const inOrderOfIds = (em: EntityManager, ids: readonly string[]): SelectQueryBuilder<TenantInvoice> =>
  em.createQueryBuilder(TenantInvoice, 'i').where('i.id = any (:ids)', { ids }).orderBy('i.id', 'ASC');

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
