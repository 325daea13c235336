import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rules that give resources to tenants, and the moves between tenants that a rule would make, which wait for an admin. The owner of a
 * resource may follow a rule or its users from now on; the new check counts for new rows at once and is validated without a lock on the
 * table. The previous release writes neither value, and gives such a row back to its own rules until the new one attributes it again.
 */
export class AttributionRules1795000001300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table attribution_rules (
        id uuid primary key default arcadia_uuid(),
        position int not null check (position between 1 and 1000000),
        kind text,
        tag text,
        tag_pattern text,
        name_glob text,
        name_pattern text,
        project_id uuid,
        region text,
        tenant_id text not null,
        valid_from timestamptz not null default clock_timestamp(),
        valid_to timestamptz check (valid_to > valid_from),
        reason text not null check (reason <> ''),
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        check (num_nonnulls(kind, tag, name_glob, project_id, region) > 0),
        check ((tag is null) = (tag_pattern is null) and (name_glob is null) = (name_pattern is null))
      );
      create table attribution_findings (
        resource_id uuid primary key,
        account_id uuid not null,
        from_tenant_id text not null,
        to_tenant_id text not null,
        attributed_by text not null,
        attributed_ref text not null,
        found_at timestamptz not null default clock_timestamp()
      );
      alter table attribution_rules enable row level security;
      alter table attribution_findings enable row level security;
      create policy platform on attribution_rules using ((select arcadia_is_platform()));
      create policy platform on attribution_findings using ((select arcadia_is_platform()));
      grant select, insert, update, delete on attribution_rules, attribution_findings to arcadia_service;

      alter table cloud_resources drop constraint cloud_resources_attributed_by_check;
      alter table cloud_resources add constraint cloud_resources_attributed_by_check
        check (attributed_by in ('override', 'project', 'parent', 'rule', 'members', 'fallback')) not valid;
      alter table cloud_resources validate constraint cloud_resources_attributed_by_check;
    `);
  }

  /** The previous release finds the owners of these rows again with its next sweep of the projects. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update cloud_resources set attributed_by = 'parent' where attributed_by = 'members';
      update cloud_resources set attributed_by = 'fallback', attributed_ref = null where attributed_by = 'rule';
      alter table cloud_resources drop constraint cloud_resources_attributed_by_check;
      alter table cloud_resources add constraint cloud_resources_attributed_by_check
        check (attributed_by in ('override', 'project', 'parent', 'fallback'));
      drop table attribution_findings, attribution_rules;
    `);
  }
}
