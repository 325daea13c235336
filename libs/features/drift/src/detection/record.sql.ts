/**
 * Opens drifts, as long as the spec that they differ from is still the one that was compared. One that is open already stays as it is. $1 drifts as
 * JSON rows. Answers those that are new.
 */
export const OPEN_DRIFTS = `
insert into cloud_drift (resource_id, field, expected, actual, spec_version, severity, monthly_price_delta)
select n.resource_id, n.field, coalesce(n.expected, 'null'), coalesce(n.actual, 'null'), n.spec_version, n.severity, n.monthly_price_delta
  from json_to_recordset($1::json) as n(resource_id uuid, field text, expected jsonb, actual jsonb, spec_version int, severity text,
       monthly_price_delta numeric)
  join cloud_provisioned p on p.resource_id = n.resource_id and p.version = n.spec_version and p.ended_at is null
on conflict (resource_id, field) where status = 'open' do nothing
returning resource_id, field, expected, actual`;

/** Open drifts whose values have moved on. $1 drifts as JSON rows. */
export const CHANGE_DRIFTS = `
update cloud_drift d
   set expected = coalesce(n.expected, 'null'), actual = coalesce(n.actual, 'null'), spec_version = n.spec_version, severity = n.severity,
       monthly_price_delta = n.monthly_price_delta,
       changed_at = case when d.actual = coalesce(n.actual, 'null') then d.changed_at else clock_timestamp() end
  from json_to_recordset($1::json) as n(drift_id uuid, expected jsonb, actual jsonb, spec_version int, severity text, monthly_price_delta numeric)
 where d.id = n.drift_id and d.status = 'open'
returning d.id`;

/** Open drifts that are over. $1 ids, $2 `stale` or `reverted`. */
export const CLOSE_DRIFTS = `
update cloud_drift set status = $2, closed_at = clock_timestamp() where id = any ($1::uuid[]) and status = 'open' returning id`;
