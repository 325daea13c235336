import { OutboxMessage } from '#libs/outbox';
import { Entity, PrimaryColumn } from 'typeorm';

/** The announcement of an invoice to finance. Its content is everything that finance receives of the invoice. [BIL-8] */
@Entity('cloud_finance_outbox')
export class FinanceOutboxMessage extends OutboxMessage {
  @PrimaryColumn('uuid')
  readonly invoiceId: string;
}
