import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { SagaAction } from '../entities/saga-action.entity';
import { VOLATILE_ATTRS } from '../kinds';
import { CLOCK_SLACK_MS, causeOf, LONGEST_EFFECT_MS, type CausedChange, type EventCause, type ReportedAction } from './event-cause';

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
