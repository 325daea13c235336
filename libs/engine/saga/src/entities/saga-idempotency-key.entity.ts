import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An idempotency key with the saga that its first request started. [SAG-17] */
@Entity('saga_idempotency_keys')
export class SagaIdempotencyKey {
  /** `platform`, or `tenant:` and the tenant: keys of different tenants are different keys. */
  @PrimaryColumn('text')
  readonly scope: string;

  @PrimaryColumn('text')
  readonly key: string;

  /** SHA-256 of the request. Another body with the same key is refused. */
  @Column('text')
  readonly bodyHash: string;

  @Column('uuid')
  readonly sagaId: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly startedAt: Date;
}
