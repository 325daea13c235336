import { Column, Entity, PrimaryColumn } from 'typeorm';

export type OrphanReason = 'duplicate' | 'late' | 'unknown_saga' | 'restored' | 'older';
export type OrphanKind = 'droplet' | 'snapshot' | 'volume' | 'firewall' | 'dns_record';

/** A provider resource that carries the id of a saga whose record does not account for it. [SAG-8] */
@Entity('cloud_strays')
export class Orphan {
  @PrimaryColumn('text')
  readonly kind: OrphanKind;

  @PrimaryColumn('text')
  readonly providerId: string;

  @Column('uuid')
  readonly sagaId: string;

  @Column('text')
  readonly reason: OrphanReason;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly foundAt: Date;

  /** When its deletion was last requested. */
  @Column('timestamptz', { nullable: true })
  readonly askedAt: Date | null;

  /** When a complete list no longer contained it. */
  @Column('timestamptz', { name: 'gone_at', nullable: true })
  readonly deletedAt: Date | null;
}
