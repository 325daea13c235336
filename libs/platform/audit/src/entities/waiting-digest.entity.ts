import { Entity, PrimaryColumn } from 'typeorm';

/** A digest that is not yet linked. Read only: triggers add it, and sealing deletes it. [INV-14] */
@Entity('record_waiting')
export class WaitingDigest {
  @PrimaryColumn('bigint')
  readonly digestId: string;
}
