import { Transaction } from '#libs/database';
import { errorFields } from '#libs/kernel';
import { Outbox, type ClaimedMessage, type Delivery } from '#libs/outbox';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { FinanceOutboxMessage } from '../entities/finance-outbox-message.entity';
import { Invoice } from '../entities/invoice.entity';
import { FinanceClient } from './finance-client';
import { DELIVERABLE, FinanceInvoiceReader, type FinanceInvoice } from './finance-invoice-reader';

/** Longer than the time limit of the call. Retries follow after seconds at first, then after growing pauses, an hour at most. */
const POLICY = {
  leaseMs: 45_000,
  firstPauseMs: 5_000,
  longestPauseMs: 3_600_000,
  deliverable: `exists (select 1 from cloud_invoices i where i.id = o.invoice_id and ${DELIVERABLE})`,
};

/** A hash of everything that finance receives. The document's hash represents its lines. */
const CONTENT = `md5(concat_ws('|', i.document_hash, i.invoice_number, i.period, i.issued_on, i.amount, i.tax_amount))`;

/**
 * Announces invoices to finance and delivers the announcements. The only writer of `cloud_finance_outbox`, and of the two columns of
 * `cloud_invoices` that record a delivery. [BIL-8]
 */
@Injectable()
export class FinancePush implements Delivery<FinanceInvoice, string> {
  private readonly log = new Logger('Finance');
  private readonly outbox: Outbox<FinanceOutboxMessage>;

  constructor(
    @InjectRepository(FinanceOutboxMessage) messages: Repository<FinanceOutboxMessage>,
    transaction: Transaction,
    private readonly invoices: FinanceInvoiceReader,
    private readonly client: FinanceClient,
  ) {
    this.outbox = new Outbox(messages, transaction, POLICY);
  }

  /** Announces a reconciled or released invoice, when its content differs from the last announcement. [BIL-5] */
  async announce(em: EntityManager, invoiceId: string): Promise<void> {
    const found = await em
      .createQueryBuilder(Invoice, 'i')
      .select(CONTENT, 'hash')
      .where('i.id = :invoiceId', { invoiceId })
      .andWhere(DELIVERABLE)
      .getRawOne<{ hash: string }>();
    if (found) await this.outbox.write(em, invoiceId, found.hash);
  }

  /** True when an announcement is due and a finance service is configured. */
  async isDue(): Promise<boolean> {
    return this.client.configured && (await this.outbox.isDue());
  }

  /** Delivers until nothing is due or `signal` aborts. Any number of workers may do so at the same time. */
  async deliver(signal?: AbortSignal): Promise<{ delivered: number; failed: number }> {
    return this.client.configured ? this.outbox.deliver(this, signal) : { delivered: 0, failed: 0 };
  }

  /** Undefined when the invoice has become a mismatch, which waits for a release. */
  prepare(invoiceId: string): Promise<FinanceInvoice | undefined> {
    return this.invoices.read(invoiceId);
  }

  send(invoice: FinanceInvoice, signal?: AbortSignal): Promise<string> {
    return this.client.importInvoice(invoice, signal);
  }

  async record(em: EntityManager, invoiceId: string, financeInvoiceId: string): Promise<void> {
    await em.update(Invoice, { id: invoiceId }, { pushedToFinanceAt: () => 'clock_timestamp()', financeInvoiceId });
  }

  onDelivered({ id, attempts }: ClaimedMessage): void {
    this.log.log({ event: 'invoice_pushed', invoice_id: id, attempt: attempts });
  }

  onFailed({ id, attempts }: ClaimedMessage, error: unknown): void {
    this.log.warn({ event: 'invoice_push_failed', invoice_id: id, attempt: attempts, ...errorFields(error) });
  }
}
