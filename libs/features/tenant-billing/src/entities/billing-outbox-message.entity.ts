import { OutboxMessage } from '#libs/outbox';
import { Entity, PrimaryColumn } from 'typeorm';

/** The announcement of an issued document to finance. Its content is the frozen document. */
@Entity('billing_outbox')
export class BillingOutboxMessage extends OutboxMessage {
  /** The document. */
  @PrimaryColumn('uuid')
  readonly subjectId: string;
}
