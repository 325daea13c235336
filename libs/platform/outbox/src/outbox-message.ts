import { Column } from 'typeorm';

/** The columns of every outbox. Its user adds the primary key, one column: the id of the thing that the message is about. */
export abstract class OutboxMessage {
  /** Rises when the content changes after the message was written. */
  @Column('int', { default: 1 })
  readonly version: number;

  @Column('text')
  readonly contentHash: string;

  /** Of this version. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  /** Of this version. */
  @Column('int', { default: 0 })
  readonly attempts: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly nextAttemptAt: Date;

  /** The end of the lease of the worker that delivers the message. */
  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  /** The code of the last failure; null after a delivery or a new version. */
  @Column('text', { nullable: true })
  readonly errorCode: string | null;

  /** Null until this version is delivered. */
  @Column('timestamptz', { nullable: true })
  readonly deliveredAt: Date | null;
}

/** The state of a message follows from its columns. A claimed one has a lease, which may have ended. */
export type MessageState = 'waiting' | 'claimed' | 'delivered';

export const MESSAGE_TRANSITIONS: Readonly<Record<MessageState, readonly MessageState[]>> = {
  waiting: ['claimed'],
  /** `claimed`: by another worker after the lease has ended. `waiting`: after a failure, or with a new version. */
  claimed: ['claimed', 'delivered', 'waiting'],
  /** With a new version. */
  delivered: ['waiting'],
};

/** SQL on a message `o`: it is in one of the states that may become `next`. */
export function mayBecome(next: MessageState): string {
  const states = Object.keys(CONDITIONS) as MessageState[];
  const conditions = states.filter((state) => MESSAGE_TRANSITIONS[state].includes(next)).map((state) => `(${CONDITIONS[state]})`);
  return `(${conditions.join(' or ')})`;
}

const CONDITIONS: Readonly<Record<MessageState, string>> = {
  waiting: 'o.delivered_at is null and o.lease_until is null',
  claimed: 'o.delivered_at is null and o.lease_until is not null',
  delivered: 'o.delivered_at is not null',
};
