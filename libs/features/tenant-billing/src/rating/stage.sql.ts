/**
 * Set-based: the provider's invoices of a month that count, and those that do not yet. $1 first day of the month.
 * An invoice counts when its lines add up to its amount, or when an operator has released the difference.
 */
export const DOCUMENTS = `
select i.id, i.invoice_uuid, i.document_hash, i.amount::text as amount, i.reconciliation,
       coalesce(i.status = 'ingested' and i.reconciliation in ('reconciled', 'released'), false) as counts
  from cloud_invoices i where i.period = $1::date order by i.invoice_uuid collate "C"`;

/**
 * Set-based: every line of the month, split by owners. $1 first day of the month, $2 the invoices that count.
 * ownerIntervals: the earliest known owner reaches back to the creation, and a deleted resource keeps its last one (`cloud_resource_owners`). A line
 * that ends before its resource was first seen has the owner that its project had then, as the ingest decided. A line without a
 * resource has the owner of its project. The parts of a line are whole units of its last decimal place, by largest remainder; ties go to the lower tenant id.
 * The name of a resource, its project and the provider's text for it are those that its present owner gave: a line of an earlier owner has none of
 * them, and its product as description. [TEN-3]
 */
export const STAGE_PIECES = `
create temp table rating_pieces on commit drop as
with month as (select $1::date::timestamp at time zone 'UTC' as since, ($1::date + interval '1 month') at time zone 'UTC' as until),
lines as (
  select l.invoice_id, i.invoice_uuid, l.line_no, l.product, l.kind, l.description, l.resource_id, l.project_name, l.amount, l.hours,
         l.tenant_id as ingested_owner, r.name as resource_name, r.region, r.cloud_project_id, r.size_slug,
         case when jsonb_typeof(r.attrs -> 'tags') = 'array' then r.attrs -> 'tags' else '[]' end as tags,
         least(coalesce(l.started_at, m.since), coalesce(l.ended_at, m.until) - interval '1 second') as since, coalesce(l.ended_at, m.until) as until,
         coalesce(l.resource_id is not null and r.id is not null
           and (coalesce(l.ended_at, m.until) > r.first_seen_at or r.owner_override is not null), false) as owner_known,
         r.tenant_id as present_owner,
         case when l.is_tax or l.kind = 'tax' then 'provider_tax'
              when l.kind = 'credit' then 'provider_credits'
              when l.kind = 'account' and lower(l.product) like '%support%' then 'support'
              when l.kind = 'account' then 'account_wide' end as pool
    from cloud_invoices i cross join month m
    join cloud_cost_lines l on l.invoice_id = i.id
    left join cloud_resources r on r.id = l.resource_id
   where i.id = any ($2::uuid[])),
owners as materialized (
  select * from cloud_resource_owners where resource_id in (select resource_id from lines where owner_known and pool is null)),
spans as (
  select l.invoice_id, l.line_no, o.tenant_id as owner,
         sum(round(extract(epoch from least(l.until, o.owned_until) - greatest(l.since, o.owned_from)) * 1000000)) as weight
    from lines l join owners o on o.resource_id = l.resource_id
   where l.owner_known and l.pool is null and o.owned_from < l.until and o.owned_until > l.since
   group by 1, 2, 3),
parts as (
  select l.invoice_id, l.line_no, s.owner, s.weight, sum(s.weight) over w as of_weight, l.amount * power(10::numeric, p.places) as units,
         p.places, div(l.amount * power(10::numeric, p.places) * s.weight, sum(s.weight) over w) as share
    from lines l join spans s using (invoice_id, line_no) cross join lateral (select greatest(scale(l.amount), 2) as places) p
  window w as (partition by l.invoice_id, l.line_no)),
ranked as (
  select *, units - sum(share) over w as rest,
         row_number() over (partition by invoice_id, line_no order by abs(units * weight - share * of_weight) desc, owner collate "C" nulls first) as nth
    from parts window w as (partition by invoice_id, line_no)),
split as (
  select invoice_id, line_no, owner, weight, of_weight,
         round((share + case when nth <= abs(rest) then sign(rest) else 0 end) / power(10::numeric, places), places) as amount
    from ranked)
select l.invoice_uuid, l.line_no, l.product, l.kind, case when own.was_earlier then l.product else l.description end as description, l.resource_id,
       case when not own.was_earlier then l.resource_name end as resource_name, case when not own.was_earlier then l.project_name end as project_name,
       l.region, l.cloud_project_id as project_id, coalesce(substring(l.description from '\\(([a-z0-9]+-[a-z0-9.-]+)\\)[^()]*$'), l.size_slug) as sku,
       l.tags, l.hours, coalesce(s.amount, l.amount) as amount, case when s.invoice_id is null then 1 else s.weight end as weight,
       case when s.invoice_id is null then 1 else s.of_weight end as of_weight,
       greatest(extract(epoch from l.until - l.since), 1)::bigint as line_s,
       own.tenant, case when own.tenant is null then coalesce(l.pool, 'unattributed') end as pool,
       case when l.pool is not null then 'pool' when s.invoice_id is not null then 'owners_over_time'
            when l.owner_known and l.present_owner is not null then 'owner' else 'project' end as owner_rule,
       row_number() over (order by own.tenant collate "C" nulls first, l.invoice_uuid collate "C", l.line_no)::int as nth
  from lines l
  left join split s using (invoice_id, line_no)
  cross join lateral (
    select tenant, coalesce(tenant <> l.present_owner, tenant is not null and l.resource_id is not null) as was_earlier
      from (select case when l.pool is not null then null when s.invoice_id is not null then s.owner
                        when l.owner_known then coalesce(l.present_owner, l.ingested_owner) else l.ingested_owner end as tenant) found) own`;

