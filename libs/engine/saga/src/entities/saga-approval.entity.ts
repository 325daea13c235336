import { Column, Entity, PrimaryColumn } from 'typeorm';

export type ApprovalDecision = 'approved' | 'rejected' | 'expired' | 'cancelled';

/** A decision that a saga waits for, or waited for. A saga waits for at most one. */
@Entity('saga_approvals')
export class SagaApproval {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly sagaId: string;

  /** What is decided: whether the saga starts, or whether it goes on with the output of a step. */
  @Column('text')
  readonly subject: 'start' | 'step_output';

  /** Why a decision is needed. */
  @Column('text')
  readonly why: string;

  /** Who started the saga. This person may not decide. */
  @Column('text')
  readonly askedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly askedAt: Date;

  /** The plan that the person who asked has seen; null when there was none. */
  @Column('text', { nullable: true })
  readonly planHash: string | null;

  /** The output to decide about, with the subject `step_output`. */
  @Column('jsonb', { nullable: true })
  readonly output: Readonly<Record<string, unknown>> | null;

  /** The step of the output. */
  @Column('int', { nullable: true })
  readonly stepIdx: number | null;

  /** Without a decision until then, the service rejects. */
  @Column('timestamptz')
  readonly expiresAt: Date;

  @Column('text', { nullable: true })
  readonly decision: ApprovalDecision | null;

  @Column('text', { nullable: true })
  readonly decidedBy: string | null;

  @Column('timestamptz', { nullable: true })
  readonly decidedAt: Date | null;

  @Column('text', { nullable: true })
  readonly reason: string | null;
}
