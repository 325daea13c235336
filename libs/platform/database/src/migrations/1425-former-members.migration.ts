import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds the last project of a resource that has ended, of which an admin corrects the owner, and the audit entries that concern several tenants.
 * The verbs of sagas get their tenant, which their entries did not name; the new column is no part of the chain. Members of projects and the
 * audit log refuse writes meanwhile: some seconds for a million rows. `down` also drops the search for children, which is no part of the schema
 * before.
 */
export class FormerMembers1795000001425 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index cloud_project_members_former on cloud_project_members (account_id, kind, provider_id) where member_until is not null;
      alter table audit_log add column concerned_tenants text[];
      alter table audit_log disable trigger user;
      update audit_log e set concerned_tenant = s.tenant_id from saga_runs s
       where e.target_type = 'saga' and e.concerned_tenant is null and s.tenant_id is not null and s.id::text = e.target_id;
      alter table audit_log enable trigger user;
      create index audit_log_of_tenants on audit_log (seq) where concerned_tenants is not null;
      ${placeEntry(`
        if jsonb_typeof(new.details -> 'tenant_ids') = 'array' then
          new.concerned_tenants := array(select jsonb_array_elements_text(new.details -> 'tenant_ids'));
        end if;`)}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${placeEntry('')}
      drop index audit_log_of_tenants, cloud_project_members_former;
      alter table audit_log drop column concerned_tenants;
      drop function if exists arcadia_children(uuid, text[]);`);
  }
}

/** The function of migration 1332 with an end of its own. */
const placeEntry = (end: string): string => `
  create or replace function arcadia_place_entry() returns trigger language plpgsql as $$
  begin
    new.concerned_tenant := new.details ->> 'tenant_id';
    new.previous_tenant := new.details ->> 'previous_tenant_id';${end}
    return new;
  end $$;`;
