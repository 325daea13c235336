import type { RepeatableSql } from '#libs/database';

/**
 * Records the outcomes of calls. Returns the changes that concern all processes: token_rejected, token_accepted, breaker_opened,
 * breaker_recovering. Fenced: decides under the lock of the token's row.
 */
const PROVIDER_REPORT = `
create or replace function provider_report(
  p_fingerprint text, p_ids bigint[], p_ages_ms float8[], p_outcomes text[], p_waits_ms float8[], p_window_ms float8
) returns text[] language plpgsql set search_path = public, pg_temp as $$
declare
  token provider_tokens;
  moment timestamptz;
  sent_at timestamptz;
  failures_to_open integer;
  changes text[] := '{}';
begin
  select * into token from provider_tokens where fingerprint = p_fingerprint for update;
  moment := clock_timestamp();
  for n in 1 .. cardinality(p_ids) loop
    if p_outcomes[n] = 'unsent' then
      delete from provider_calls where fingerprint = p_fingerprint and id = p_ids[n] and not answered;
      continue;
    end if;
    update provider_calls set answered = true, ends_at = least(ends_at, greatest(granted_at, moment - make_interval(secs => p_ages_ms[n] / 1000)))
     where fingerprint = p_fingerprint and id = p_ids[n] and not answered
     returning granted_at into sent_at;
    continue when not found; -- an earlier report was committed, but its response was lost

    case p_outcomes[n]
    when 'failed' then
      failures_to_open := case when token.recovering_since is null then 5 else 2 end;
      -- a call that began before the recovery says nothing about the present state of the provider
      if token.open_since is null and (token.recovering_since is null or sent_at >= token.recovering_since) then
        token.failures_in_row := token.failures_in_row + 1;
        if token.failures_in_row >= failures_to_open then
          token.open_since := moment;
          token.next_probe_at := moment + make_interval(secs => p_window_ms / 4000);
          token.recovering_since := null;
          changes := changes || 'breaker_opened'::text;
        end if;
      end if;
    when 'accepted', 'refused', 'limited', 'rejected' then -- each of these outcomes shows that the provider responds
      token.failures_in_row := 0;
      if token.open_since is not null and sent_at >= token.open_since then
        token.open_since := null;
        token.recovering_since := moment;
        token.recovery_calls := 0;
        changes := changes || 'breaker_recovering'::text;
      end if;
      if p_outcomes[n] = 'limited' then
        token.blocked_until := greatest(token.blocked_until, moment + make_interval(secs => (p_waits_ms[n] - p_ages_ms[n]) / 1000));
      elsif p_outcomes[n] = 'rejected' then
        if token.rejected_at is null then changes := changes || 'token_rejected'::text; end if;
        token.rejected_at := moment;
      elsif p_outcomes[n] = 'accepted' and sent_at >= token.rejected_at then
        token.rejected_at := null;
        changes := changes || 'token_accepted'::text;
      end if;
    when 'abandoned' then null; -- the caller gave up, which says nothing about the provider
    end case;
  end loop;
  update provider_tokens
     set rejected_at = token.rejected_at, blocked_until = token.blocked_until, failures_in_row = token.failures_in_row,
         open_since = token.open_since, next_probe_at = token.next_probe_at,
         recovering_since = token.recovering_since, recovery_calls = token.recovery_calls
   where fingerprint = p_fingerprint and provider_tokens is distinct from token;
  return changes;
end $$;`;

/**
 * Grants as many calls as time limits are given, or fewer, the first ones first, after it has recorded the outcomes that came along.
 * `refusal` is the reason why not all were granted (rejected, blocked, open, recovering, budget); `wait_ms` says when to ask again.
 * While provisioning waits, only provisioning gets the last fifth of an allowance. At other times the fifth is lent evenly until the next
 * slot is released, never in a burst, so that the next free slot is always near. Fenced: decides under the lock of the token's row. [OPS-1]
 */
