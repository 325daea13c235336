// All statements of this file are set-based, because thousands of rows may be due, or fenced by the lease of a delivery.

/** A closed tenant gets no notifications. */
const isOpen = (alias: string) => `not exists (select from tenants t where t.id = ${alias}.tenant_id and t.status = 'closed')`;

/** An event `n` for an endpoint `e`. */
const WANTED = `n.sequence > e.after_sequence and (e.tenant_id is null or e.tenant_id = n.tenant_id) and (e.types = '{*}' or n.type = any (e.types))`;

/** An event `n` that happened before the pause of an endpoint `e`, but is read after its begin: a replay since `paused_at` does not contain it. */
const BEFORE_PAUSE = `e.status = 'paused' and n.at < e.paused_at`;

/** Seven in the morning, in UTC. */
const NEXT_DIGEST = `date_trunc('day', clock_timestamp() - interval '7 hours', 'UTC') + interval '1 day 7 hours'`;

/**
 * Writes the deliveries and messages of the next events and moves the place in the feed, all or nothing: each endpoint gets each event once. The row of
 * the place is locked first, so processes follow each other. A number that this statement does not see yet is found by the next one, and
 * no lower number can appear later. A paused endpoint gets deliveries of the events before its pause, and only the number of the later ones. [WHK-1] $1 most events.
 */
export const FAN_OUT = `
with place as materialized (select last_sequence from notification_cursor for update),
next as materialized (
  select n.sequence, n.type, n.tenant_id, n.at from event_numbers n where n.sequence > (select last_sequence from place) order by n.sequence limit $1),
written as (
  insert into webhook_deliveries (endpoint_id, tenant_id, sequence, type)
  select e.id, e.tenant_id, n.sequence, n.type
    from next n join webhook_endpoints e
      on (e.status = 'active' or ${BEFORE_PAUSE}) and ${WANTED}
   where ${isOpen('e')}
  on conflict (endpoint_id, sequence) do nothing
  returning 1),
skipped as (
  update webhook_endpoints p set skipped = p.skipped + s.events
    from (select e.id, count(*) as events from next n join webhook_endpoints e on e.status = 'paused' and (${BEFORE_PAUSE}) is not true and ${WANTED} group by e.id) s
   where p.id = s.id
  returning 1),
notified as (
  insert into notification_messages (owner, tenant_id, channel, sequence, next_attempt_at)
  select s.owner, s.tenant_id, c.channel, n.sequence,
         case when s.digest = 'at_once' then clock_timestamp() else ${NEXT_DIGEST} end
    from next n join notification_subscriptions s
      on n.sequence > s.after_sequence and (s.tenant_id is null or s.tenant_id = n.tenant_id)
     and (s.types = '{*}' or n.type = any (s.types) or n.type = 'webhook.disabled')
    cross join lateral (values ('mail', s.email is not null), ('chat', s.chat_sealed is not null)) c(channel, is_wanted)
   where c.is_wanted and ${isOpen('s')}
  on conflict (owner, channel, sequence) do nothing
  returning 1),
moved as (update notification_cursor set last_sequence = (select max(sequence) from next) where exists (select from next) returning 1)
select (select count(*)::int from next) as read, (select count(*)::int from written) as deliveries, (select count(*)::int from skipped) as paused, (select count(*)::int from notified) as messages, (select count(*)::int from moved) as moved`;

const DUE = `d.status = 'pending' and d.next_attempt_at <= clock_timestamp() and (d.lease_until is null or d.lease_until <= clock_timestamp())`;

export const WEBHOOKS_ARE_DUE = `
select exists (select from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id where e.status = 'active' and ${DUE}) as due`;

/**
 * Leases due deliveries to this worker: of each endpoint and of each tenant only a few, and first of those that have the fewest requests on their
 * way. So a slow endpoint does not delay the others of its tenant, and a tenant with slow endpoints does not delay other tenants.
 * $1 most of one endpoint, $2 most of one tenant, $3 most of all, $4 the endpoints of the requests that are on their way, $5 length of the lease in ms.
 */
