import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RateModel } from '../pricing/rate-model';
import type { Selector } from '../pricing/selector';

/** A price for one tenant or one resource that counts before every card. */
@Entity('rate_overrides')
export class RateOverride {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  /** Exactly one of tenant and resource is set. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  @Column('jsonb', { default: {} })
  readonly selector: Selector;

  @Column('jsonb')
  readonly model: RateModel;

  @Column('int', { default: 0 })
  readonly priority: number;

  /** The first month, by its first day. */
  @Column('date')
  readonly validFrom: string;

  /** The first month in which it does not count any more; null: it counts on. */
  @Column('date', { nullable: true })
  readonly validTo: string | null;

  @Column('text')
  readonly reason: string;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}
