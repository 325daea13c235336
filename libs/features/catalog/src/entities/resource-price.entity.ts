import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What a resource is billed as during a time. A resource of a kind that is free, or has no details, has no row. The first row of a resource
 * is valid from `-infinity`, the current one to `infinity`.
 */
@Entity('resource_prices')
export class ResourcePrice {
  @PrimaryColumn('uuid')
  readonly resourceId: string;

  @PrimaryColumn('timestamptz')
  readonly validFrom: Date;

  @Column('timestamptz')
  readonly validTo: Date;

  /** As in `list_prices`. Without a rate there, the resource has no price. */
  @Column('text')
  readonly product: string;

  /** Machines, GiB or nodes; 0 for an address that is free while assigned, null when the size is unknown. */
  @Column('numeric', { nullable: true })
  readonly units: string | null;

  /** Of a droplet with backups. `unknown` until the policies have been read; priced as `weekly`, the provider's default. */
  @Column('text', { nullable: true })
  readonly plan: 'unknown' | 'weekly' | 'daily' | null;
}