export const CLAIM_WEBHOOKS = `
with running as materialized (
  select e.id, e.tenant_id, count(*) as requests from unnest($4::uuid[]) r(id) join webhook_endpoints e on e.id = r.id group by e.id, e.tenant_id),
running_tenants as (select r.tenant_id, sum(r.requests) as requests from running r group by r.tenant_id),
found as materialized (
  select x.id, x.next_attempt_at, e.id as endpoint_id, e.tenant_id from webhook_endpoints e
   cross join lateral (
     select d.id, d.next_attempt_at from webhook_deliveries d where d.endpoint_id = e.id and ${DUE}
      order by d.next_attempt_at, d.sequence limit $1 for update skip locked) x
   where e.status = 'active' and not exists (select from running r where r.id = e.id and r.requests >= $1)),
of_endpoints as (
  select f.*, coalesce(r.requests, 0) + row_number() over (partition by f.endpoint_id order by f.next_attempt_at) as nth
    from found f left join running r on r.id = f.endpoint_id),
of_tenants as (
  select o.id, o.next_attempt_at, coalesce(r.requests, 0) + row_number() over (partition by o.tenant_id order by o.nth, o.next_attempt_at) as nth
    from of_endpoints o left join running_tenants r on r.tenant_id is not distinct from o.tenant_id
   where o.nth <= $1),
due as materialized (select t.id from of_tenants t where t.nth <= $2 order by t.nth, t.next_attempt_at limit $3),
claimed as (
  update webhook_deliveries d
     set lease_until = clock_timestamp() + $5::int * interval '1 millisecond', attempts = d.attempts + 1, last_attempt_at = clock_timestamp()
    from due where d.id = due.id
  returning d.id, d.endpoint_id, d.sequence::text as sequence, d.attempts, d.lease_until::text as lease)
select c.*, e.tenant_id, e.url, e.secrets from claimed c join webhook_endpoints e on e.id = c.endpoint_id`;

/**
 * The receivers have the messages. Endpoints are locked in the order of their ids, and always before their deliveries, as by what people do, or
 * two would wait for each other. Arrays with an entry for each delivery: $1 its id, $2 lease, $3 status, $4 ms.
 */
export const DELIVERED = `
with taken as (select * from unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::int[]) as a(id, lease, status, ms)),
endpoint as materialized (
  select e.id from webhook_endpoints e
   where e.id in (select d.endpoint_id from webhook_deliveries d join taken using (id))
     and (e.failing_since is not null or e.last_success_at is null or e.last_success_at < clock_timestamp() - interval '1 minute')
   order by e.id for no key update),
done as (
  update webhook_deliveries d
     set status = 'delivered', lease_until = null, last_status = a.status, last_ms = a.ms, error_code = null, finished_at = clock_timestamp()
    from taken a
   where d.id = a.id and d.lease_until = a.lease and d.status = 'pending' and (select count(*) from endpoint) >= 0 returning d.endpoint_id)
update webhook_endpoints e set failing_since = null, last_success_at = clock_timestamp()
  from endpoint where e.id = endpoint.id and e.id in (select endpoint_id from done)`;

/**
 * The attempt failed: the next one follows after a pause, or none. Returns for how long the endpoint has had nothing but failures.
 * $1 delivery, $2 lease, $3 status, $4 ms, $5 code, $6 pause in ms; null: given up.
 */
export const FAILED = `
with endpoint as materialized (
  select e.id from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id where d.id = $1 for no key update of e),
failed as (
  update webhook_deliveries
     set status = case when $6::bigint is null then 'failed' else 'pending' end, lease_until = null, last_status = $3, last_ms = $4, error_code = $5,
         next_attempt_at = clock_timestamp() + coalesce($6::bigint, 0) * interval '1 millisecond',
         finished_at = case when $6::bigint is null then clock_timestamp() end
   where id = $1 and lease_until = $2::timestamptz and status = 'pending' and exists (select from endpoint) returning endpoint_id)
update webhook_endpoints e set failing_since = coalesce(e.failing_since, clock_timestamp()) from failed
 where e.id = failed.endpoint_id
returning extract(epoch from clock_timestamp() - e.failing_since)::float8 as failing_s`;

/** The worker ends: the attempt counts as not begun. $1 delivery, $2 lease. */
export const HANDED_BACK = `
update webhook_deliveries set lease_until = null, attempts = attempts - 1 where id = $1 and lease_until = $2::timestamptz and status = 'pending'`;

/** The installation could not send: the attempt counts neither here nor against the endpoint. $1 delivery, $2 lease, $3 code, $4 pause in ms. */
export const POSTPONED = `
update webhook_deliveries
   set lease_until = null, attempts = attempts - 1, error_code = $3, next_attempt_at = clock_timestamp() + $4::int * interval '1 millisecond'
 where id = $1 and lease_until = $2::timestamptz and status = 'pending'`;

/** Nothing is sent to a disabled endpoint. $1 endpoint. */
export const CLOSE_DELIVERIES = `
update webhook_deliveries set status = 'failed', error_code = 'webhook_disabled', lease_until = null, finished_at = clock_timestamp()
 where endpoint_id = $1 and status = 'pending'`;

/**
 * Sends the latest events since a time once more, also those that the endpoint never got. $1 endpoint, $2 since, $3 most events. A message
 * keeps its id, so the receiver recognises what it has.
 */
