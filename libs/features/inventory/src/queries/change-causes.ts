import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { SagaAction } from '../entities/saga-action.entity';
import { VOLATILE_ATTRS } from '../kinds';
import type { ResourceEvent } from '../entities/resource-event.entity';

/** The provider's action that caused a change, or the saga that wrote it. */
export interface EventCause {
  /** Null for a saga's change without an action, or before the feed has listed the action. */
  readonly action_id: string | null;
  readonly action: string | null;
  readonly at: string | null;
  /** True when one of our sagas started it. */
  readonly ours: boolean;
  readonly saga_id: string | null;
}

/** An action of the provider, from its `provider_action` event. */
export interface ReportedAction {
  readonly action_id: string;
  readonly action: string;
  /** The saga that started it. Null: it was started outside this service. */
  readonly saga_id: string | null;
  /** By the provider's clock. */
  readonly started_at: string | null;
  /** When the feed first listed it, by the database's clock. */
  readonly reported_at: Date;
}

/** An action that began longer ago than a day did not make the change. */
export const LONGEST_EFFECT_MS = 86_400_000;

/**
 * Milliseconds by which an action may appear to begin after its effect was seen. Actions have the provider's clock, changes the database's.
 * Both follow NTP and differ by far less, and no second action of a droplet can take effect within this time.
 */
export const CLOCK_SLACK_MS = 5_000;

/** The provider's action types that change a field. Source: the action types of droplets and reserved IPs. */
const CHANGED_BY: Readonly<Record<string, readonly string[]>> = {
  size_slug: ['resize'],
  memory: ['resize'],
  vcpus: ['resize'],
  disk: ['resize'],
  name: ['rename'],
  status: ['power_on', 'power_off', 'power_cycle', 'shutdown', 'reboot', 'destroy', 'assign_ip', 'unassign_ip', 'assign', 'unassign'],
  image: ['rebuild', 'restore'],
  features: ['enable_backups', 'disable_backups', 'enable_ipv6', 'enable_private_networking'],
  networks: ['enable_ipv6', 'enable_private_networking', 'create', 'assign_ip', 'unassign_ip'],
  droplet_id: ['assign_ip', 'unassign_ip', 'assign', 'unassign'],
  droplet_ids: ['attach_volume', 'detach_volume', 'attach', 'detach'],
  size_gigabytes: ['resize', 'resize_volume'],
};

/** The only action type that deletes a droplet. */
const DELETED_BY: readonly string[] = ['destroy'];

/** The fields of a change that determine its cause. */
export interface CausedChange extends Pick<ResourceEvent, 'type' | 'at' | 'changes' | 'source'> {
  /** The saga that wrote the event. Null for other sources, and for older events. */
  readonly saga_id: string | null;
}

/**
 * The action that caused the change: the nearest of those that began before the change was seen; one that began after it comes last. An
 * action that explains more than the status comes first, because a resize also switches the droplet off. A change that a saga wrote has
 * that saga as its cause, even before the feed has listed an action of it.
 */
export function causeOf(event: CausedChange, actions: readonly ReportedAction[]): EventCause | null {
  if (event.type !== 'updated' && event.type !== 'deleted') return null;
  const fields = Object.keys(event.changes);
  const able = new Set(event.type === 'deleted' ? DELETED_BY : fields.flatMap((field) => CHANGED_BY[field] ?? []));
  const explaining = new Set(fields.filter((field) => field !== 'status').flatMap((field) => CHANGED_BY[field] ?? []));
  const rank = ({ action }: ReportedAction): number => Number(explaining.has(action));
  const [cause] = actions
    .filter((action) => able.has(action.action) && isOfWriter(event, action) && Number.isFinite(distanceMs(event, action)))
    .sort(
      (a, b) =>
        rank(b) - rank(a) ||
        distanceMs(event, a) - distanceMs(event, b) ||
        a.reported_at.getTime() - b.reported_at.getTime() || // the provider's times have whole seconds
        Number(b.action_id) - Number(a.action_id),
    );
  if (cause)
    return { action_id: cause.action_id, action: cause.action, at: cause.started_at, ours: cause.saga_id !== null, saga_id: cause.saga_id };
  return event.saga_id === null ? null : { action_id: null, action: null, at: null, ours: true, saga_id: event.saga_id };
}

/** A saga's change is caused by that saga's actions only. Older events do not name their saga, so any of our sagas matches. */
function isOfWriter({ source, saga_id: writer }: CausedChange, action: ReportedAction): boolean {
  return source !== 'saga' || (writer === null ? action.saga_id !== null : action.saga_id === writer);
}

/**
 * Distance of the action's start from the change. Starts after the change, within the slack, rank behind all others. Infinity: no cause.
 */
function distanceMs({ at }: CausedChange, { started_at: startedAt, reported_at: reportedAt }: ReportedAction): number {
  const laterMs = (startedAt === null ? reportedAt.getTime() : Date.parse(startedAt)) - at.getTime();
  if (laterMs > CLOCK_SLACK_MS || laterMs < -LONGEST_EFFECT_MS) return Infinity;
  return laterMs > 0 ? LONGEST_EFFECT_MS + laterMs : -laterMs;
}

/** A request for the cause of the last change of these fields of a resource before a time. */
export interface ChangeAsked {
  /** Identifies the request in the result. */
  readonly key: string;
  readonly resource_id: string;
  /** The fields by their names in events. */
  readonly fields: readonly string[];
  readonly until: Date;
}

