import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The roll-up of running costs, once it is built. Without a row, costs are accrued from all resources. */
@Entity('cost_rollups')
export class CostRollupState {
  @PrimaryColumn('text')
  readonly kind: 'running';

  /** Its groups say what is billed alike since before this month began. Months before it are accrued from all resources. */
  @Column('timestamptz')
  readonly month: Date;

  /** The kinds that are free of charge, which the roll-up leaves out. A release with other free kinds builds it anew. */
  @Column('text')
  readonly freeKinds: string;
}

/** What decides the amount of a line. A line of one shape costs the same in every group. */
@Entity('cost_rollup_shapes')
export class CostRollupShape {
  /** A hash of the columns below. */
  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly kind: string;

  @Column('text', { nullable: true })
  readonly product: string | null;

  @Column('numeric', { nullable: true })
  readonly units: string | null;

  @Column('text', { nullable: true })
  readonly plan: string | null;
}

/** Living resources that are billed alike since before the month of the roll-up: by one price, for one owner, all the time. */
@Entity('cost_rollup_groups')
export class CostRollupGroup {
  /** A hash of the columns below, without `number`. */
  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('uuid')
  readonly shape: string;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('uuid', { nullable: true })
  readonly cloudProjectId: string | null;

  @Column('text')
  readonly kind: string;

  @Column('text', { nullable: true })
  readonly region: string | null;

  /** A droplet that is a node of a cluster. */
  @Column('boolean')
  readonly isNode: boolean;

  /** What a snapshot was taken of. */
  @Column('text', { nullable: true })
  readonly resourceType: string | null;

  @Column('text', { nullable: true })
  readonly product: string | null;

  @Column('numeric', { nullable: true })
  readonly units: string | null;

  @Column('text', { nullable: true })
  readonly plan: string | null;

  /** Members without `since`. Members that are noted as changed are still counted. */
  @Column('integer')
  readonly number: number;
}

/** Where a resource is in the roll-up. A resource that ended before the month has no row. */
@Entity('cost_rollup_members')
export class CostRollupMember {
  @PrimaryColumn('uuid')
  readonly resourceId: string;

  /** Null: its existence, its owner or its price changed in the month, so it is accrued by itself. */
  @Column('uuid', { nullable: true })
  readonly groupId: string | null;

  /** Its beginning, where that is in the month: it is billed like its group from then on, and not counted in it. */
  @Column('timestamptz', { nullable: true })
  readonly since: Date | null;
}

/** A resource that changed since it was folded into the roll-up; one row for each change. Triggers write it in the transaction of the change. */
@Entity('cost_rollup_changes')
export class CostRollupChange {
  @PrimaryColumn('uuid')
  readonly resourceId: string;
}
