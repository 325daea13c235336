import type { AuditContext } from '#libs/audit';
import type { Queryable } from '#libs/database';
import { EventLog } from '#libs/events';
import { Injectable } from '@nestjs/common';
import { ownerIntervals } from '../functions/inventory-history.sql';
import { effectiveFromSql, livingSince, LONGEST_CHAIN } from './owner.sql';

/** A change by an admin that gives resources another owner from a past time on. */
export interface Correction {
  /** The entry of the audit log that the events name. */
  readonly changeId: string;
  readonly by: AuditContext['by'];
  /** RFC 3339: the owner counts from this time on. */
  readonly effectiveFrom: string;
}

/**
 * Set-based: corrects the history of resources of which the change has no event yet, because their owner is the right one already, and of
 * the resources that follow them as their parents. $1 account, $2 resource ids, $3 audit entry, $4 time from which the owner counts.
 */
const CORRECT_HISTORY = `
with recursive followed as (
  select id, kind, provider_id, tenant_id, 0 as depth from cloud_resources where account_id = $1 and id = any ($2::uuid[]) and ${livingSince('cloud_resources', '$4')}
  union
  select c.id, c.kind, c.provider_id, c.tenant_id, f.depth + 1
    from followed f cross join lateral arcadia_children($1, array[f.kind || '/' || f.provider_id]) child(id) join cloud_resources c on c.id = child.id
   where ${livingSince('c', '$4')} and c.attributed_by in ('parent', 'members') and f.depth < ${LONGEST_CHAIN})
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select distinct f.id, f.tenant_id, 'attributed', 'admin',
       jsonb_build_object('tenant_id', jsonb_build_object('old', f.tenant_id, 'new', f.tenant_id)) || ${effectiveFromSql('$4')}, $3::uuid
  from followed f
 where not exists (select from cloud_resource_events e
                    where e.resource_id = f.id and e.type = 'attributed' and e.changes ? 'tenant_id' and e.sweep_id = $3::uuid)
returning resource_id`;

/**
 * Set-based: the tenants that owned these resources after $3 by their history without the change $2, and do so no more. The tenant that owned
 * one until the change is not among them. $1 resource ids.
 */
const PAST_OWNERS = `
with change as (
  select e.resource_id, e.changes -> 'tenant_id' ->> 'old' as old_tenant, e.changes -> 'tenant_id' ->> 'new' as new_tenant
    from cloud_resource_events e
   where e.resource_id = any ($1::uuid[]) and e.type = 'attributed' and e.changes ?& array['tenant_id', 'effective_from'] and e.sweep_id = $2)
select distinct r.id, r.kind, o.tenant_id
  from (${ownerIntervals('resource_id = any ($1::uuid[]) and sweep_id is distinct from $2')}) o
  join change c on c.resource_id = o.resource_id
  join cloud_resources r on r.id = o.resource_id
 where o.owned_until > $3::timestamptz and o.tenant_id is distinct from c.old_tenant and o.tenant_id is distinct from c.new_tenant
   and o.tenant_id is not null
 order by r.id, o.tenant_id`;

/** Writes owners into the past. */
@Injectable()
export class OwnerCorrections {
  constructor(private readonly events: EventLog) {}

  /**
   * Lets the present owner of these resources, and of those that follow them, count from the time of the correction on. `moved` are the resources
   * that the change has already given to another tenant, with that time. Each tenant that loses an earlier part of their past gets an event;
   * the database writes that of the last owner. Returns these tenants.
   */
  async correct(
    tx: Queryable,
    accountId: string,
    ids: readonly string[],
    moved: readonly string[],
    { changeId, by, effectiveFrom }: Correction,
  ): Promise<string[]> {
    const corrected = await tx.query<{ resource_id: string }>(CORRECT_HISTORY, [accountId, ids, changeId, effectiveFrom]);
    const all = [...new Set([...moved, ...corrected.map(({ resource_id }) => resource_id)])];
    const past = await tx.query<{ id: string; kind: string; tenant_id: string }>(PAST_OWNERS, [all, changeId, effectiveFrom]);
    await this.events.append(
      tx,
      past.map(({ id, kind, tenant_id }) => ({
        type: 'resource.moved_out',
        tenantId: tenant_id,
        actor: by,
        source: 'admin',
        subject: { type: 'resource', id, kind },
        data: { effective_from: effectiveFrom },
      })),
    );
    return [...new Set(past.map(({ tenant_id }) => tenant_id))];
  }
}