const PROVIDER_ACQUIRE = `
create or replace function provider_acquire(
  p_fingerprint text, p_provisioning boolean, p_limits_ms float8[],
  p_minute_rate integer, p_hour_rate integer, p_minute_ms float8, p_hour_ms float8, p_recheck_ms float8,
  p_ids bigint[], p_ages_ms float8[], p_outcomes text[], p_waits_ms float8[],
  out granted bigint[], out refusal text, out wait_ms float8, out changes text[]
) language plpgsql set search_path = public, pg_temp as $$
declare
  token provider_tokens;
  stored provider_tokens;
  moment timestamptz;
  asked integer := cardinality(p_limits_ms);
  allowed integer := asked;
  poll_ms float8 := least(1000, p_minute_ms / 40);
  minute_window interval := make_interval(secs => p_minute_ms / 1000);
  hour_window interval := make_interval(secs => p_hour_ms / 1000);
  used integer[]; others integer[]; oldest timestamptz[];
  rates integer[] := array[p_minute_rate, p_hour_rate];
  unreserved integer[] := array[greatest(1, floor(p_minute_rate * 0.8)), greatest(1, floor(p_hour_rate * 0.8))];
  windows interval[] := array[minute_window, hour_window];
  room integer; freed record; progress float8;
  pace interval;
begin
  granted := '{}'; wait_ms := 0; changes := '{}';
  if cardinality(p_ids) > 0 then
    changes := provider_report(p_fingerprint, p_ids, p_ages_ms, p_outcomes, p_waits_ms, p_minute_ms);
  end if;
  select * into token from provider_tokens where fingerprint = p_fingerprint for update;
  if not found then
    insert into provider_tokens (fingerprint) values (p_fingerprint) on conflict do nothing;
    select * into token from provider_tokens where fingerprint = p_fingerprint for update;
  end if;
  stored := token;
  moment := clock_timestamp();
  if token.wanted_until <= moment then token.wanted := 0; token.wanted_until := null; end if;

  if token.rejected_at is not null then
    wait_ms := 1000 * extract(epoch from greatest(token.rejected_at, token.rejection_probed_at) - moment) + p_recheck_ms;
    refusal := 'rejected';
    if wait_ms > 0 then return; end if;
    allowed := 1; -- one probe finds out whether the token is still rejected
    wait_ms := p_recheck_ms;
  end if;
  if token.blocked_until > moment then
    wait_ms := 1000 * extract(epoch from token.blocked_until - moment);
    refusal := 'blocked';
    return;
  end if;
  if token.open_since is not null then
    wait_ms := 1000 * extract(epoch from token.next_probe_at - moment);
    refusal := 'open';
    if wait_ms > 0 then return; end if;
    allowed := 1; -- one probe finds out whether the provider responds again
    wait_ms := p_minute_ms / 4;
  elsif token.recovering_since is not null then
    progress := 1000 * extract(epoch from moment - token.recovering_since) / p_minute_ms;
    if progress >= 1 then
      token.recovering_since := null;
    else -- the rate grows evenly from zero to the whole allowance
      allowed := least(allowed, greatest(0, 1 + floor(p_minute_rate / 2.0 * progress * progress)::integer - token.recovery_calls));
      if not p_provisioning and token.wanted > 0 then allowed := 0; end if;
      if allowed < asked then refusal := 'recovering'; wait_ms := poll_ms; end if;
    end if;
  end if;

  if moment >= token.pruned_at + hour_window / 60 then
    delete from provider_calls where (fingerprint, id) in
      (select fingerprint, id from provider_calls where ends_at <= moment - hour_window for update skip locked);
    token.pruned_at := moment;
  end if;
  if token.minute_at_most + asked > unreserved[1] or token.hour_at_most + asked > unreserved[2] then
    select array[count(*) filter (where ends_at > moment - minute_window), count(*)],
           array[count(*) filter (where ends_at > moment - minute_window and not provisioning), count(*) filter (where not provisioning)],
           array[min(ends_at) filter (where ends_at > moment - minute_window), min(ends_at)]
      into used, others, oldest
      from provider_calls where fingerprint = p_fingerprint and ends_at > moment - hour_window;

    token.minute_at_most := used[1];
    token.hour_at_most := used[2];
    for w in 1 .. 2 loop
      room := rates[w] - used[w];
      if not p_provisioning then
        room := room - least(token.wanted, greatest(0, rates[w] - unreserved[w] - (used[w] - others[w])));
        if room > 0 and others[w] >= unreserved[w] then
          pace := (oldest[w] + windows[w] - moment) / (rates[w] - used[w]);
          room := 1;
          if token.lent_at + pace > moment then
            room := 0;
            pace := token.lent_at + pace - moment;
          end if;
          wait_ms := greatest(wait_ms, least(1000, 1000 * extract(epoch from pace)));
        elsif room > 0 then
          room := least(room, unreserved[w] - others[w]);
        end if;
      end if;
      if room < allowed then
        allowed := greatest(0, room);
        refusal := coalesce(refusal, 'budget');
        if used[w] >= rates[w] then -- the time at which the next slot is released; unknown while its call is in progress
          select ends_at, answered into freed from provider_calls
           where fingerprint = p_fingerprint and ends_at > moment - windows[w] order by ends_at offset used[w] - rates[w] limit 1;
          wait_ms := greatest(wait_ms, case when freed.answered then 1000 * extract(epoch from freed.ends_at + windows[w] - moment) else poll_ms end);
        elsif not p_provisioning and token.wanted > 0 then
          wait_ms := greatest(wait_ms, poll_ms);
        end if;
      end if;
    end loop;
  end if;

  if allowed > 0 then
    with made as (
      insert into provider_calls (fingerprint, provisioning, granted_at, ends_at)
      select p_fingerprint, p_provisioning, moment, moment + make_interval(secs => limit_ms / 1000)
        from unnest(p_limits_ms) with ordinality as asking (limit_ms, place) where place <= allowed order by place
      returning id)
    select array_agg(id order by id) into granted from made;
    if token.rejected_at is not null then token.rejection_probed_at := moment; end if;
    if token.open_since is not null then token.next_probe_at := moment + minute_window / 4; end if;
    if token.recovering_since is not null then token.recovery_calls := token.recovery_calls + allowed; end if;
    if not p_provisioning and (others[1] + allowed > unreserved[1] or others[2] + allowed > unreserved[2]) then
      token.lent_at := moment;
    end if;
    token.minute_at_most := token.minute_at_most + allowed;
    token.hour_at_most := token.hour_at_most + allowed;
  end if;
  if allowed >= asked then refusal := null; wait_ms := 0; end if;
  if p_provisioning then
    token.wanted := greatest(0, token.wanted - allowed);
    if allowed < asked and refusal in ('budget', 'recovering') then
      token.wanted := greatest(token.wanted, asked - allowed);
      token.wanted_until := moment + make_interval(secs => (least(wait_ms, 1000) + greatest(3 * poll_ms, 100)) / 1000);
    end if;
  end if;
  if token is distinct from stored then
    update provider_tokens
       set rejection_probed_at = token.rejection_probed_at, next_probe_at = token.next_probe_at,
           recovering_since = token.recovering_since, recovery_calls = token.recovery_calls,
           minute_at_most = token.minute_at_most, hour_at_most = token.hour_at_most, lent_at = token.lent_at,
           wanted = token.wanted, wanted_until = token.wanted_until, pruned_at = token.pruned_at
     where fingerprint = p_fingerprint;
  end if;
end $$;`;

