/** Whether a rule that has not expired overlooks the drift `d` of the resource `r`: asked when it is shown, so that a rule ends by itself. */
export const IGNORED = `exists (select 1 from cloud_drift_rules g
  where (g.expires_at is null or g.expires_at > clock_timestamp()) and (g.tenant_id is null or g.tenant_id = r.tenant_id)
    and (g.kind is null or g.kind = r.kind) and (g.resource_id is null or g.resource_id = d.resource_id) and (g.field is null or g.field = d.field))`;
