import type { DeclaredSources } from '#libs/events';

/** The types of the feed for the types of resource events. Drift and the provider's actions are events of others, or none. */
const TYPES = `
  case e.type when 'discovered' then 'resource.created' when 'deleted' then 'resource.deleted' when 'restored' then 'resource.restored'
              when 'attributed' then 'resource.attributed' else 'resource.changed' end`;
const IN_FEED = `e.type in ('discovered', 'updated', 'tagged', 'deleted', 'restored', 'attributed')`;

/** Old and new values, as in the history of a resource. */
const CHANGES = `
  case when e.type <> 'discovered' then e.changes
       else (select coalesce(jsonb_object_agg(c.key, jsonb_build_object('old', null, 'new', c.value)), '{}')
               from jsonb_each(e.changes) c where c.value <> 'null') end`;

/** The writer of an event, where readers can follow it. */
const WRITER = `
  case e.source when 'saga' then jsonb_build_object('saga_id', e.sweep_id) when 'sweep' then jsonb_build_object('sweep_id', e.sweep_id) else '{}' end`;

/**
 * Resource events are events of the feed where they are. The kind of a resource never changes. The person is the one with the audit entry
 * or saga wrote the event. A name is not selected: readers get it in their own scope, because a former owner must not learn a new name.
 */
export const FEED_SOURCES: DeclaredSources = {
  sources: [
    {
      name: 'resource',
      stream: 'events',
      rows: `
        select e.seq as event_id, e.id, e.at, ${TYPES} as type, e.tenant_id,
               case e.source when 'admin' then (select a.actor from audit_log a where a.id = e.sweep_id)
                             when 'saga' then (select s.created_by from saga_runs s where s.id = e.sweep_id) end as actor,
               case e.source when 'admin' then true
                             when 'saga' then coalesce((select s.by_platform or s.tenant_id is null from saga_runs s where s.id = e.sweep_id), false)
                             else false end as by_platform,
               e.source, 'resource' as subject_type, e.resource_id::text as subject_id, null::text as subject_name,
               (select r.kind from cloud_resources r where r.id = e.resource_id) as subject_kind, e.resource_id,
               jsonb_build_object('changes', ${CHANGES}) || ${WRITER} as data
          from cloud_resource_events e where ${IN_FEED}`,
    },
  ],
  withoutEvents: ['event_months', 'event_last_values'],
};
