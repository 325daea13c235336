import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes for the filters of lists. Sagas get the reason of their start, and a mark when the platform started them on a tenant's resource.
 * A rule of drift may be changed. A tenant may read its own projects, whose names stand beside their ids. The columns have constant defaults, so the table is not rewritten, and processes of the previous release write them by default.
 * Building an index blocks writes to its table meanwhile: seconds for a million rows.
 */
export class Filters1795000001080 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index audit_log_by_id on audit_log (id);
      create index audit_log_by_actor on audit_log (actor, seq);
      create index audit_log_by_action on audit_log (action, seq);
      create index audit_log_by_time on audit_log using brin (at);
      create index audit_log_of_tenant on audit_log ((details ->> 'tenant_id'), seq) where details ? 'tenant_id';
      create index cloud_resources_by_provider_id on cloud_resources (provider_id);
      create index cloud_resources_by_tag on cloud_resources using gin ((attrs -> 'tags')) where deleted_at is null;
      create index saga_runs_of_resource on saga_runs ((input ->> 'resource_id'), id);
      create index saga_runs_by_starter on saga_runs (created_by, id);
      alter table saga_runs add column by_platform boolean not null default false, add column reason text;
      grant update on cloud_drift_rules to arcadia_service;
      create policy tenant on cloud_projects for select using (tenant_id = (select arcadia_tenant()));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop policy tenant on cloud_projects;
      revoke update on cloud_drift_rules from arcadia_service;
      alter table saga_runs drop column by_platform, drop column reason;
      drop index saga_runs_by_starter, saga_runs_of_resource, cloud_resources_by_tag, cloud_resources_by_provider_id,
        audit_log_of_tenant, audit_log_by_time, audit_log_by_action, audit_log_by_actor, audit_log_by_id;
    `);
  }
}
