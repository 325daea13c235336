import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a tenant was closed that is open again: its months in between stay without fees and shares when they are rated again. A trigger writes the table,
 * so that processes of the previous release do too. Earlier closures are read from the audit log, as far as it has them. The table is new and
 * small; the trigger locks `tenants` for a moment.
 */
export class TenantClosures1795000001422 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenant_closures (
        tenant_id text not null references tenants,
        closed_at timestamptz not null,
        opened_at timestamptz not null check (opened_at >= closed_at),
        primary key (tenant_id, closed_at)
      );
      alter table tenant_closures enable row level security;
      create policy platform on tenant_closures using ((select arcadia_is_platform()));
      grant select, insert on tenant_closures to arcadia_service;

      insert into tenant_closures (tenant_id, closed_at, opened_at)
      select t.id, c.at, min(o.at)
        from tenants t
        join audit_log o on o.target_type = 'tenant' and o.target_id = t.id and o.action = 'tenant_changed' and o.details ->> 'previous_status' = 'closed'
        cross join lateral (
          select c.at from audit_log c
           where c.target_type = 'tenant' and c.target_id = t.id and c.action = 'tenant_changed' and c.details ->> 'status' = 'closed' and c.seq < o.seq
           order by c.seq desc limit 1) c
       group by t.id, c.at having min(o.at) >= c.at;

      create function arcadia_keep_closure() returns trigger language plpgsql as $$
      begin
        insert into tenant_closures (tenant_id, closed_at, opened_at) values (old.id, old.closed_at, greatest(clock_timestamp(), old.closed_at))
        on conflict do nothing;
        return null;
      end $$;
      create trigger keep_closure after update of status on tenants
        for each row when (old.status = 'closed' and new.status <> 'closed' and old.closed_at is not null) execute function arcadia_keep_closure();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger keep_closure on tenants;
      drop function arcadia_keep_closure();
      drop table tenant_closures;
    `);
  }
}
