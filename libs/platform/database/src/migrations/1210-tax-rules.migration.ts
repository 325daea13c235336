import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which tax invoices get. A decision is frozen with its invoice, so rules may change at any time.
 * The table is new and small, and the previous release does not know it.
 */
export class TaxRules1795000001210 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tax_rules (
        id uuid primary key default arcadia_uuid(),
        issuer_id text not null references billing_issuers,
        tenant_id text check (tenant_id <> ''),
        priority int not null default 0,
        when_facts jsonb not null default '{}',
        category text not null check (category in ('S', 'Z', 'E', 'AE', 'O', 'G')),
        rate numeric not null check (rate between 0 and 100),
        label text not null check (label <> ''),
        text text,
        title text not null default 'Invoice',
        issuer_tax_id text,
        customer_tax_id boolean not null default false,
        evidence jsonb,
        active boolean not null default true,
        origin text,
        version int not null default 1,
        changed_by text not null,
        changed_at timestamptz not null default clock_timestamp(),
        check ((category = 'S') = (rate > 0)),
        check (tenant_id is null or evidence is not null)
      );
      create index tax_rules_of_issuer on tax_rules (issuer_id, id desc);

      alter table tax_rules enable row level security;
      create policy platform on tax_rules using ((select arcadia_is_platform()));
      grant select, insert, update on tax_rules to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table tax_rules');
  }
}
