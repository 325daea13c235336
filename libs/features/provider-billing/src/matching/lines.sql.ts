/**
 * Replaces the lines of an invoice by the matched ones. The tenant of a line is its resource's at the line's end, else that of the project
 * whose name it carries (with the names of then). For the time before a resource was first seen nobody noted its owner: then the project on the
 * line is the better witness. Taxes, credits and what belongs to the whole account are nobody's. Resources are looked up by \`case\`: row security lets
 * no \`coalesce\` near an index, and a few lines would read the whole inventory. $1 invoice, $2 account, $3 first day of the period.
 */
export const INSERT_LINES = `
insert into cloud_cost_lines (invoice_id, line_no, product, kind, group_description, description, category, provider_ref, resource_id,
  match_method, match_reason, project_name, tenant_id, hours, started_at, ended_at, amount, is_tax, extra)
select $1, s.line_no, s.product, s.kind, nullif(s.group_description, ''), s.description, nullif(s.category, ''), d.ref,
       coalesce(d.resource_id, h.resource_id),
       case when d.resource_id is not null then d.method when h.resource_id is not null then 'name' when p.name is not null then 'project_name' end,
       case when d.resource_id is not null or h.resource_id is not null then null
            when s.kind = 'tax' then 'tax' when s.kind = 'credit' then 'credit' when s.kind = 'account' then 'account_wide'
            when s.kind = 'other' then 'unknown_product' when h.reason is not null then h.reason
            when d.decided then 'id_never_seen' when s.name is null then 'unnamed'
            when k.name is not null then 'no_namesake_then' else 'name_never_seen' end,
       nullif(s.project_name, ''),
       case when coalesce(s.ended_at, $3::date + interval '1 month') <= r.first_seen_at and r.owner_override is null
            then coalesce(p.tenant_id, case when o.resource_id is null then r.tenant_id else o.tenant_id end)
            else coalesce(case when o.resource_id is null then r.tenant_id else o.tenant_id end, p.tenant_id) end,
       s.hours, s.started_at, s.ended_at, s.amount, s.is_tax, s.extra
  from invoice_stage s
  left join invoice_ids d on d.line_no = s.line_no
  left join invoice_hits h on h.line_no = s.line_no
  left join cloud_resources r on r.id = case when d.resource_id is null then h.resource_id else d.resource_id end
  left join invoice_owners o on o.resource_id = r.id and coalesce(s.ended_at, $3::date + interval '1 month') > o.owned_from
        and coalesce(s.ended_at, $3::date + interval '1 month') <= o.owned_until
  left join (select distinct target, name from invoice_names) k on k.target = s.target and k.name = s.name
  left join cloud_project_names_over_time p on p.account_id = $2 and p.name = s.project_name and s.kind not in ('tax', 'credit', 'account')
        and coalesce(s.ended_at, $3::date + interval '1 month') > p.used_from and coalesce(s.ended_at, $3::date + interval '1 month') <= p.used_until`;

/** Who owned what when, of the resources that some line found. Resources that never moved are not in it. */
export const OWNERS = `
create temp table invoice_owners on commit drop as
select * from cloud_resource_owners
 where resource_id in (select resource_id from invoice_ids union select resource_id from invoice_hits)`;

/** What the new lines add up to. \`value\`: amounts without their signs, for shares. $1 invoice. */
export const TOTALS = `
select count(*)::int as lines, count(match_method)::int as matched, coalesce(sum(amount), 0)::text as amount,
       coalesce(sum(amount) filter (where is_tax), 0)::text as tax, coalesce(sum(abs(amount)), 0)::text as value,
       coalesce(sum(abs(amount)) filter (where tenant_id is not null), 0)::text as attributed
  from cloud_cost_lines where invoice_id = $1`;
