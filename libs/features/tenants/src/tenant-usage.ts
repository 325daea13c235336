import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** What a tenant has at this moment. */
export interface Usage {
  /** Living resources by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Of droplets, also of those that are switched off. */
  readonly vcpus: number;
  readonly memory_gib: number;
  readonly volume_gib: number;
  readonly open_drift: number;
  readonly running_sagas: number;
}

/** What resources of one tenant are billed as. Equal ones are one row with their number. */
export interface BilledUsage {
  readonly kind: string;
  readonly product: string | null;
  readonly units: string | null;
  readonly plan: string | null;
  readonly number: number;
}

/** The usage with what it is billed as, for a reader that knows prices. */
export type PricedUsage = Usage & { readonly billed: readonly BilledUsage[] };

/** SQL: a saga is open until its status is final. A status of a later release counts as open. */
export const OPEN_SAGA = `status not in ('completed', 'rolled_back', 'failed', 'compensation_failed', 'rejected')`;

const numberAt = (field: string) => `case when jsonb_typeof(attrs -> '${field}') = 'number' then (attrs ->> '${field}')::numeric end`;
/** Of a droplet with a size that the stored catalog lacks. */
const ofUnlisted = (field: string) => `case when r.kind = 'droplet' and z.slug is null then ${numberAt(field)} end`;

/**
 * Set-based: the usage of some tenants in one statement, each tenant once. Most of it comes from sizes and from what resources are billed as,
 * because reading the attributes of each resource takes longer than all the rest. $1 tenant ids.
 */
const USAGE = `
with alike as (
  select tenant_id, kind, p.product, p.units, p.plan, count(*)::int as number,
         sum(coalesce(z.vcpus, ${ofUnlisted('vcpus')})) filter (where kind = 'droplet') as vcpus,
         sum(coalesce(z.memory_mb, ${ofUnlisted('memory')})) filter (where kind = 'droplet') as memory_mib,
         sum(coalesce(p.units, ${numberAt('size_gigabytes')})) filter (where kind = 'volume') as volume_gib
    from cloud_resources r
    left join platform_resource_prices p on p.resource_id = r.id and p.valid_to = 'infinity'
    left join provider_sizes z on z.slug = r.size_slug
   where tenant_id = any ($1::text[]) and deleted_at is null
   group by 1, 2, 3, 4, 5),
counted as (
  select tenant_id, kind, sum(number)::int as number, sum(vcpus) as vcpus, sum(memory_mib) as memory_mib, sum(volume_gib) as volume_gib,
         jsonb_agg(jsonb_build_object('kind', kind, 'product', product, 'units', units::text, 'plan', plan, 'number', number)) as billed
    from alike group by tenant_id, kind),
owned as (
  select tenant_id, jsonb_object_agg(kind, number) as resources, sum(vcpus) as vcpus, sum(memory_mib) as memory_mib, sum(volume_gib) as volume_gib,
         jsonb_agg(billed) as billed
    from counted group by tenant_id),
drifted as (
  select r.tenant_id, count(*)::int as number
    from cloud_drift d join cloud_resources r on r.id = d.resource_id
   where d.status = 'open' and r.tenant_id = any ($1::text[]) group by r.tenant_id),
running as (select tenant_id, count(*)::int as number from saga_runs where tenant_id = any ($1::text[]) and ${OPEN_SAGA} group by tenant_id)
select asked.id, coalesce(o.resources, '{}') as resources, coalesce(o.billed, '[]') as billed, coalesce(o.vcpus, 0)::int as vcpus,
       round(coalesce(o.memory_mib, 0) / 1024, 2)::float8 as memory_gib, coalesce(o.volume_gib, 0)::float8 as volume_gib,
       coalesce(d.number, 0) as open_drift, coalesce(s.number, 0) as running_sagas
  from unnest($1::text[]) asked(id)
  left join owned o on o.tenant_id = asked.id
  left join drifted d on d.tenant_id = asked.id
  left join running s on s.tenant_id = asked.id`;

const NOTHING: PricedUsage = { billed: [], resources: {}, vcpus: 0, memory_gib: 0, volume_gib: 0, open_drift: 0, running_sagas: 0 };

/** Counts what tenants have. */
@Injectable()
export class TenantUsage {
  /** The usage of a tenant without anything. */
  readonly nothing: PricedUsage = NOTHING;

  constructor(private readonly database: Database) {}

  /** The usage of each of these tenants, by id. */
  async of(ids: readonly string[]): Promise<Map<string, PricedUsage>> {
    if (ids.length === 0) return new Map();
    const rows = await this.database.query<Usage & { id: string; billed: BilledUsage[][] }>(USAGE, [ids]);
    return new Map(rows.map(({ id, billed, ...usage }) => [id, { ...usage, billed: billed.flat() }]));
  }
}
