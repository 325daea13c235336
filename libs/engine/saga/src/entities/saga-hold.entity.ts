import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A resource that no other saga may touch until this one is `completed` or `rolled_back`. */
@Entity('saga_holds')
export class SagaHold {
  @PrimaryColumn('text')
  readonly resource: string;

  @Column('uuid')
  readonly sagaId: string;

  @Column('timestamptz', { name: 'held_since', default: () => 'clock_timestamp()' })
  readonly acquiredAt: Date;
}
