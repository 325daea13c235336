import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A cluster and timeline on which this database has run. A second one means that the database was restored. [OPS-8] */
@Entity('database_timeline')
export class DatabaseTimeline {
  @PrimaryColumn('text')
  readonly systemIdentifier: string;

  @PrimaryColumn('int')
  readonly timeline: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly since: Date;
}
