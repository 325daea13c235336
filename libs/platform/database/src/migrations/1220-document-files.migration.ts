import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The printed documents of tenants. What is printed never changes: a trigger refuses it for every role. Row security shows a tenant its own.
 * The table is new and the index is on a table of the same release, so nothing waits for a lock.
 */
export class DocumentFiles1795000001220 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table document_files (
        document_id uuid primary key references tenant_documents,
        tenant_id text not null check (tenant_id <> ''),
        media_type text not null,
        sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
        bytes bytea not null,
        rendered_at timestamptz not null default clock_timestamp()
      );
      create trigger files_stay before update or delete on document_files for each row execute function arcadia_keep_row();
      alter table document_files enable row level security;
      create policy platform on document_files using ((select arcadia_is_platform()));
      create policy tenant on document_files for select using (tenant_id = (select arcadia_tenant()));
      grant select, insert on document_files to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table document_files');
  }
}
