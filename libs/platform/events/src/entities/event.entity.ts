import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** An event of the feed that no other append-only table records. Rows are append-only and linked into the hash chain. [INV-14] */
@Entity('events')
export class Event {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly seq: string;

  @Column('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly at: Date;

  @Column('text')
  readonly type: string;

  /** The tenant that may read the event: the owner at the time of the event. Null: platform admins only. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  /** The person or machine identity that made the change; null when the service made the change by itself. */
  @Column('text', { nullable: true })
  readonly actor: string | null;

  /** The actor is a platform admin. A tenant reads `operator` instead of the name. */
  @Column('boolean', { default: false })
  readonly byPlatform: boolean;

  /** The part of the product that made the change. */
  @Column('text')
  readonly source: string;

  @Column('text')
  readonly subjectType: string;

  @Column('text')
  readonly subjectId: string;

  /** The name at the time of the event. */
  @Column('text', { nullable: true })
  readonly subjectName: string | null;

  @Column('text', { nullable: true })
  readonly subjectKind: string | null;

  /** The resource that the event is about, also when its subject is a saga or a drift. */
  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  @Column('jsonb', { default: {} })
  readonly data: Record<string, unknown>;
}
