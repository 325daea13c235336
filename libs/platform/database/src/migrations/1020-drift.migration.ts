import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Drift: where what is there differs from what was ordered, and which of it somebody has chosen to overlook.
 * The loose equality of DRF-1 is a function here, because detection asks it for every field of every resource; libs/drift has the same rule as a
 * pure function, and a test that the two agree. `arcadia_loosely_equal` answers the usual cases before it looks into values.
 * New objects only, but for the index on runs: building it waits for their writers once.
 */
export class Drift1795000001020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_drift (
        id uuid primary key default arcadia_uuid(),
        resource_id uuid not null references cloud_resources,
        field text not null,
        expected jsonb not null,
        actual jsonb not null,
        spec_version int not null,
        status text not null default 'open' check (status in ('open', 'accepted', 'reverted', 'stale')),
        severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
        monthly_price_delta numeric,
        detected_at timestamptz not null default clock_timestamp(),
        changed_at timestamptz not null default clock_timestamp(),
        closed_at timestamptz,
        closed_by text,
        reason text,
        check ((status = 'open') = (closed_at is null))
      );
      create unique index cloud_drift_one_open on cloud_drift (resource_id, field) where status = 'open';
      create index cloud_drift_by_status on cloud_drift (status, id);

      create table cloud_drift_rules (
        id uuid primary key default arcadia_uuid(),
        tenant_id text check (tenant_id <> ''),
        kind text,
        resource_id uuid references cloud_resources,
        field text,
        reason text not null,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz,
        check (num_nonnulls(tenant_id, kind, resource_id, field) > 0)
      );

      alter table cloud_drift enable row level security;
      alter table cloud_drift_rules enable row level security;
      create policy platform on cloud_drift using ((select arcadia_is_platform()));
      create policy platform on cloud_drift_rules using ((select arcadia_is_platform()));
      grant select, insert, update on cloud_drift to arcadia_service;
      grant select, insert, delete on cloud_drift_rules to arcadia_service;

      create index saga_runs_reverts on saga_runs ((input ->> 'resource_id'), id) where kind = 'revert_droplet';

      -- Scalars as text without a trailing dot, lists as sets, objects by field.
      create function arcadia_loose_form(value jsonb) returns jsonb language plpgsql immutable parallel safe as $$
        declare written text;
        begin
          case jsonb_typeof(value)
            when 'array' then return (select coalesce(jsonb_agg(distinct arcadia_loose_form(e)), '[]') from jsonb_array_elements(value) e);
            when 'object' then return (select coalesce(jsonb_object_agg(f.key, arcadia_loose_form(f.value)), '{}') from jsonb_each(value) f);
            when 'null' then return value;
            when 'number' then return to_jsonb(trim_scale((value #>> '{}')::numeric)::text);
            else
              written := value #>> '{}';
              return to_jsonb(case when length(written) > 1 and right(written, 1) = '.' then left(written, -1) else written end);
          end case;
        end $$;

      create function arcadia_loosely_equal(one jsonb, other jsonb) returns boolean language plpgsql immutable parallel safe as $$
        begin
          if one = other then return true; end if;
          -- Containment both ways is equality of sets as long as nothing is nested.
          if jsonb_typeof(one) = 'array' and jsonb_typeof(other) = 'array' and one @> other and other @> one
             and strpos(substr(one::text, 2), '[') = 0 and strpos(one::text, '{') = 0 then
            return true;
          end if;
          return arcadia_loose_form(one) = arcadia_loose_form(other);
        end $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function arcadia_loosely_equal(jsonb, jsonb);
      drop function arcadia_loose_form(jsonb);
      drop index saga_runs_reverts;
      drop table cloud_drift_rules, cloud_drift;
    `);
  }
}