export const REPLAY = `
with chosen as (
  select n.sequence, n.type, e.id as endpoint_id, e.tenant_id
    from webhook_endpoints e join event_numbers n
      on (e.tenant_id is null or e.tenant_id = n.tenant_id) and (e.types = '{*}' or n.type = any (e.types))
   where e.id = $1 and n.at >= $2::timestamptz
     and n.sequence >= (select coalesce((select b.sequence from event_numbers b where b.numbered_at >= $2::timestamptz order by b.numbered_at, b.sequence limit 1), 9223372036854775807))
   order by n.sequence limit $3)
insert into webhook_deliveries as d (endpoint_id, tenant_id, sequence, type) select endpoint_id, tenant_id, sequence, type from chosen
on conflict (endpoint_id, sequence) do update
   set status = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), lease_until = null, finished_at = null
 where d.status <> 'pending'
returning d.sequence::text as sequence`;

/** Finished deliveries older than some days. $1 most rows, $2 days. */
export const OLD_DELIVERIES = `
delete from webhook_deliveries where id in (
  select id from webhook_deliveries where finished_at < clock_timestamp() - $2::int * interval '1 day' limit $1 for update skip locked)`;

const MESSAGE_DUE = `m.status = 'pending' and m.next_attempt_at <= clock_timestamp() and (m.lease_until is null or m.lease_until <= clock_timestamp())`;

export const MESSAGES_ARE_DUE = `select exists (select from notification_messages m where ${MESSAGE_DUE}) as due`;

/**
 * Leases everything that is due for one subscriber and channel. $1 most events, $2 length of the lease in ms, $3 and $4 the subscribers and channels of
 * the messages that are on their way, $5 whether mails have to wait, $6 the hosts of chats that have to wait.
 */
export const CLAIM_MESSAGES = `
with chosen as materialized (
  select m.owner, m.channel from notification_messages m join notification_subscriptions s on s.owner = m.owner
   where ${MESSAGE_DUE} and not exists (select from unnest($3::text[], $4::text[]) r(owner, channel) where r.owner = m.owner and r.channel = m.channel)
     and case m.channel when 'mail' then not $5::boolean else not coalesce(s.chat_host, '') = any ($6::text[]) end
   order by m.next_attempt_at limit 1 for update of m skip locked),
due as materialized (
  select m.id from notification_messages m join chosen c using (owner, channel) where ${MESSAGE_DUE} order by m.sequence limit $1 for update of m skip locked),
claimed as (
  update notification_messages m set lease_until = statement_timestamp() + $2::int * interval '1 millisecond', attempts = m.attempts + 1
    from due where m.id = due.id
  returning m.id, m.owner, m.channel, m.sequence, m.attempts, m.lease_until)
select c.owner, c.channel, s.tenant_id, s.email, s.chat_sealed, s.chat_host, array_agg(c.id::text order by c.sequence) as ids,
       array_agg(c.sequence::text order by c.sequence) as sequences, array_agg(c.attempts order by c.sequence) as attempts, max(c.lease_until)::text as lease
  from claimed c join notification_subscriptions s on s.owner = c.owner group by c.owner, c.channel, s.tenant_id, s.email, s.chat_sealed, s.chat_host`;

/** $1 messages, $2 lease. */
export const MESSAGES_SENT = `
update notification_messages set status = 'sent', lease_until = null, error_code = null, finished_at = clock_timestamp()
 where id = any ($1::uuid[]) and lease_until = $2::timestamptz and status = 'pending'`;

/** The worker ends: the attempt counts as not begun. $1 messages, $2 lease. */
export const MESSAGES_HANDED_BACK = `
update notification_messages set lease_until = null, attempts = attempts - 1
 where id = any ($1::uuid[]) and lease_until = $2::timestamptz and status = 'pending'`;

/** $1 messages, $2 lease, $3 code, $4 the pause of each message in ms; null: given up. */
export const MESSAGES_FAILED = `
update notification_messages m
   set status = case when f.pause_ms is null then 'failed' else 'pending' end, lease_until = null, error_code = $3,
       next_attempt_at = clock_timestamp() + coalesce(f.pause_ms, 0) * interval '1 millisecond',
       finished_at = case when f.pause_ms is null then clock_timestamp() end
  from unnest($1::uuid[], $4::bigint[]) f(id, pause_ms)
 where m.id = f.id and m.lease_until = $2::timestamptz and m.status = 'pending'`;

/** $1 most rows, $2 days. */
export const OLD_MESSAGES = `
delete from notification_messages where id in (
  select id from notification_messages where finished_at < clock_timestamp() - $2::int * interval '1 day' limit $1 for update skip locked)`;
