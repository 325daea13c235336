import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { ACTION_COLUMNS, actionsAbout, causeOf, SAGAS_OF_ACTIONS, type CausedChange, type ToldAction } from './event-cause';
import { SAGA_OF_EVENT, type EventCause } from './event-view';
import { VOLATILE_ATTRS } from './volatile-attrs';

/** A question: what made these fields of a resource what they were at a time. */
export interface ChangeAsked {
  /** Names the question in the answer. */
  readonly key: string;
  readonly resource_id: string;
  /** As events name them. */
  readonly fields: readonly string[];
  readonly until: Date;
}

interface LastChange extends CausedChange {
  readonly key: string;
  readonly resource_id: string;
}

/**
 * Finds the provider's actions behind the latest changes of many resources at once. Asked when it is shown, not when the change is noticed:
 * the feed may tell of the action later than a sweep shows its effect.
 */
@Injectable()
export class ChangeCauses {
  constructor(private readonly database: Database) {}

  /** By key; what nobody knows is left out. */
  async find(asked: readonly ChangeAsked[]): Promise<Map<string, EventCause>> {
    const changes =
      asked.length === 0
        ? []
        : await this.database.query<LastChange>(LAST_CHANGES, [JSON.stringify(asked), JSON.stringify(VOLATILE_ATTRS)]);
    const actions = await this.actionsAbout(changes);
    return new Map(
      changes.flatMap((change) => {
        const cause = causeOf(change, actions.get(change.resource_id) ?? []);
        return cause ? [[change.key, cause] as const] : [];
      }),
    );
  }

  private async actionsAbout(changes: readonly LastChange[]): Promise<Map<string, ToldAction[]>> {
    type Told = Omit<ToldAction, 'saga_id'> & { readonly resource_id: string };
    const places = changes.map(({ resource_id, at }) => ({ resource_id, at }));
    const told = places.length === 0 ? [] : await this.database.query<Told>(ACTIONS_OF_RESOURCES, [JSON.stringify(places)]);
    if (told.length === 0) return new Map();
    const asked = await this.database.query<{ action_id: string; saga_id: string }>(SAGAS_OF_ACTIONS, [
      told.map(({ action_id }) => action_id),
    ]);
    const sagaOf = new Map(asked.map(({ action_id, saga_id }) => [action_id, saga_id]));
    const byResource = new Map<string, ToldAction[]>();
    for (const { resource_id, ...action } of told) {
      const known = byResource.get(resource_id) ?? [];
      byResource.set(resource_id, [...known, { ...action, saga_id: sagaOf.get(action.action_id) ?? null }]);
    }
    return byResource;
  }
}

/**
 * The last event that touched one of the fields, with just these of its changes. A time is read to the millisecond: hence the next one. An
 * attribute without a log changed at some time before the one that is asked about. $1 questions as JSON rows, $2 attributes without a log, by kind.
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

/** The actions of each resource that could have made a change seen at a time. $1 resources and times as JSON rows. */
const ACTIONS_OF_RESOURCES = `
select e.resource_id, ${ACTION_COLUMNS}
  from json_to_recordset($1::json) as a(resource_id uuid, at timestamptz)
  join cloud_resource_events e on e.resource_id = a.resource_id and ${actionsAbout('a.at', 'a.at')}
 group by 1, 2`;
