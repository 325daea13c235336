import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Invoices, their lines, what the account was charged and paid, and what finance is to be told. New tables: lock nothing that is in use.
 * Three views tell for any time what a resource was called, whose it was and which project had a name, so that lines of long ago are
 * matched as things were then; two partial indexes on events serve them, and block new events only while they are built.
 * Lines, written by the hundred thousand, have no foreign key to invoices, which are never removed. They have no id of their own either: invoice and line number are one, so that the same document makes the same rows.
 */
export class Costs1795000001012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_accounts add column billing_history_read_at timestamptz;

      create table cloud_billing_history (
        id uuid primary key default arcadia_uuid(),
        account_id uuid not null references cloud_accounts,
        type text not null,
        description text not null,
        amount numeric not null,
        occurred_at timestamptz not null,
        invoice_uuid text not null default '',
        invoice_number text,
        nth int not null,
        seen_at timestamptz not null default clock_timestamp()
      );
      create unique index cloud_billing_history_once
        on cloud_billing_history (account_id, occurred_at, type, amount, md5(description), invoice_uuid, nth);

      create table cloud_invoices (
        id uuid primary key default arcadia_uuid(),
        account_id uuid not null references cloud_accounts,
        invoice_uuid text not null,
        invoice_number text,
        period date not null,
        issued_on date not null,
        amount numeric not null,
        currency text not null default 'USD',
        status text not null default 'discovered' check (status in ('discovered', 'ingesting', 'ingested', 'failed')),
        failure jsonb,
        attempts int not null default 0,
        next_attempt_at timestamptz not null default clock_timestamp(),
        requested_at timestamptz,
        document_asked_at timestamptz,
        document_hash text,
        ingested_at timestamptz,
        lines int,
        matched_lines int,
        lines_amount numeric,
        tax_amount numeric,
        lines_value numeric,
        attributed_value numeric,
        summary jsonb,
        reconciliation text check (reconciliation in ('reconciled', 'mismatch', 'released')),
        difference numeric,
        released_at timestamptz,
        pushed_to_finance_at timestamptz,
        finance_invoice_id text,
        discovered_at timestamptz not null default clock_timestamp(),
        unique (account_id, invoice_uuid)
      );
      create index cloud_invoices_by_period on cloud_invoices (period desc, id desc);

      create table cloud_cost_lines (
        invoice_id uuid not null,
        line_no int not null,
        product text not null,
        kind text not null,
        group_description text,
        description text not null,
        category text,
        provider_ref text,
        resource_id uuid,
        match_method text check (match_method in ('provider_id', 'urn', 'name', 'project_name')),
        match_reason text,
        project_name text,
        tenant_id text,
        hours numeric,
        started_at timestamptz,
        ended_at timestamptz,
        amount numeric not null,
        is_tax boolean not null,
        extra jsonb,
        primary key (invoice_id, line_no)
      );

      create table cloud_invoice_previews (
        account_id uuid primary key references cloud_accounts,
        invoice_uuid text,
        period date,
        amount numeric not null,
        updated_at timestamptz,
        removed_at timestamptz
      );

      create table cloud_finance_outbox (
        invoice_id uuid primary key references cloud_invoices,
        version int not null default 1,
        content_hash text not null,
        created_at timestamptz not null default clock_timestamp(),
        attempts int not null default 0,
        next_attempt_at timestamptz not null default clock_timestamp(),
        lease_until timestamptz,
        error_code text,
        delivered_at timestamptz
      );
      create index cloud_finance_outbox_due on cloud_finance_outbox (next_attempt_at) where delivered_at is null;

      alter table cloud_billing_history enable row level security;
      alter table cloud_invoices enable row level security;
      alter table cloud_cost_lines enable row level security;
      alter table cloud_invoice_previews enable row level security;
      alter table cloud_finance_outbox enable row level security;
      create policy platform on cloud_billing_history using ((select arcadia_is_platform()));
      create policy platform on cloud_invoices using ((select arcadia_is_platform()));
      create policy platform on cloud_cost_lines using ((select arcadia_is_platform()));
      create policy platform on cloud_invoice_previews using ((select arcadia_is_platform()));
      create policy platform on cloud_finance_outbox using ((select arcadia_is_platform()));
      grant select, insert on cloud_billing_history to arcadia_service;
      grant select, insert, update on cloud_invoices, cloud_invoice_previews, cloud_finance_outbox to arcadia_service;
      grant select, insert, delete on cloud_cost_lines to arcadia_service;

      create index cloud_resource_events_renames on cloud_resource_events (resource_id, seq)
        where type in ('updated', 'restored') and changes ? 'name';
      create index cloud_resource_events_owners on cloud_resource_events (resource_id, seq) where type = 'attributed' and changes ? 'tenant_id';

      create view cloud_resource_names with (security_invoker = true) as
        select r.*, lower(r.name collate "C") as used_name, coalesce(last.at, '-infinity') as used_from, 'infinity'::timestamptz as used_until
          from cloud_resources r
          left join (select resource_id, max(at) as at from cloud_resource_events where type in ('updated', 'restored') and changes ? 'name' group by 1) last
                 on last.resource_id = r.id
         where r.name is not null
        union all
        select r.*, lower(n.old_name collate "C"), coalesce(n.since, '-infinity'), n.at
          from (select resource_id, at, changes -> 'name' ->> 'old' as old_name, lag(at) over (partition by resource_id order by seq) as since
                  from cloud_resource_events where type in ('updated', 'restored') and changes ? 'name') n
          join cloud_resources r on r.id = n.resource_id
         where n.old_name is not null;

      create view cloud_resource_owners with (security_invoker = true) as
        with noted as (
          select resource_id, seq, changes -> 'tenant_id' ->> 'old' as old_tenant,
                 max(at) over (partition by resource_id order by seq) as at -- a clock that was set back must not make two owners of one time
            from cloud_resource_events where type = 'attributed' and changes ? 'tenant_id'),
        moves as (select *, lag(at) over (partition by resource_id order by seq) as since from noted),
        spans as (
          select resource_id, old_tenant as tenant_id, since as owned_from, at as owned_until, seq from moves
          union all
          select r.id, r.tenant_id, last.at, 'infinity', null
            from (select resource_id, max(at) as at from moves group by 1) last join cloud_resources r on r.id = last.resource_id),
        known as (
          select *, bool_or(tenant_id is not null) over (partition by resource_id order by seq nulls last) as was_owned from spans)
        select resource_id, tenant_id, owned_until,
               case when lag(was_owned) over (partition by resource_id order by seq nulls last) then owned_from else '-infinity' end as owned_from
          from known where was_owned;

      create view cloud_project_names_over_time with (security_invoker = true) as
        select p.account_id, n.project_id, n.name, p.tenant_id,
               case when lag(n.used_from) over same_name is null then '-infinity' else n.used_from end as used_from,
               coalesce(lead(n.used_from) over same_name, 'infinity') as used_until
          from cloud_project_names n join cloud_projects p on p.id = n.project_id
        window same_name as (partition by p.account_id, n.name order by n.used_from, n.project_id);
      grant select on cloud_resource_names, cloud_resource_owners, cloud_project_names_over_time to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop view cloud_project_names_over_time, cloud_resource_owners, cloud_resource_names;
      drop index cloud_resource_events_owners, cloud_resource_events_renames;
      drop table cloud_finance_outbox, cloud_invoice_previews, cloud_cost_lines, cloud_invoices, cloud_billing_history;
      alter table cloud_accounts drop column billing_history_read_at;
    `);
  }
}
