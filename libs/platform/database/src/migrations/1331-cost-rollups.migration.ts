import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The roll-up that questions about running costs read instead of every resource: how many resources are billed alike since before a month, and
 * which ones are not. Triggers note every resource with a change of owner, place, existence or price, in the transaction of the change and whatever
 * process makes it, also one of the previous release; a worker folds what is noted. The triggers take a short lock on three tables.
 */
export class CostRollups1795000001331 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(TRIGGERS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger roll_up_move on cloud_resource_events;
      drop trigger roll_up_emptied on cloud_resource_events;
      ${['cloud_resources', 'resource_prices']
        .flatMap((table) => ['added', 'changed', 'removed', 'emptied'].map((what) => `drop trigger roll_up_${what} on ${table};`))
        .join('\n')}
      drop function arcadia_note_resources(), arcadia_note_prices(), arcadia_note_move(), arcadia_empty_rollup();
      drop table cost_rollups, cost_rollup_shapes, cost_rollup_groups, cost_rollup_members, cost_rollup_changes;
    `);
  }
}

const TABLES = `
  create table cost_rollups (
    kind text primary key check (kind = 'running'),
    month timestamptz not null,
    free_kinds text not null
  );
  create table cost_rollup_shapes (
    id uuid primary key,
    kind text not null,
    product text,
    units numeric,
    plan text
  );
  create table cost_rollup_groups (
    id uuid primary key,
    shape uuid not null,
    tenant_id text,
    cloud_project_id uuid,
    kind text not null,
    region text,
    is_node boolean not null,
    resource_type text,
    product text,
    units numeric,
    plan text,
    number integer not null check (number >= 0)
  ) with (fillfactor = 80);
  create index cost_rollup_groups_of_tenant on cost_rollup_groups (tenant_id);
  create index cost_rollup_groups_of_shape on cost_rollup_groups (shape);
  create table cost_rollup_members (
    resource_id uuid primary key,
    group_id uuid,
    since timestamptz,
    check (since is null or group_id is not null)
  );
  create index cost_rollup_members_recent on cost_rollup_members (group_id) where since is not null;
  create index cost_rollup_members_alone on cost_rollup_members (resource_id) where group_id is null;
  create table cost_rollup_changes (resource_id uuid not null);
  ${['cost_rollups', 'cost_rollup_shapes', 'cost_rollup_groups', 'cost_rollup_members', 'cost_rollup_changes']
    .map(
      (table) => `
  alter table ${table} enable row level security;
  create policy platform on ${table} using ((select arcadia_is_platform()));
  grant select, insert, update, delete on ${table} to arcadia_service;`,
    )
    .join('')}`;

/** A trigger for each kind of statement that changes rows of a table, and one for their removal as a whole. */
const noting = (table: string, note: string): string => `
  create trigger roll_up_added after insert on ${table} referencing new table as after for each statement execute function ${note}();
  create trigger roll_up_changed after update on ${table} referencing old table as before new table as after for each statement execute function ${note}();
  create trigger roll_up_removed after delete on ${table} referencing old table as before for each statement execute function ${note}();
  create trigger roll_up_emptied after truncate on ${table} for each statement execute function arcadia_empty_rollup();`;

/** Notes work as the owner of the tables: every writer of the three tables may cause one. */
const TRIGGERS = `
  create function arcadia_note_resources() returns trigger language plpgsql security definer set search_path from current as $$
  begin
    if tg_op = 'INSERT' then
      insert into cost_rollup_changes select id from after;
    elsif tg_op = 'DELETE' then
      insert into cost_rollup_changes select id from before;
    else
      insert into cost_rollup_changes
      select n.id from before o join after n using (id)
       where (o.tenant_id, o.cloud_project_id, o.kind, o.region, o.parents, o.first_seen_at, o.deleted_at, o.attrs ->> 'created_at', o.attrs ->> 'resource_type')
             is distinct from
             (n.tenant_id, n.cloud_project_id, n.kind, n.region, n.parents, n.first_seen_at, n.deleted_at, n.attrs ->> 'created_at', n.attrs ->> 'resource_type');
    end if;
    return null;
  end $$;
  create function arcadia_note_prices() returns trigger language plpgsql security definer set search_path from current as $$
  begin
    if tg_op = 'DELETE' then
      insert into cost_rollup_changes select distinct resource_id from before;
    else
      insert into cost_rollup_changes select distinct resource_id from after;
    end if;
    return null;
  end $$;
  create function arcadia_note_move() returns trigger language plpgsql security definer set search_path from current as $$
  begin
    insert into cost_rollup_changes values (new.resource_id);
    return null;
  end $$;
  create function arcadia_empty_rollup() returns trigger language plpgsql security definer set search_path from current as $$
  begin
    delete from cost_rollups;
    return null;
  end $$;
  revoke all on function arcadia_note_resources(), arcadia_note_prices(), arcadia_note_move(), arcadia_empty_rollup() from public;
  ${noting('cloud_resources', 'arcadia_note_resources')}
  ${noting('resource_prices', 'arcadia_note_prices')}
  create trigger roll_up_move after insert on cloud_resource_events for each row
    when (new.type = 'attributed' and new.changes ? 'tenant_id') execute function arcadia_note_move();
  create trigger roll_up_emptied after truncate on cloud_resource_events for each statement execute function arcadia_empty_rollup();`;
