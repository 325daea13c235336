import { anything, flag, listOf, mapOf, object, oneOf, orNull, ref, text, time, uuid, whole } from './schema';

const count = { ...whole, minimum: 0 };
const check = oneOf('ok', 'down', 'schema_missing', 'stopping');

/** What the answers look like, by the names that the API document uses. */
export const SCHEMAS = {
  Health: object({ status: oneOf('ok'), service: oneOf('arcadia-cloud'), version: text }),
  Readiness: object({ status: oneOf('ready'), checks: object({ database: check, queues: check }) }),
  Resource: object({
    id: uuid,
    provider: oneOf('digitalocean'),
    kind: { ...text, description: 'droplet, dns_zone, volume, snapshot, … or the raw URN type of a kind that is only discovered' },
    provider_id: text,
    urn: text,
    name: orNull(text),
    region: orNull(text),
    status: { ...text, description: '`deleted` for tombstones, else the state at the provider' },
    size_slug: orNull(text),
    tenant_id: { ...orNull(text), description: 'null: attributed to nobody yet' },
    project_id: orNull(uuid),
    attribution: object({ by: oneOf('override', 'project', 'parent', 'fallback'), ref: orNull(text) }),
    attrs: mapOf(anything),
    first_seen_at: time,
    last_seen_at: time,
    stale_strike_count: count,
    deleted_at: orNull(time),
  }),
  ResourceEvent: object({
    id: uuid,
    resource_id: uuid,
    type: oneOf('discovered', 'updated', 'deleted', 'restored', 'tagged', 'attributed', 'provider_action', 'drift_detected'),
    at: time,
    source: oneOf('sweep', 'saga', 'admin', 'action_feed', 'drift'),
    changes: { ...mapOf(anything), description: 'By field: `{old, new}`. Of a provider_action: the action.' },
    cause: {
      ...orNull(object({ action_id: text, action: text, at: orNull(time), ours: flag, saga_id: orNull(uuid) })),
      description: 'The action at the provider that made the change, where its feed showed one; `ours`: a saga asked for it',
    },
  }),
  Saga: object({
    id: uuid,
    kind: text,
    status: oneOf('pending', 'running', 'compensating', 'completed', 'rolled_back', 'failed', 'compensation_failed'),
    input: mapOf(anything),
    context: { ...mapOf(anything), description: 'What the completed steps have put out' },
    error: orNull(object({ step: orNull(text), code: text, detail: text })),
    leftovers: {
      ...listOf(object({ step: text, output: anything, intent: anything, error: object({ code: text, detail: text }) })),
      description: 'What a failed compensation could not undo',
    },
    cancel_requested: flag,
    current_step_idx: count,
    tenant_id: orNull(text),
    created_by: text,
    created_at: time,
    finished_at: orNull(time),
    steps: listOf(
      object({
        step_idx: count,
        name: text,
        status: oneOf('planned', 'running', 'waiting', 'completed', 'failed', 'compensating', 'compensated', 'compensation_failed'),
        attempts: count,
        started_at: orNull(time),
        finished_at: orNull(time),
        output: orNull(mapOf(anything)),
        error: orNull(object({ code: text, detail: text })),
      }),
    ),
  }),
  InventorySummary: object({
    total: count,
    unattributed: count,
    by_kind: listOf(object({ kind: text, count })),
    by_tenant: listOf(object({ tenant_id: orNull(text), count })),
    by_region: listOf(object({ region: orNull(text), count })),
  }),
  Project: object({
    id: uuid,
    provider: oneOf('digitalocean'),
    provider_id: orNull(text),
    name: text,
    description: text,
    purpose: { ...text, description: "The provider's own; ours is `classification`" },
    environment: orNull(text),
    is_default: flag,
    is_fallback: { ...flag, description: 'Home of what belongs to no tenant' },
    tenant_id: orNull(text),
    tenant_set_by: orNull(oneOf('description', 'admin')),
    classification: orNull(text),
    first_seen_at: time,
    deleted_at: orNull(time),
  }),
  Sweep: object({
    id: uuid,
    kind: text,
    trigger: oneOf('schedule', 'first', 'manual', 'action_feed'),
    status: oneOf('running', 'complete', 'incomplete', 'suspect', 'released', 'refused'),
    reason: orNull(text),
    pages_done: count,
    pages_expected: orNull(count),
    calls: count,
    seen: count,
    discovered: count,
    updated: count,
    restored: count,
    struck: count,
    deleted: count,
    started_at: time,
    finished_at: orNull(time),
  }),
  AuditEntry: object({
    id: uuid,
    at: time,
    actor: text,
    actor_role: text,
    actor_tenant_id: orNull(text),
    action: text,
    target_type: text,
    target_id: text,
    reason: orNull(text),
    details: mapOf(anything),
    request_id: orNull(text),
  }),
  Csv: { ...text, description: 'RFC 4180 in UTF-8, with a header line' },
  Page: object({ next_cursor: { ...orNull(text), description: 'null on the last page' } }),
  Completeness: {
    ...mapOf(object({ as_of: orNull(time), complete: flag, reason: orNull(text) })),
    description: 'By kind: the last complete sweep, and whether and why the latest one was not complete',
  },
  Problem: object(
    { type: oneOf('about:blank'), title: text, status: whole, code: { ...text, description: 'Stable' }, detail: text, request_id: text },
    { errors: listOf(object({ field: text, message: text })), checks: mapOf(check) },
  ),
} as const;

export type SchemaName = keyof typeof SCHEMAS;

const AS_OF = { ...orNull(time), description: 'Oldest last complete sweep among the kinds in scope; null if one never completed' };

/** The envelope in which a handler answers. */
export const ENVELOPES = {
  csv: (name: SchemaName) => ref(name),
  flat: (name: SchemaName) => ref(name),
  data: (name: SchemaName) => object({ data: ref(name) }),
  counts: (name: SchemaName) => object({ data: ref(name), as_of: AS_OF, completeness: ref('Completeness') }),
  list: (name: SchemaName) => object({ data: listOf(ref(name)), page: ref('Page'), as_of: AS_OF, completeness: ref('Completeness') }),
};
