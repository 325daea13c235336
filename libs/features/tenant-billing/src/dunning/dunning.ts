import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, sql, Transaction } from '#libs/database';
import { TenantWriter } from '#libs/tenants';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { DunningPolicy, TakenDunningStep, type DunningAction, type DunningStep } from '../entities/dunning.entity';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { BillingProfiles } from '../profiles/billing-profiles';
import { VersionMovedError } from '../tenant-billing.errors';
import { NotificationRequests } from './notification-requests';
import { OverdueInvoices } from './overdue-invoices';

/** As installed. */
export const DEFAULT_STEPS: readonly DunningStep[] = [
  { after_days: 3, action: 'remind' },
  { after_days: 10, action: 'notify_admin' },
  { after_days: 21, action: 'block_orders' },
];

export interface DunningPolicyView {
  readonly issuer_id: string;
  /** By days. */
  readonly steps: readonly DunningStep[];
  /** 0 as installed. */
  readonly version: number;
  readonly changed_by: string | null;
}

const DUNNING: AuditContext = { by: { sub: 'dunning', role: 'service' } };

interface DueStep {
  readonly invoice_id: string;
  readonly after_days: number;
  readonly action: DunningAction;
}

/**
 * Set-based: steps that are due and not taken, of invoices that are overdue, by day. A step that blocks orders waits while somebody else's block
 * stands. $1 the steps as installed, $2 how many.
 */
const DUE_STEPS = `
select i.id as invoice_id, (s.step ->> 'after_days')::int as after_days, s.step ->> 'action' as action
  from tenant_invoices i
  left join dunning_policies p on p.issuer_id = i.issuer_id
  cross join lateral jsonb_array_elements(coalesce(p.steps, $1::jsonb)) with ordinality s(step, nr)
 where i.status = 'issued' and i.payment_status in ('unpaid', 'partly_paid')
   and i.due_on + (s.step ->> 'after_days')::int <= (clock_timestamp() at time zone 'UTC')::date
   and not exists (select from dunning_steps t
                    where t.invoice_id = i.id and t.after_days = (s.step ->> 'after_days')::int and t.action = s.step ->> 'action')
   and not (s.step ->> 'action' = 'block_orders' and exists (
     select from tenants t where t.id = i.tenant_id and t.orders_blocked_reason is not null and not exists (
       select from dunning_steps b where b.tenant_id = t.id and b.block_reason = t.orders_blocked_reason)))
 order by i.due_on, i.id, after_days, s.nr limit $2`;

const BATCH = 500;

/** The text of a block. A block is known as that of an invoice by it. */
const blockReasonOf = (number: string): string => `The invoice ${number} is overdue`;

/**
 * Reminds of invoices that are overdue: the only writer of `dunning_policies` and `dunning_steps`. Each step of an invoice happens once, unless a
 * returned payment makes it due again, in one transaction with what it does. Nothing here suspends or deletes.
 */
@Injectable()
export class Dunning {
  private readonly log = new Logger('Dunning');

