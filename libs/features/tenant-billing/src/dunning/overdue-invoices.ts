import { queryableOf, sql, Transaction } from '#libs/database';
import { EventLog } from '#libs/events';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OverdueInvoice } from '../entities/dunning.entity';

interface OverdueRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly number: string;
  readonly period: string | null;
  readonly due: string;
  readonly currency: string;
  readonly due_on: string;
}

/** Invoices of one transaction. */
const BATCH = 500;

/** Set-based: marks the invoices that were not paid on their due date and have no mark yet. $1 most invoices. */
const MARK = `
with found as (
  select i.id, i.tenant_id from tenant_invoices i
   where i.status = 'issued' and i.payment_status in ('unpaid', 'partly_paid') and i.due_on < (clock_timestamp() at time zone 'UTC')::date
     and not exists (select from overdue_invoices o where o.invoice_id = i.id)
   order by i.due_on, i.id limit $1),
marked as (insert into overdue_invoices (invoice_id, tenant_id) select id, tenant_id from found on conflict do nothing returning invoice_id)
select i.id, i.tenant_id, i.number, to_char(i.period, 'YYYY-MM') as period, round(i.due, i.decimals)::text as due, i.currency,
       i.due_on::text as due_on
  from tenant_invoices i join marked m on m.invoice_id = i.id order by i.due_on, i.id`;

/** Writes the event of each invoice that becomes overdue, once: the only writer of `overdue_invoices`. */
@Injectable()
export class OverdueInvoices {
  constructor(
    private readonly transaction: Transaction,
    private readonly events: EventLog,
  ) {}

  /** The invoice may become overdue again. */
  async forget(em: EntityManager, invoiceId: string): Promise<void> {
    await em.delete(OverdueInvoice, { invoiceId });
  }

  /** Any number of workers may call it. Returns how many invoices have become overdue. */
  async announce(signal?: AbortSignal): Promise<number> {
    for (let announced = 0; ;) {
      signal?.throwIfAborted();
      const rows = await this.transaction.run(async (em) => {
        const found = await sql<OverdueRow>(em, MARK, [BATCH]);
        await this.events.append(
          queryableOf(em),
          found.map(({ id, tenant_id: tenantId, ...data }) => ({
            type: 'tenant_invoice.overdue' as const,
            tenantId,
            actor: null,
            source: 'tenant-billing',
            subject: { type: 'tenant_invoice', id },
            data,
          })),
        );
        return found.length;
      });
      announced += rows;
      if (rows < BATCH) return announced;
    }
  }
}
