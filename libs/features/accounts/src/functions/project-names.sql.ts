import type { RepeatableSql } from '#libs/database';

/** Blanks around a name mean nothing: invoices are compared with the names without them. */
const NAME = String.raw`regexp_replace(n.name, '^\s+|\s+$', '', 'g')`;

/** Every name that a project has had, and from when until when. Set-based: all projects at once. */
const PROJECT_NAMES_OVER_TIME = `
create or replace view cloud_project_names_over_time with (security_invoker = true) as
  select p.account_id, n.project_id, ${NAME} as name, p.tenant_id,
         case when lag(n.used_from) over same_name is null then '-infinity' else n.used_from end as used_from,
         coalesce(lead(n.used_from) over same_name, 'infinity') as used_until
    from cloud_project_names n join cloud_projects p on p.id = n.project_id
  window same_name as (partition by p.account_id, ${NAME} order by n.used_from, n.project_id);
grant select on cloud_project_names_over_time to arcadia_service;`;

export const PROJECT_NAMES: readonly RepeatableSql[] = [
  { kind: 'view', name: 'cloud_project_names_over_time', sql: PROJECT_NAMES_OVER_TIME },
];
