import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who sells, and to whom. A document that is issued later keeps its own copy of both, so rows here may change at any time.
 * The tables are new and small, and the previous release does not know them.
 */
export class BillingProfiles1795000001190 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing_issuers (
        id text primary key check (id <> ''),
        name text,
        address text,
        country text check (country ~ '^[A-Z]{2}$'),
        tax_ids jsonb not null default '[]',
        bank_text text,
        currency text not null default 'USD',
        number_prefix text not null default 'INV-',
        grace_days int not null default 3 check (grace_days between 0 and 60),
        net_days int not null default 14 check (net_days between 0 and 365),
        issue_zero boolean not null default false,
        time_zone text not null default 'UTC',
        version int not null default 1,
        changed_by text,
        changed_at timestamptz not null default clock_timestamp()
      );
      insert into billing_issuers (id) values ('default');

      create table billing_profiles (
        tenant_id text primary key check (tenant_id <> ''),
        legal_name text,
        address text,
        country text check (country ~ '^[A-Z]{2}$'),
        is_business boolean,
        tax_id text,
        tax_id_evidence jsonb,
        currency text,
        net_days int check (net_days between 0 and 365),
        language text,
        email text,
        purchase_order text,
        auto text not null default 'off' check (auto in ('off', 'approve', 'issue')),
        paused boolean not null default false,
        version int not null default 1,
        changed_by text not null,
        changed_at timestamptz not null default clock_timestamp()
      );

      alter table billing_issuers enable row level security;
      alter table billing_profiles enable row level security;
      create policy platform on billing_issuers using ((select arcadia_is_platform()));
      create policy platform on billing_profiles using ((select arcadia_is_platform()));
      grant select, insert, update on billing_issuers, billing_profiles to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing_profiles, billing_issuers');
  }
}
