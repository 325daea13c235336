import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MonthlyTerms } from '../pricing/rate-model';

/** One state of a card. It counts from its month until the next published version. A published one never changes. */
@Entity('rate_card_versions')
export class RateCardVersion {
  @PrimaryColumn('uuid')
  readonly cardId: string;

  @PrimaryColumn('int')
  readonly version: number;

  /** The first day of a month. */
  @Column('date')
  readonly validFrom: string;

  @Column('jsonb', { default: {} })
  readonly monthly: MonthlyTerms;

  /** SHA-256 over everything that decides a price; null until published. */
  @Column('text', { nullable: true })
  readonly digest: string | null;

  @Column('timestamptz', { nullable: true })
  readonly publishedAt: Date | null;

  @Column('text', { nullable: true })
  readonly publishedBy: string | null;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}
