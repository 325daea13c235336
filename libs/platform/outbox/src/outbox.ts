import { Lease, type Transaction } from '#libs/database';
import { errorCode } from '#libs/kernel';
import { type EntityManager, type FindOptionsWhere, type QueryDeepPartialEntity, type Repository, Column } from 'typeorm';

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

export interface OutboxPolicy {
  /**
   * The lease covers `prepare` and, renewed, `send`. It is longer than the time limit of `send`: a request of a dead worker can take effect
   * until then, and a newer version must not overtake it.
   */
  readonly leaseMs: number;
  /** The pause after the first failure; it doubles with each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** SQL on the message `o`: it may be delivered now. A message for which it is false waits. */
  readonly deliverable?: string;
}

/** A message that this worker has leased. */
export interface ClaimedMessage {
  /** Of the thing that the message is about. */
  readonly id: string;
  readonly version: number;
  readonly attempts: number;
  readonly lease: string;
}

/** How the user of an outbox delivers a message. */
export interface Delivery<C, R> {
  /** Reads the content to send. Undefined when it may not be sent any more; then the message waits until its lease has ended. */
  prepare(id: string): Promise<C | undefined>;
  /** Repeating it is harmless to the receiver. */
  send(content: C, signal?: AbortSignal): Promise<R>;
  /** Records the receiver's result, in the transaction that marks the message as delivered. */
  record(em: EntityManager, id: string, result: R): Promise<void>;
  onDelivered(message: ClaimedMessage): void;
  onFailed(message: ClaimedMessage, error: unknown): void;
}

/**
 * Messages that are written in the transaction of the data that they announce, and delivered later, so an outage of the receiver delays no
 * change. One row per thing: a change before the delivery updates it. Any number of workers may deliver at the same time. The table
 * belongs to the user of the outbox.
 */
export class Outbox<M extends OutboxMessage> {
  private readonly lease: Lease<M>;

  constructor(
    private readonly messages: Repository<M>,
    private readonly transaction: Transaction,
    private readonly policy: OutboxPolicy,
  ) {
    this.lease = new Lease<M>(messages, 'leaseUntil', policy.leaseMs);
  }

  /**
   * Writes the message about a thing when its content differs from the last version. Call it in the transaction that changes the thing. The
   * lease of a running delivery stays: two versions sent at the same time could arrive in the wrong order.
   */
  async write(em: EntityManager, id: string, contentHash: string): Promise<void> {
    const rows = em.getRepository<M>(this.messages.target);
    const message = { ...this.keyOf(id), contentHash } as QueryDeepPartialEntity<M>;
    const inserted = await rows.createQueryBuilder().insert().values(message).orIgnore().returning('1').updateEntity(false).execute();
    if ((inserted.raw as unknown[]).length > 0) return;
    const now = () => 'clock_timestamp()';
    const next = {
      contentHash,
      version: () => 'version + 1',
      createdAt: now,
      attempts: 0,
      nextAttemptAt: now,
      errorCode: null,
      deliveredAt: null,
    };
    await rows
      .createQueryBuilder()
      .update()
      .set(next as QueryDeepPartialEntity<M>)
      .where(this.keyOf(id))
      .andWhere('content_hash <> :contentHash', { contentHash })
      .execute();
  }

  isDue(): Promise<boolean> {
    return this.messages.createQueryBuilder('o').where(this.due()).getExists();
  }

  /** Delivers until nothing is due or `signal` aborts. Throws the first failure that is no `DomainError`, after recording it. */
  async deliver<C, R>(delivery: Delivery<C, R>, signal?: AbortSignal): Promise<{ delivered: number; failed: number }> {
    const report = { delivered: 0, failed: 0 };
    for (;;) {
      const message = signal?.aborted ? undefined : await this.claim();
      if (!message) return report;
      if (await this.deliverOne(message, delivery, signal)) report.delivered += 1;
      else report.failed += 1;
    }
  }

  private async deliverOne<C, R>(claimed: ClaimedMessage, delivery: Delivery<C, R>, signal?: AbortSignal): Promise<boolean> {
    let message = claimed;
    try {
      const content = await delivery.prepare(message.id);
      if (content === undefined) return false;
      const lease = await this.lease.renew(this.keyOf(message.id), message.lease);
      if (lease === undefined) return false; // `prepare` took longer than the lease: another worker delivers
      message = { ...message, lease };
      const result = await delivery.send(content, signal);
      await this.transaction.run(async (em) => {
        await this.markDelivered(em, message);
        await delivery.record(em, message.id, result);
      });
      delivery.onDelivered(message);
      return true;
    } catch (error) {
      const code = errorCode(error);
      delivery.onFailed(message, error);
      await this.markFailed(message, code);
      if (code === 'internal') throw error;
      return false;
    }
  }

  /** Leases the message that has waited longest to this worker. Fenced: `skip locked` gives two workers two messages. */
  private claim(): Promise<ClaimedMessage | undefined> {
    const { tablePath, primaryColumns } = this.messages.metadata;
    const key = primaryColumns[0]?.databaseName;
    const next = `(select o.${key} from ${tablePath} o where ${this.due()} order by o.next_attempt_at limit 1 for update of o skip locked)`;
    const set = { attempts: () => 'attempts + 1' } as QueryDeepPartialEntity<M>;
    return this.lease.claim({ where: `${key} = ${next}`, set, returning: [`${key} as id`, 'version', 'attempts'] });
  }

  /**
   * A newer version that was written meanwhile becomes due again, because the receiver may have taken the older one last. When the lease
   * has ended, the worker that has it now delivers once more, which changes nothing at the receiver.
   */
  private markDelivered(em: EntityManager, { id, version, lease }: ClaimedMessage): Promise<boolean> {
    const set = {
      errorCode: null,
      deliveredAt: () => 'case when version = :version then clock_timestamp() end',
      nextAttemptAt: () => 'case when version = :version then next_attempt_at else clock_timestamp() end',
    } as QueryDeepPartialEntity<M>;
    return this.lease.release(this.keyOf(id), lease, { set, parameters: { version } }, em);
  }

  /** Records a failure and the time of the next attempt, which is now when a newer version was written meanwhile. */
  private markFailed({ id, version, attempts, lease }: ClaimedMessage, code: string): Promise<boolean> {
    const { firstPauseMs, longestPauseMs } = this.policy;
    const pauseMs = Math.round(Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 20)) * (0.5 + Math.random() / 2));
    const set = {
      errorCode: code,
      nextAttemptAt: () => `clock_timestamp() + case when version = :version then :pauseMs else 0 end * interval '1 millisecond'`,
    } as QueryDeepPartialEntity<M>;
    return this.lease.release(this.keyOf(id), lease, { set, parameters: { version, pauseMs } });
  }

  private due(): string {
    return [
      mayBecome('claimed'),
      'o.next_attempt_at <= clock_timestamp()',
      this.lease.free('o'),
      ...(this.policy.deliverable === undefined ? [] : [this.policy.deliverable]),
    ].join(' and ');
  }

  private keyOf(id: string): FindOptionsWhere<M> {
    const property = this.messages.metadata.primaryColumns[0]?.propertyName ?? '';
    return { [property]: id } as FindOptionsWhere<M>;
  }
}
