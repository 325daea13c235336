import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RunFailure, RunProblem, RunProgress, RunStatus, RunTotals, TenantSum } from '../pricing/run.states';

/** One rating of a month. The stored lines of a month are those of its last completed run. */
@Entity('billing_runs')
export class BillingRun {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly issuerId: string;

  /** The first day of the month. */
  @Column('date')
  readonly period: string;

  @Column('text', { default: 'pending' })
  readonly status: RunStatus;

  @Column('jsonb', { default: {} })
  readonly progress: RunProgress;

  @Column('jsonb', { default: [] })
  readonly problems: readonly RunProblem[];

  /** SHA-256 of everything that the rating has read. Equal inputs give equal lines. */
  @Column('text', { nullable: true })
  readonly inputsDigest: string | null;

  /** SHA-256 of the lines. */
  @Column('text', { nullable: true })
  readonly linesDigest: string | null;

  @Column('jsonb', { nullable: true })
  readonly totals: RunTotals | null;

  /** Of each tenant with lines, so that a month is listed without its lines; null until it is completed, and of runs of releases before this column. */
  @Column('jsonb', { nullable: true, select: false })
  readonly tenantSums: readonly TenantSum[] | null;

  @Column('jsonb', { nullable: true })
  readonly failure: RunFailure | null;

  @Column('text')
  readonly requestedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly requestedAt: Date;

  /** A worker that has claimed the run works on it until then. */
  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly startedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;

  /** When drafts of invoices were last built from the lines of the run; null: not yet. */
  @Column('timestamptz', { nullable: true })
  readonly draftsBuiltAt: Date | null;
}
