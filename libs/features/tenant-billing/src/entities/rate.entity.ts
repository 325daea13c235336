import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RateModel } from '../pricing/rate-model';
import type { Selector } from '../pricing/selector';

/** One price of a version: what it applies to, and how it is computed. */
@Entity('rates')
export class RateRow {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly cardId: string;

  @Column('int')
  readonly version: number;

  @Column('jsonb', { default: {} })
  readonly selector: Selector;

  @Column('jsonb')
  readonly model: RateModel;

  @Column('int', { default: 0 })
  readonly priority: number;
}
