import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The ordered values of a resource: field of the provider → value, e.g. `size_slug`. */
export type Spec = Readonly<Record<string, unknown>>;

/**
 * The fields of the desired state by kind: those that people choose, and whether a machine runs. An ordered resource and an adopted one are
 * compared in the same fields. A field is `name`, `region`, `size_slug`, `power`, `backups` or the name of an attribute.
 */
export const DESIRED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  droplet: ['name', 'region', 'size_slug', 'image', 'tags', 'backups', 'power'],
  volume: ['name', 'region', 'size_gigabytes', 'filesystem_type', 'tags', 'droplet_ids'],
  firewall: ['name', 'inbound_rules', 'outbound_rules', 'tags'],
  load_balancer: ['name', 'region', 'algorithm', 'forwarding_rules'],
  dns_zone: ['name'],
  floating_ip: ['region'],
};

export const desiredFields = (kind: string): readonly string[] => DESIRED_FIELDS[kind] ?? ['name', 'region'];

/** The desired state of one resource, with which drift detection compares the live values. */
@Entity('cloud_provisioned')
export class DesiredState {
  @PrimaryColumn('uuid')
  readonly resourceId: string;

  @Column('jsonb')
  readonly spec: Spec;

  /** Rises with every change of the desired state. */
  @Column('int', { default: 1 })
  readonly version: number;

  /** The saga that recorded the last change; null after an adoption. */
  @Column('uuid', { nullable: true })
  readonly lastSagaId: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly provisionedAt: Date;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;

  /** Null while the resource has a desired state. */
  @Column('timestamptz', { nullable: true })
  readonly endedAt: Date | null;
}
