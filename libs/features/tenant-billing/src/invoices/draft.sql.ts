/** SQL on rated lines `r` and lines of invoices: the kind of a line in documents. */
const KIND = `case r.bucket when 'tenant_direct' then 'usage' when 'tenant_shared' then 'shared' else r.line_kind end`;

/**
 * SQL on an invoice `i`: its month was rated again after its first invoice was begun, so its lines may differ from it. An earlier invoice that is void
 * now counts as the first: a correction of it is on a later invoice, and the present one has the same difference in its lines.
 */
const RATED_AGAIN = `exists (select 1 from billing_runs b where b.issuer_id = i.issuer_id and b.period = i.period and b.status = 'completed'
       and b.finished_at > (select min(f.created_at) from tenant_invoices f
                             where f.issuer_id = i.issuer_id and f.tenant_id = i.tenant_id and f.period = i.period and f.kind = 'standard'))`;

/** SQL on an invoice of the provider `d`: its amount counts. */
const COUNTS = `coalesce(d.status = 'ingested' and d.reconciliation in ('reconciled', 'released'), false)`;

/** SQL: the last completed run of a month, for what it has in its totals. $1 issuer. */
const lastRun = (period: string): string =>
  `select b.* from billing_runs b where b.issuer_id = $1 and b.period = ${period} and b.status = 'completed' order by b.finished_at desc limit 1`;

/**
 * Set-based: what the issued invoices before a month lack or have too much, by month, resource and kind. Lines of all other invoices that are not
 * void count as accounted for, so a difference is in one draft only. An incomplete month corrects nothing: its missing lines would be paid
 * back. It is incomplete while an invoice of the provider does not count, or changed after the last run, and for a tenant with a line without a rate. $1 issuer, $2 first day of the month, $3 tenants or null for all.
 */
const CORRECTIONS = `
complete as (
  select d.period from cloud_invoices d where d.period < $2::date group by d.period
  having bool_and(${COUNTS}) and sum(d.amount) = (select (run.totals ->> 'payable')::numeric from (${lastRun('d.period')}) run)),
issued as (
  select i.id, i.tenant_id, i.period, i.currency, i.terms from tenant_invoices i
   where i.issuer_id = $1 and i.kind = 'standard' and i.status = 'issued' and i.period < $2::date and ($3::text[] is null or i.tenant_id = any ($3)) and ${RATED_AGAIN}
     and i.period in (select period from complete)
     and not exists (select 1 from rated_lines r where r.issuer_id = $1 and r.tenant_id = i.tenant_id and r.period = i.period and r.sell is null)),
amounts as (
  select r.tenant_id, r.period, ${KIND} as kind, r.resource_id, r.resource_name, r.sell, r.buy
    from issued i join rated_lines r on r.issuer_id = $1 and r.tenant_id = i.tenant_id and r.period = i.period and r.sell is not null
  union all
  select l.tenant_id, i.period, coalesce(l.explanation ->> 'of_kind', l.kind), l.resource_id, l.resource_name, -l.sell, -l.buy
    from issued i
    join tenant_invoices o on o.tenant_id = i.tenant_id and o.issuer_id = $1 and o.status <> 'void' and (o.period is null or o.period <> $2::date)
    join tenant_invoice_lines l on l.invoice_id = o.id and coalesce(l.corrects, o.period) = i.period
   where l.sell is not null),
corrections as (
  select tenant_id, period, kind, resource_id, max(resource_name) as resource_name, sum(sell) as sell, sum(buy) as buy
    from amounts group by 1, 2, 3, 4 having sum(sell) <> 0)`;

/** Set-based: the tenants that get an invoice of a month, with the number of its lines. $1 issuer, $2 first day of the month, $3 null. */
export const TENANTS_WITH_LINES = `
with ${CORRECTIONS}
select tenant_id, count(*)::int as lines
  from (select tenant_id from rated_lines where issuer_id = $1 and period = $2::date and tenant_id is not null and $3::text[] is null
        union all select tenant_id from corrections) l
 group by tenant_id`;

/**
 * Set-based: the lines of a month for some tenants, corrections of earlier months last. A correction has currency, exchange rate and tax of the invoice
 * that it corrects. $1 issuer, $2 first day of the month, $3 tenants.
 */
export const SOURCE_LINES = `
with ${CORRECTIONS}
select * from (
select r.tenant_id, r.line_no, null as corrects, null::jsonb as corrected, ${KIND} as kind, r.description, r.resource_id, r.resource_name, r.quantity::text as quantity, r.unit,
       r.sell::text as sell, r.buy::text as buy, r.explanation
  from rated_lines r where r.issuer_id = $1 and r.period = $2::date and r.tenant_id = any ($3)
union all
select c.tenant_id, null, c.period::text,
       jsonb_build_object('currency', i.currency, 'fx', i.terms -> 'fx', 'tax', (i.terms -> 'tax') - 'evidence'), 'correction', 'Correction of ' || to_char(c.period, 'YYYY-MM') || ': ' || coalesce(c.resource_name, replace(c.kind, '_', ' ')),
       c.resource_id, c.resource_name, '1', 'each', trim_scale(c.sell)::text, c.buy::text, jsonb_build_object('of_kind', c.kind)
  from corrections c join issued i using (tenant_id, period)) l
 order by tenant_id, line_no nulls last, corrects, explanation ->> 'of_kind' collate "C", resource_id nulls first`;