/** Set-based: what each pool and each tenant has. */
export const STAGED_SUMS = `
select tenant, pool, sum(amount)::text as amount, count(*)::int as lines from rating_pieces group by 1, 2 order by tenant collate "C" nulls first, pool`;

/** Set-based: the pieces are read and joined by their number. */
export const NUMBER_PIECES = 'create unique index on rating_pieces (nth)';

/** Pieces that are read together. */
export const PIECES_AT_ONCE = 4_000;

/**
 * Some pieces in the order of the rated lines: those without an owner first, then tenant by tenant. Numbers begin at 1 and have no gaps.
 * $1 the number before the first one.
 */
export const PIECES = `
select product, kind, resource_id, region, project_id, sku, tags, hours::text as hours, amount::text as amount, weight::text as weight,
       of_weight::text as of_weight, line_s::int as line_s, tenant, pool
  from rating_pieces where nth > $1 and nth <= $1 + ${PIECES_AT_ONCE} order by nth`;

/** The digest of the pieces that `PIECES` gives for the same $1. The database makes it, so that the process need not read whole pieces. */
export const PIECES_DIGEST = `
select encode(sha256(convert_to(coalesce(string_agg(p::text, e'\\n' order by nth), ''), 'UTF8')), 'hex') as digest
  from rating_pieces p where nth > $1 and nth <= $1 + ${PIECES_AT_ONCE}`;

/** What decides the price of a piece, as `PIECES` gives it. Numbers are decimal text. */
export interface PieceRow {
  readonly product: string;
  readonly kind: string;
  readonly resource_id: string | null;
  readonly region: string | null;
  readonly project_id: string | null;
  readonly sku: string | null;
  readonly tags: readonly string[];
  readonly hours: string | null;
  readonly amount: string;
  /** Microseconds of the line that are the owner's, of all; 1 of 1 for a line that is not split. */
  readonly weight: string;
  readonly of_weight: string;
  readonly line_s: number;
  readonly tenant: string | null;
  readonly pool: string | null;
}

/** Set-based: writes rated lines and returns their digest. $1 issuer, $2 first day of the month, $3 the lines as JSON. */
export const INSERT_RATED_LINES = withDigest(`
insert into rated_lines (issuer_id, period, line_no, tenant_id, bucket, line_kind, product, description, resource_id, resource_name, project_name, region,
                         quantity, unit, buy, sell, explanation)
select $1, $2::date, l.line_no, l.tenant_id, l.bucket, l.line_kind, l.product, l.description, l.resource_id, l.resource_name, l.project_name, l.region,
       l.quantity, l.unit, l.buy, l.sell, l.explanation
  from json_to_recordset($3) as l (line_no int, tenant_id text, bucket text, line_kind text, product text, description text, resource_id uuid,
    resource_name text, project_name text, region text, quantity numeric, unit text, buy numeric, sell numeric, explanation jsonb)`);

/**
 * Set-based: writes the rated lines of pieces and returns their digest. What a piece has is taken from it, so that only numbers are sent.
 * $1 issuer, $2 first day of the month; then arrays with an entry for each line: $3 the number of the piece, $4 of the line, $5 bucket,
 * $6 quantity or null for that of the piece, $7 sell, $8 seconds of the owner or null for a piece that is not split, $9 the place of its rate in $11, from 0, or null,
 * $10 unit. $11 rates as JSON. $12 and $13 are the least and the largest number: measured, without them the planner reads all pieces for each call.
 */
export const INSERT_RATED_PIECES = withDigest(`
insert into rated_lines (issuer_id, period, line_no, tenant_id, bucket, line_kind, product, description, resource_id, resource_name, project_name, region,
                         quantity, unit, buy, sell, explanation)
select $1, $2::date, v.line_no, p.tenant, v.bucket, p.kind, p.product, p.description, p.resource_id, p.resource_name, p.project_name, p.region,
       coalesce(v.quantity, abs(p.hours)), v.unit, p.amount, v.sell,
       jsonb_strip_nulls(jsonb_build_object('provider_line', jsonb_build_object('invoice', p.invoice_uuid, 'line_no', p.line_no), 'owner_rule', p.owner_rule,
         'seconds', case when v.of_owner is not null then jsonb_build_object('of_owner', v.of_owner, 'of_line', p.line_s) end, 'rate', $11::jsonb -> v.rate))
  from unnest($3::int[], $4::int[], $5::text[], $6::numeric[], $7::numeric[], $8::bigint[], $9::int[], $10::text[]) as v(nth, line_no, bucket, quantity, sell, of_owner, rate, unit)
  join rating_pieces p on p.nth = v.nth and p.nth between $12 and $13`);

/** The same insert, with the digest of the rows as they are stored. */
function withDigest(insert: string): string {
  return `with written as (${insert} returning *)
select encode(sha256(convert_to(coalesce(string_agg(w::text, e'\\n' order by line_no), ''), 'UTF8')), 'hex') as digest from written w`;
}