interface LastChange extends CausedChange {
  readonly key: string;
  readonly resource_id: string;
}

/** The times between which changes of a resource were seen. */
interface Seen {
  readonly resource_id: string;
  readonly from: Date;
  readonly to: Date;
}

type ActionRow = Omit<ReportedAction, 'saga_id'> & { readonly resource_id: string };

/**
 * Finds the provider's actions behind changes. Causes are computed when they are read, not when the change is recorded, because the feed
 * may list the action after a sweep has recorded its effect.
 */
@Injectable()
export class ChangeCauses {
  constructor(
    private readonly database: Database,
    @InjectRepository(SagaAction) private readonly sagaActions: Repository<SagaAction>,
  ) {}

  /** The causes of the latest changes of many resources, by key. A change without a known cause has no entry. */
  async find(asked: readonly ChangeAsked[]): Promise<Map<string, EventCause>> {
    if (asked.length === 0) return new Map();
    const changes = await this.database.query<LastChange>(LAST_CHANGES, [JSON.stringify(asked), JSON.stringify(VOLATILE_ATTRS)]);
    const seen = changes.map(({ resource_id, at }) => ({ resource_id, from: at, to: at }));
    const byResource = new Map<string, ReportedAction[]>();
    for (const action of await this.withSagas(await findActions(this.database, seen))) {
      byResource.set(action.resource_id, [...(byResource.get(action.resource_id) ?? []), action]);
    }
    return new Map(
      changes.flatMap((change) => {
        const cause = causeOf(change, byResource.get(change.resource_id) ?? []);
        return cause ? [[change.key, cause] as const] : [];
      }),
    );
  }

  /** Adds the sagas that started the actions. Tenants may not read that table: a tenant's caller passes only actions of the tenant. */
  async withSagas<Action extends Omit<ReportedAction, 'saga_id'>>(actions: readonly Action[]): Promise<(Action & ReportedAction)[]> {
    if (actions.length === 0) return [];
    const started = await this.sagaActions.findBy({ actionId: In(actions.map(({ action_id }) => action_id)) });
    const sagaOf = new Map(started.map(({ actionId, sagaId }) => [actionId, sagaId]));
    return actions.map((action) => ({ ...action, saga_id: sagaOf.get(action.action_id) ?? null }));
  }
}

/**
 * The actions that can have caused changes seen at these times. With a tenant, only those in events of the tenant. Call it in the caller's
 * scope. [TEN-4]
 */
export async function findActions(on: Queryable, seen: readonly Seen[], tenant?: string): Promise<ActionRow[]> {
  if (seen.length === 0) return [];
  const ofTenant = tenant === undefined ? '' : 'and e.tenant_id = $2';
  return on.query<ActionRow>(actionsOfResources(ofTenant), [JSON.stringify(seen), ...(tenant === undefined ? [] : [tenant])]);
}

/**
 * Set-based. The last event that changed one of the fields, with the changes of these fields only. The caller's time is truncated to the
 * millisecond, so the comparison adds one. An attribute without a history changed at some time before the requested one.
 * $1 requests as JSON rows, $2 attributes without a history, by kind.
 */
const LAST_CHANGES = `
select a.key, a.resource_id, e.type, e.at, e.source, e.saga_id,
       (select jsonb_object_agg(c.key, c.value) from jsonb_each(e.changes) c where c.key = any (a.fields)) as changes
  from json_to_recordset($1::json) as a(key text, resource_id uuid, fields text[], until timestamptz)
 cross join lateral (
   select e.type, e.at, e.source, case when e.source = 'saga' then e.sweep_id end as saga_id, e.changes from cloud_resource_events e
    where e.resource_id = a.resource_id and e.type in ('updated', 'tagged', 'deleted') and e.at < a.until + interval '1 millisecond'
      and e.changes ?| a.fields
    order by e.seq desc limit 1) e
union all
select a.key, a.resource_id, 'updated', a.until, 'sweep', null, jsonb_object_agg(f.name, null)
  from json_to_recordset($1::json) as a(key text, resource_id uuid, fields text[], until timestamptz)
  join cloud_resources r on r.id = a.resource_id
 cross join unnest(a.fields) f(name) where $2::jsonb -> r.kind ? f.name
 group by 1, 2, 4`;

/** The start of the action of a `provider_action` event `e`. An action without a time starts when the feed first listed it. */
const BEGAN = `coalesce((e.changes ->> 'started_at')::timestamptz, e.at)`;

/** Set-based. It does not matter how late the feed listed an action. $1 resources and times as JSON rows, $2 the tenant of a condition. */
const actionsOfResources = (condition: string): string => `
select e.resource_id, e.changes ->> 'action_id' as action_id, min(e.changes ->> 'action') as action,
       min(e.changes ->> 'started_at') as started_at, min(e.at) as reported_at
  from json_to_recordset($1::json) as s(resource_id uuid, "from" timestamptz, "to" timestamptz)
  join cloud_resource_events e on e.resource_id = s.resource_id and e.type = 'provider_action' and e.at >= s."from" - interval '25 hours'
   and ${BEGAN} between s."from" - interval '${LONGEST_EFFECT_MS} milliseconds' and s."to" + interval '${CLOCK_SLACK_MS} milliseconds' ${condition}
 group by 1, 2`;