/**
 * As `provider_acquire`, for calls of routes with a limit of their own: `p_most` in any `p_route_ms`. Grants what both limits allow, and waits
 * for the later one. While the token is rejected or the breaker open, a full window does not hide it. Fenced: decides under the lock of
 * the token's row. [OPS-1, KND-3]
 */
const PROVIDER_ACQUIRE_ON_ROUTE = `
create or replace function provider_acquire_on_route(
  p_fingerprint text, p_provisioning boolean, p_limits_ms float8[],
  p_minute_rate integer, p_hour_rate integer, p_minute_ms float8, p_hour_ms float8, p_recheck_ms float8,
  p_ids bigint[], p_ages_ms float8[], p_outcomes text[], p_waits_ms float8[],
  p_route text, p_most integer, p_route_ms float8,
  out granted bigint[], out refusal text, out wait_ms float8, out changes text[]
) language plpgsql set search_path = public, pg_temp as $$
declare
  token provider_tokens;
  route_window interval := make_interval(secs => p_route_ms / 1000);
  asked integer := cardinality(p_limits_ms);
  moment timestamptz;
  used integer; room integer; freed record; reported text[] := '{}';
begin
  granted := '{}'; wait_ms := 0; changes := '{}';
  insert into provider_tokens (fingerprint) values (p_fingerprint) on conflict do nothing;
  select * into token from provider_tokens where fingerprint = p_fingerprint for update;
  if cardinality(p_ids) > 0 then
    reported := provider_report(p_fingerprint, p_ids, p_ages_ms, p_outcomes, p_waits_ms, p_minute_ms);
    select * into token from provider_tokens where fingerprint = p_fingerprint;
  end if;
  moment := clock_timestamp();
  select count(*) into used from provider_calls where fingerprint = p_fingerprint and route_limit = p_route and ends_at > moment - route_window;
  room := least(asked, greatest(0, p_most - used));
  if room > 0 then
    select a.granted, a.refusal, a.wait_ms, a.changes into granted, refusal, wait_ms, changes
      from provider_acquire(p_fingerprint, p_provisioning, p_limits_ms[1:room], p_minute_rate, p_hour_rate, p_minute_ms, p_hour_ms, p_recheck_ms,
                            '{}', '{}', '{}', '{}') a;
    update provider_calls set route_limit = p_route where fingerprint = p_fingerprint and id = any (granted);
  elsif token.rejected_at is not null then
    refusal := 'rejected';
  elsif token.open_since is not null then
    refusal := 'open';
  elsif token.blocked_until > moment then
    refusal := 'blocked';
    wait_ms := 1000 * extract(epoch from token.blocked_until - moment);
  end if;
  changes := reported || changes;
  if room < asked then
    refusal := coalesce(refusal, 'budget');
    used := used + cardinality(granted);
    if used >= p_most then -- the time at which the next slot is released; unknown while its call is in progress
      select ends_at, answered into freed from provider_calls
       where fingerprint = p_fingerprint and route_limit = p_route and ends_at > moment - route_window order by ends_at offset used - p_most limit 1;
      wait_ms := greatest(wait_ms, case when freed.answered then 1000 * extract(epoch from freed.ends_at + route_window - moment)
                                        else least(1000, p_route_ms / 40) end);
    end if;
  end if;
end $$;`;

const privileges = (name: string): string => `
revoke all on function ${name} from public;
grant execute on function ${name} to arcadia_service;`;

/** The rate limiter and the circuit breaker, which all processes share. Only `RateLimitStore` calls them. [OPS-1, OPS-2] */
export const RATE_LIMITER_FUNCTIONS: readonly RepeatableSql[] = [
  { kind: 'function', name: 'provider_report', sql: PROVIDER_REPORT + privileges('provider_report') },
  { kind: 'function', name: 'provider_acquire', sql: PROVIDER_ACQUIRE + privileges('provider_acquire') },
  {
    kind: 'function',
    name: 'provider_acquire_on_route',
    sql: PROVIDER_ACQUIRE_ON_ROUTE + privileges('provider_acquire_on_route'),
  },
];
