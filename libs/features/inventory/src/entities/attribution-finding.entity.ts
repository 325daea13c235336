import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A move of a resource from one tenant to another that only a rule asks for. It waits until an admin confirms it. */
@Entity('attribution_findings')
export class AttributionFinding {
  @PrimaryColumn('uuid')
  readonly resourceId: string;

  @Column('uuid')
  readonly accountId: string;

  /** The owner, who stays the owner until then. */
  @Column('text')
  readonly fromTenantId: string;

  @Column('text')
  readonly toTenantId: string;

  /** What decides for the other tenant: a rule, or a parent or user that a rule gave to it. */
  @Column('text')
  readonly attributedBy: 'rule' | 'parent' | 'members';

  /** Id of that rule, parent or user. */
  @Column('text')
  readonly attributedRef: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly foundAt: Date;
}