/**
 * Set-based: a draft for each tenant that has none. One that replaces a void invoice names the last of these. $1 issuer, $2 first day of the month,
 * $3 tenants, $4 who.
 */
export const INSERT_DRAFTS = `
insert into tenant_invoices (issuer_id, tenant_id, kind, period, currency, decimals, changed_by, replaces_id)
select $1, t.id, 'standard', $2::date, 'USD', 2, $4,
       (select v.id from tenant_invoices v where v.issuer_id = $1 and v.tenant_id = t.id and v.period = $2::date and v.status = 'void' order by v.voided_at desc limit 1)
  from unnest($3::text[]) t(id)
 where not exists (select 1 from tenant_invoices i where i.issuer_id = $1 and i.tenant_id = t.id and i.period = $2::date and i.kind = 'standard' and i.status <> 'void')
on conflict do nothing`;

/** Fenced: locks the drafts of a month until the transaction ends, in the order of tenants. $1 issuer, $2 first day of the month. */
export const LOCK_DRAFTS = `
select id, tenant_id, digest, adjustments, version, auto from tenant_invoices
 where issuer_id = $1 and period = $2::date and kind = 'standard' and status = 'draft' order by tenant_id for update`;

/** Set-based: writes the lines of many drafts. $1 the lines as JSON. */
export const INSERT_LINES = `
insert into tenant_invoice_lines (invoice_id, line_no, tenant_id, kind, description, resource_id, resource_name, quantity, unit, unit_price, exact, net,
                                  tax_category, tax_rate, corrects, sell, buy, explanation)
select l.invoice_id, l.line_no, l.tenant_id, l.kind, l.description, l.resource_id, l.resource_name, l.quantity, l.unit, l.unit_price, l.exact, l.net,
       l.tax_category, l.tax_rate, l.corrects, l.sell, l.buy, l.explanation
  from json_to_recordset($1) as l (invoice_id uuid, line_no int, tenant_id text, kind text, description text, resource_id uuid, resource_name text,
    quantity numeric, unit text, unit_price numeric, exact numeric, net numeric, tax_category text, tax_rate numeric, corrects date, sell numeric,
    buy numeric, explanation jsonb)`;

/** Set-based: writes the totals of many drafts. $1 the drafts as JSON, $2 who, $3 what the versions rise by. */
export const UPDATE_DRAFTS = `
update tenant_invoices i
   set currency = d.currency, decimals = d.decimals, net = d.net, tax = d.tax, total = d.total, due = d.total, line_count = d.line_count, taxes = d.taxes,
       problems = d.problems, digest = d.digest, auto = d.auto, adjustments = d.adjustments, version = i.version + $3::int, changed_by = $2, changed_at = clock_timestamp()
  from json_to_recordset($1) as d (id uuid, currency text, decimals int, net numeric, tax numeric, total numeric, line_count int, taxes jsonb, problems jsonb,
    digest text, auto text, adjustments jsonb)
 where i.id = d.id and i.status = 'draft'`;

/**
 * Set-based: what stands against invoices of a month. Each row is a reason. $1 issuer, $2 first day of the month. A month of which the provider's
 * amounts have changed since it was rated has to be rated again first. The days of grace begin when the first of its invoices is reconciled or released.
 */
export const READINESS = `
with documents as (
  select d.*, ${COUNTS} as counts from cloud_invoices d where d.period = $2::date),
run as (${lastRun('$2::date')})
select 'no_provider_invoice' as code, 'the provider has no invoice of the month yet' as detail where not exists (select 1 from documents)
union all
select 'unreconciled_invoice', 'the provider''s invoice ' || invoice_uuid || ' is neither reconciled nor released' from documents where not counts
union all
select 'grace_days', 'the days of grace end on ' || to_char(g.until at time zone 'UTC', 'YYYY-MM-DD "at" HH24:MI "UTC"')
  from (select min(coalesce(d.counted_since, d.released_at, d.ingested_at)) + make_interval(days => s.grace_days) as until
          from documents d join billing_issuers s on s.id = $1 where d.counts group by s.grace_days) g
 where g.until > clock_timestamp()
union all
select 'not_rated', 'the month is not rated; start a billing run' where not exists (select 1 from run)
union all
select 'rated_before', 'the provider''s invoices have changed since the month was rated; start a billing run' from run
 where (select coalesce(sum(amount), 0) from documents where counts) <> (run.totals ->> 'payable')::numeric
union all
select 'rating_in_progress', 'a billing run of the month is not completed yet'
 where exists (select 1 from billing_runs b where b.issuer_id = $1 and b.period = $2::date and b.status in ('pending', 'running'))`;
