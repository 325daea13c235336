import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One line of an ingested invoice, with the resource and the tenant that it belongs to. Lines are only inserted and deleted. */
@Entity('cloud_cost_lines')
export class CostLine {
  @PrimaryColumn('uuid')
  readonly invoiceId: string;

  @PrimaryColumn('int')
  readonly lineNo: number;

  @Column('text')
  readonly product: string;

  @Column('text')
  readonly kind: string;

  @Column('text', { nullable: true })
  readonly groupDescription: string | null;

  @Column('text')
  readonly description: string;

  @Column('text', { nullable: true })
  readonly category: string | null;

  /** The provider's id in the JSON item of the line. */
  @Column('text', { nullable: true })
  readonly providerRef: string | null;

  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  @Column('text', { nullable: true })
  readonly matchMethod: string | null;

  /** Why no resource was found; null where one was. */
  @Column('text', { nullable: true })
  readonly matchReason: string | null;

  @Column('text', { nullable: true })
  readonly projectName: string | null;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  /** Exact decimal text. */
  @Column('numeric', { nullable: true })
  readonly hours: string | null;

  @Column('timestamptz', { nullable: true })
  readonly startedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly endedAt: Date | null;

  @Column('numeric', MONEY)
  readonly amount: Money;

  @Column('boolean')
  readonly isTax: boolean;

  /** Cells of columns that this release does not know. */
  @Column('jsonb', { nullable: true })
  readonly extra: Readonly<Record<string, string>> | null;
}
