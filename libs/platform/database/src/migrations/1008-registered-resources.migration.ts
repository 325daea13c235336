import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What sagas tell the inventory: how long a row that they registered may be missing from lists (INV-9), and which of the provider's actions they
 * asked for. A column without a default and a new table: takes its lock on cloud_resources for a moment only.
 */
export class RegisteredResources1795000001008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_resources add column listed_by timestamptz;

      create table cloud_saga_actions (
        action_id bigint primary key,
        saga_id uuid not null,
        told_at timestamptz not null default clock_timestamp()
      );
      alter table cloud_saga_actions enable row level security;
      create policy platform on cloud_saga_actions using ((select arcadia_is_platform()));
      grant select, insert on cloud_saga_actions to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table cloud_saga_actions; alter table cloud_resources drop column listed_by');
  }
}
