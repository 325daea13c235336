import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The rated months. `rated_lines` of a month are replaced as a whole by each run. Row security shows a tenant its own rows; the statements that
 * read in the scope of a tenant name no column with a buy amount.
 * The tables are new, and the previous release does not know them.
 */
export class Rating1795000001192 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing_pools (
        pool text not null check (pool in ('account_wide', 'support', 'unattributed', 'provider_tax', 'provider_credits')),
        valid_from date not null check (valid_from = date_trunc('month', valid_from)),
        method text not null check (method in ('keep', 'house', 'even', 'weighted', 'proportional')),
        weights jsonb not null default '{}',
        changed_by text not null,
        changed_at timestamptz not null default clock_timestamp(),
        primary key (pool, valid_from)
      );

      create table billing_runs (
        id uuid primary key default arcadia_uuid(),
        issuer_id text not null references billing_issuers,
        period date not null check (period = date_trunc('month', period)),
        status text not null default 'pending' check (status in ('pending', 'running', 'completed', 'failed')),
        progress jsonb not null default '{}',
        problems jsonb not null default '[]',
        inputs_digest text,
        lines_digest text,
        totals jsonb,
        failure jsonb,
        requested_by text not null,
        requested_at timestamptz not null default clock_timestamp(),
        lease_until timestamptz,
        started_at timestamptz,
        finished_at timestamptz
      );
      create index billing_runs_newest on billing_runs (period, id desc);
      create index billing_runs_open on billing_runs (requested_at) where status in ('pending', 'running');

      create table rated_lines (
        issuer_id text not null,
        period date not null,
        line_no int not null,
        tenant_id text,
        bucket text not null check (bucket in ('tenant_direct', 'tenant_shared', 'house', 'unattributed', 'tax_kept', 'credits_kept', 'terms')),
        line_kind text not null,
        product text not null,
        description text not null,
        resource_id uuid,
        resource_name text,
        project_name text,
        region text,
        quantity numeric,
        unit text not null,
        buy numeric not null,
        sell numeric,
        explanation jsonb not null,
        primary key (issuer_id, period, line_no),
        check ((sell is null) or (tenant_id is not null))
      );
      create index rated_lines_of_tenant on rated_lines (tenant_id, period) where tenant_id is not null;

      alter table billing_pools enable row level security;
      alter table billing_runs enable row level security;
      alter table rated_lines enable row level security;
      create policy platform on billing_pools using ((select arcadia_is_platform()));
      create policy platform on billing_runs using ((select arcadia_is_platform()));
      create policy platform on rated_lines using ((select arcadia_is_platform()));
      create policy tenant on rated_lines for select using (tenant_id = (select arcadia_tenant()));
      grant select, insert, update on billing_pools, billing_runs to arcadia_service;
      grant select, insert, delete on rated_lines to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table rated_lines, billing_runs, billing_pools');
  }
}
