import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An action at the provider that a saga started. */
@Entity('cloud_saga_actions')
export class SagaAction {
  /** The provider's id. */
  @PrimaryColumn('bigint')
  readonly actionId: string;

  @Column('uuid')
  readonly sagaId: string;

  @Column('timestamptz', { name: 'told_at', default: () => 'clock_timestamp()' })
  readonly recordedAt: Date;
}
