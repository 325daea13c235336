import { Transaction } from '#libs/database';
import { errorFields } from '#libs/kernel';
import { Outbox, type ClaimedMessage, type Delivery } from '#libs/outbox';
import { FinanceClient } from '#libs/provider-billing';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { BillingOutboxMessage } from '../entities/billing-outbox-message.entity';
import { Payment, type PaymentKind } from '../entities/payment.entity';
import { FrozenDocument } from '../entities/tenant-document.entity';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import type { DocumentKind } from '../pricing/tenant-document';

const PATH = '/api/v1/integrations/cloud/tenant-invoice';

/** Longer than the time limit of the call. Retries follow after seconds at first, then after growing pauses, an hour at most. */
const POLICY = { leaseMs: 45_000, firstPauseMs: 5_000, longestPauseMs: 3_600_000 };

const EVENT_OF: Readonly<Record<DocumentKind, string>> = {
  invoice: 'tenant_invoice.issued',
  credit_note: 'credit_note.issued',
  void_notice: 'tenant_invoice.voided',
};

/** What finance receives. It keeps one entry for an `external_id`, however often it gets it. */
export interface BillingMessage {
  readonly event: string;
  readonly source: 'arcadia-cloud';
  readonly external_id: string;
  readonly tenant_id: string;
  readonly number: string;
  /** The frozen document, with sell amounts only; a payment has none. */
  readonly document?: unknown;
  readonly payment?: AnnouncedPayment;
}

/** A payment of the invoice `number`, or the return of one. */
export interface AnnouncedPayment {
  readonly kind: PaymentKind;
  readonly amount: string;
  readonly currency: string;
  readonly reference: string;
  readonly received_on: string;
  /** The `external_id` of the payment that is returned. */
  readonly returns: string | null;
}

/** Announces issued documents and recorded payments to finance: the only writer of `billing_outbox`. Nothing waits for finance. */
@Injectable()
export class BillingPush implements Delivery<BillingMessage, undefined> {
  private readonly log = new Logger('Finance');
  private readonly outbox: Outbox<BillingOutboxMessage>;

  constructor(
    @InjectRepository(BillingOutboxMessage) messages: Repository<BillingOutboxMessage>,
    @InjectRepository(FrozenDocument) private readonly documents: Repository<FrozenDocument>,
    @InjectRepository(Payment) private readonly payments: Repository<Payment>,
    @InjectRepository(TenantInvoice) private readonly invoices: Repository<TenantInvoice>,
    transaction: Transaction,
    private readonly client: FinanceClient,
  ) {
    this.outbox = new Outbox(messages, transaction, POLICY);
  }

  /** Call it in the transaction that freezes the document or records the payment. */
  announce(em: EntityManager, id: string, contentHash: string): Promise<void> {
    return this.outbox.write(em, id, contentHash);
  }

  /** True when an announcement is due and a finance service is configured. */
  async isDue(): Promise<boolean> {
    return this.client.configured && (await this.outbox.isDue());
  }

  /** Delivers until nothing is due or `signal` aborts. Any number of workers may do so at the same time. */
  async deliver(signal?: AbortSignal): Promise<{ delivered: number; failed: number }> {
    return this.client.configured ? this.outbox.deliver(this, signal) : { delivered: 0, failed: 0 };
  }

  async prepare(id: string): Promise<BillingMessage | undefined> {
    const found = await this.documents.findOneBy({ id });
    if (!found) return this.paymentMessage(id);
    const { kind, tenantId, number, json } = found;
    const document: unknown = JSON.parse(json);
    return { event: EVENT_OF[kind], source: 'arcadia-cloud', external_id: id, tenant_id: tenantId, number, document };
  }

  private async paymentMessage(id: string): Promise<BillingMessage | undefined> {
    const found = await this.payments.findOneBy({ id });
    if (!found) return undefined;
    const { tenantId, kind, currency, reference, receivedOn: received_on, returnsId: returns } = found;
    const { number } = await this.invoices.findOneByOrFail({ id: found.invoiceId });
    const payment = { kind, amount: found.amount.toAmountText(), currency, reference, received_on, returns };
    return { event: 'payment.recorded', source: 'arcadia-cloud', external_id: id, tenant_id: tenantId, number: number ?? '', payment };
  }

  async send(message: BillingMessage, signal?: AbortSignal): Promise<undefined> {
    await this.client.send(PATH, message, signal);
    return undefined;
  }

  async record(): Promise<void> {
    // The message itself says when it was delivered.
  }

  onDelivered({ id, attempts }: ClaimedMessage): void {
    this.log.log({ event: 'billing_pushed', document_id: id, attempt: attempts });
  }

  onFailed({ id, attempts }: ClaimedMessage, error: unknown): void {
    this.log.warn({ event: 'billing_push_failed', document_id: id, attempt: attempts, ...errorFields(error) });
  }
}
