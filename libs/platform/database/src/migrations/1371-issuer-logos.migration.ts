import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Logos that documents print, by the digest of their bytes: an issued document names the one that it was issued with, so a trigger keeps every row.
 * The table is new. The column has no default, so `billing_issuers` is locked for a moment and not rewritten; the previous release does not know it.
 */
export class IssuerLogos1795000001371 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing_logos (
        sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
        media_type text not null check (media_type in ('image/png', 'image/jpeg')),
        width int not null check (width > 0),
        height int not null check (height > 0),
        bytes bytea not null,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp()
      );
      create trigger logos_stay before update or delete on billing_logos for each row execute function arcadia_keep_row();
      alter table billing_logos enable row level security;
      create policy platform on billing_logos using ((select arcadia_is_platform()));
      grant select, insert on billing_logos to arcadia_service;
      alter table billing_issuers add column logo_sha256 text references billing_logos;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing_issuers drop column logo_sha256;
      drop table billing_logos;
    `);
  }
}