  constructor(
    @InjectRepository(DunningPolicy) private readonly policies: Repository<DunningPolicy>,
    private readonly profiles: BillingProfiles,
    private readonly tenants: TenantWriter,
    private readonly notifications: NotificationRequests,
    private readonly overdue: OverdueInvoices,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** Throws `IssuerNotFoundError`. */
  async policy(issuerId: string): Promise<DunningPolicyView> {
    await this.profiles.issuer(issuerId);
    return policyView(issuerId, await this.policies.findOneBy({ issuerId }));
  }

  /** Steps that were taken stay taken. Throws `IssuerNotFoundError`, and `VersionMovedError` when it changed since the caller read it. */
  async replacePolicy(
    issuerId: string,
    steps: readonly DunningStep[],
    expectedVersion: number,
    because: AuditContext,
  ): Promise<DunningPolicyView> {
    await this.profiles.issuer(issuerId);
    return this.transaction.run(async (em) => {
      await sql(em, 'select id from billing_issuers where id = $1 for update', [issuerId]); // Fenced: one change at a time
      const before = policyView(issuerId, await em.findOneBy(DunningPolicy, { issuerId }));
      if (before.version !== expectedVersion) throw new VersionMovedError(before.version);
      const ordered = steps.toSorted((a, b) => a.after_days - b.after_days).map(({ after_days, action }) => ({ after_days, action }));
      const row = { issuerId, steps: ordered, version: before.version + 1, changedBy: because.by.sub };
      await em.upsert(DunningPolicy, { ...row, changedAt: () => 'clock_timestamp()' }, ['issuerId']);
      const details = { steps: ordered, previous_steps: before.steps };
      const target = { type: 'billing_issuer', id: issuerId };
      await this.audit.record(queryableOf(em), { ...because, action: 'dunning_policy_set', target, details });
      return policyView(issuerId, await em.findOneByOrFail(DunningPolicy, { issuerId }));
    });
  }

  /**
   * Writes the events of invoices that have become overdue, and takes every step that is due. Several workers may do it at the same time. Returns how many
   * steps it took.
   */
  async run(signal?: AbortSignal): Promise<number> {
    await this.overdue.announce(signal);
    let taken = 0;
    for (;;) {
      const due = await this.transaction.run((em) => sql<DueStep>(em, DUE_STEPS, [JSON.stringify(DEFAULT_STEPS), BATCH]));
      let round = 0;
      for (const step of due) {
        signal?.throwIfAborted();
        if (await this.take(step)) round += 1;
      }
      taken += round;
      if (round === 0) break;
    }
    if (taken > 0) this.log.log({ event: 'dunning_steps_taken', steps: taken });
    return taken;
  }

  /**
   * Ends the reminding of an invoice that nothing is demanded of any more, in the transaction that settles it, and takes its block of orders back. A
   * block that somebody else wrote stays; another overdue invoice of the tenant that blocked keeps the tenant blocked.
   */
  async end(em: EntityManager, { id: invoiceId, tenantId, number }: TenantInvoice, because: AuditContext): Promise<void> {
    const own = await em.findOneBy(TakenDunningStep, { invoiceId, blockReason: Not(IsNull()) });
    if (!own?.blockReason) return;
    await this.tenants.lock(em, tenantId); // another invoice that is settled at this moment must not count as overdue
    const [other] = await sql<{ reason: string }>(em, OTHER_BLOCK, [tenantId, invoiceId]);
    const context = { ...because, reason: `The invoice ${number ?? invoiceId} is settled` };
    await this.tenants.replaceBlock(em, tenantId, own.blockReason, other?.reason ?? null, context);
  }

  /**
   * Begins anew with an invoice that a returned payment has made due again, in the transaction of the return: it becomes overdue and gets its
   * steps as one that was never paid.
   */
  async beginAgain(em: EntityManager, invoiceId: string): Promise<void> {
    await em.delete(TakenDunningStep, { invoiceId });
    await this.overdue.forget(em, invoiceId);
  }

  private take({ invoice_id: invoiceId, after_days: afterDays, action }: DueStep): Promise<boolean> {
    return this.transaction.run(async (em) => {
      const invoice = await em.findOne(TenantInvoice, { where: { id: invoiceId }, lock: { mode: 'pessimistic_write' } });
      if (!invoice || invoice.status !== 'issued' || !['unpaid', 'partly_paid'].includes(invoice.paymentStatus)) return false;
      const { tenantId, number, currency, dueOn } = invoice;
      const blockReason = action === 'block_orders' ? blockReasonOf(number ?? invoiceId) : null;
      const step = { invoiceId, afterDays, action, tenantId, blockReason };
      const inserted = await em
        .createQueryBuilder()
        .insert()
        .into(TakenDunningStep)
        .values(step)
        .orIgnore()
        .returning('invoice_id')
        .execute();
      if ((inserted.raw as unknown[]).length === 0) return false; // another worker took it
      if (blockReason !== null) await this.tenants.replaceBlock(em, tenantId, null, blockReason, { ...DUNNING, reason: blockReason });
      await this.notifications.request(em, {
        tenantId,
        kind: `dunning_${action}`,
        subject: SUBJECTS[action](number ?? invoiceId, tenantId),
        payload: { invoice_id: invoiceId, number, due: invoice.due.toAmountText(), currency, due_on: dueOn, after_days: afterDays },
      });
      return true;
    });
  }
}

/** Set-based: the block of another overdue invoice of the tenant. $1 tenant, $2 the settled invoice. */
const OTHER_BLOCK = `
select d.block_reason as reason from dunning_steps d join tenant_invoices i on i.id = d.invoice_id
 where d.tenant_id = $1 and d.invoice_id <> $2 and d.block_reason is not null
   and i.status = 'issued' and i.payment_status in ('unpaid', 'partly_paid')
 order by d.taken_at limit 1`;

const SUBJECTS: Readonly<Record<DunningAction, (number: string, tenant: string) => string>> = {
  remind: (number) => `The invoice ${number} is overdue`,
  notify_admin: (number, tenant) => `The tenant ${tenant} has not paid the invoice ${number}`,
  block_orders: (number) => `Orders are blocked until the invoice ${number} is paid`,
  propose_suspend: (number, tenant) => `Decide whether to suspend the tenant ${tenant}, which has not paid the invoice ${number}`,
};

const policyView = (issuerId: string, row: DunningPolicy | null): DunningPolicyView => ({
  issuer_id: issuerId,
  steps: row?.steps ?? DEFAULT_STEPS,
  version: row?.version ?? 0,
  changed_by: row?.changedBy ?? null,
});
