import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { VOLATILE_ATTRS } from '../kinds';
import { ACTION_COLUMNS, actionsAbout, causeOf, SAGAS_OF_ACTIONS, type CausedChange, type ReportedAction } from './event-cause';
import { SAGA_OF_EVENT, type EventCause } from './event-view';

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

/**
 * Finds the provider's actions behind the latest changes of many resources at once. Causes are computed when they are read, not when the
 * change is recorded, because the feed may list the action after a sweep has recorded its effect.
 */
@Injectable()
export class ChangeCauses {
  constructor(private readonly database: Database) {}

  /** The causes by key. A change without a known cause has no entry. */
  async find(asked: readonly ChangeAsked[]): Promise<Map<string, EventCause>> {
    const changes =
      asked.length === 0
        ? []
        : await this.database.query<LastChange>(LAST_CHANGES, [JSON.stringify(asked), JSON.stringify(VOLATILE_ATTRS)]);
    const actions = await this.findActions(changes);
    return new Map(
      changes.flatMap((change) => {
        const cause = causeOf(change, actions.get(change.resource_id) ?? []);
        return cause ? [[change.key, cause] as const] : [];
      }),
    );
  }

  private async findActions(changes: readonly LastChange[]): Promise<Map<string, ReportedAction[]>> {
    type ActionRow = Omit<ReportedAction, 'saga_id'> & { readonly resource_id: string };
    const places = changes.map(({ resource_id, at }) => ({ resource_id, at }));
    const reported = places.length === 0 ? [] : await this.database.query<ActionRow>(ACTIONS_OF_RESOURCES, [JSON.stringify(places)]);
    if (reported.length === 0) return new Map();
    const started = await this.database.query<{ action_id: string; saga_id: string }>(SAGAS_OF_ACTIONS, [
      reported.map(({ action_id }) => action_id),
    ]);
    const sagaOf = new Map(started.map(({ action_id, saga_id }) => [action_id, saga_id]));
    const byResource = new Map<string, ReportedAction[]>();
    for (const { resource_id, ...action } of reported) {
      const known = byResource.get(resource_id) ?? [];
      byResource.set(resource_id, [...known, { ...action, saga_id: sagaOf.get(action.action_id) ?? null }]);
    }
    return byResource;
  }
}

/**
 * The last event that changed one of the fields, with the changes of these fields only. The caller's time is truncated to the millisecond,
 * so the comparison adds one. An attribute without a history changed at some time before the requested one.
 * $1 requests as JSON rows, $2 attributes without a history, by kind.
 */
const LAST_CHANGES = `
select a.key, a.resource_id, e.type, e.at, e.source, e.saga_id,
       (select jsonb_object_agg(c.key, c.value) from jsonb_each(e.changes) c where c.key = any (a.fields)) as changes
  from json_to_recordset($1::json) as a(key text, resource_id uuid, fields text[], until timestamptz)
 cross join lateral (
   select e.type, e.at, e.source, ${SAGA_OF_EVENT} as saga_id, e.changes from cloud_resource_events e
    where e.resource_id = a.resource_id and e.type in ('updated', 'tagged', 'deleted') and e.at < a.until + interval '1 millisecond'
      and e.changes ?| a.fields
    order by e.seq desc limit 1) e
union all
select a.key, a.resource_id, 'updated', a.until, 'sweep', null, jsonb_object_agg(f.name, null)
  from json_to_recordset($1::json) as a(key text, resource_id uuid, fields text[], until timestamptz)
  join cloud_resources r on r.id = a.resource_id
 cross join unnest(a.fields) f(name) where $2::jsonb -> r.kind ? f.name
 group by 1, 2, 4`;

/** The actions of each resource that can have caused a change seen at a time. $1 resources and times as JSON rows. */
const ACTIONS_OF_RESOURCES = `
select e.resource_id, ${ACTION_COLUMNS}
  from json_to_recordset($1::json) as a(resource_id uuid, at timestamptz)
  join cloud_resource_events e on e.resource_id = a.resource_id and ${actionsAbout('a.at', 'a.at')}
 group by 1, 2`;
