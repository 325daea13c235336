import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Bucket, LineExplanation } from '../pricing/rated-lines';

/** One line of a rated month: a piece of a line of the provider, a share of a pool, or a line of the monthly terms. */
@Entity('rated_lines')
export class RatedLine {
  @PrimaryColumn('text')
  readonly issuerId: string;

  /** The first day of the month. */
  @PrimaryColumn('date')
  readonly period: string;

  @PrimaryColumn('int')
  readonly lineNo: number;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text')
  readonly bucket: Bucket;

  @Column('text')
  readonly lineKind: string;

  @Column('text')
  readonly product: string;

  @Column('text')
  readonly description: string;

  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  @Column('text', { nullable: true })
  readonly resourceName: string | null;

  @Column('text', { nullable: true })
  readonly projectName: string | null;

  @Column('text', { nullable: true })
  readonly region: string | null;

  /** Exact decimal text; hours where the provider counts time. */
  @Column('numeric', { nullable: true })
  readonly quantity: string | null;

  @Column('text')
  readonly unit: string;

  /** What the provider charges; zero for lines of the monthly terms. Never for tenants. */
  @Column('numeric', MONEY)
  readonly buy: Money;

  /** Null for what no tenant pays, and where no rate was found. */
  @Column('numeric', { ...MONEY, nullable: true })
  readonly sell: Money | null;

  /** How the line came to be. Never for tenants. */
  @Column('jsonb')
  readonly explanation: LineExplanation;
}
