import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds the last project of a resource that has ended, of which an admin corrects the owner. Members of projects refuse writes while the index is
 * built: some seconds for a million. `down` also drops the search for children, which is no part of the schema before.
 */
export class FormerMembers1795000001425 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create index cloud_project_members_former on cloud_project_members (account_id, kind, provider_id) where member_until is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index cloud_project_members_former; drop function if exists arcadia_children(uuid, text[])');
  }
}
