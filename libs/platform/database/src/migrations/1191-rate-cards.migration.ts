import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What tenants pay. A version of a card that was published never changes, nor do its rates: a trigger refuses it for every role, so that a month
 * that was rated once can be rated again with the same result. The card "Pass-through" sells at cost and is the default.
 * The tables are new and small, and the previous release does not know them.
 */
export class RateCards1795000001191 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(IMMUTABLE);
    await runner.query(SEED);
    await runner.query(SECURITY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table rate_overrides, tenant_rate_cards, rates, rate_card_versions, rate_cards;
      drop function arcadia_keep_published_version, arcadia_keep_published_rate;
    `);
  }
}

const TABLES = `
  create table rate_cards (
    id uuid primary key default arcadia_uuid(),
    name text not null check (name <> ''),
    currency text not null default 'USD',
    is_default boolean not null default false,
    created_by text not null,
    created_at timestamptz not null default clock_timestamp()
  );
  create unique index rate_cards_one_name on rate_cards (lower(name));
  create unique index rate_cards_one_default on rate_cards (is_default) where is_default;

  create table rate_card_versions (
    card_id uuid not null references rate_cards,
    version int not null check (version > 0),
    valid_from date not null check (valid_from = date_trunc('month', valid_from)),
    monthly jsonb not null default '{}',
    digest text,
    published_at timestamptz,
    published_by text,
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (card_id, version),
    check ((published_at is null) = (digest is null))
  );
  create unique index rate_card_versions_one_a_month on rate_card_versions (card_id, valid_from) where published_at is not null;

  create table rates (
    id uuid primary key default arcadia_uuid(),
    card_id uuid not null,
    version int not null,
    selector jsonb not null default '{}',
    model jsonb not null,
    priority int not null default 0,
    foreign key (card_id, version) references rate_card_versions
  );
  create index rates_of_version on rates (card_id, version, id);

  create table tenant_rate_cards (
    tenant_id text not null check (tenant_id <> ''),
    valid_from date not null check (valid_from = date_trunc('month', valid_from)),
    card_id uuid references rate_cards,
    changed_by text not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, valid_from)
  );

  create table rate_overrides (
    id uuid primary key default arcadia_uuid(),
    tenant_id text,
    resource_id uuid,
    selector jsonb not null default '{}',
    model jsonb not null,
    priority int not null default 0,
    valid_from date not null check (valid_from = date_trunc('month', valid_from)),
    valid_to date check (valid_to = date_trunc('month', valid_to) and valid_to > valid_from),
    reason text not null,
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    check ((tenant_id is null) <> (resource_id is null))
  )`;

const IMMUTABLE = `
  create function arcadia_keep_published_version() returns trigger language plpgsql as $$
  begin
    if old.published_at is not null then
      raise exception 'version % of the rate card is published and never changes', old.version using errcode = '23514';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
  end $$;
  create trigger published_versions_stay before update or delete on rate_card_versions
    for each row execute function arcadia_keep_published_version();

  create function arcadia_keep_published_rate() returns trigger language plpgsql as $$
  begin
    if exists (select from rate_card_versions v where v.published_at is not null
                and ((tg_op <> 'INSERT' and v.card_id = old.card_id and v.version = old.version)
                  or (tg_op <> 'DELETE' and v.card_id = new.card_id and v.version = new.version)))
    then raise exception 'the rates of a published version never change' using errcode = '23514';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
  end $$;
  create trigger published_rates_stay before insert or update or delete on rates
    for each row execute function arcadia_keep_published_rate()`;

/** The digest is that of the service for these rates; a test computes it again. */
const SEED = `
  insert into rate_cards (id, name, is_default, created_by)
  values ('00000000-0000-4000-8000-000000000001', 'Pass-through', true, 'arcadia-cloud');
  insert into rate_card_versions (card_id, version, valid_from, monthly, created_by)
  values ('00000000-0000-4000-8000-000000000001', 1, '2012-01-01',
          '{"discount_percent": null, "minimum_commitment": null, "maximum_spend": null, "recurring_fee": null}', 'arcadia-cloud');
  insert into rates (id, card_id, version, model)
  values ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 1,
          '{"type": "cost_plus", "percent": "0", "fixed_per_resource_month": "0", "min_margin": null, "max_margin": null}');
  update rate_card_versions set published_at = clock_timestamp(), published_by = 'arcadia-cloud',
         digest = 'fc638ca60a5c9378d99f6e8858f5bef3f400b16bf3337e768ad93e658e23a238'`;

const SECURITY = `
  alter table rate_cards enable row level security;
  alter table rate_card_versions enable row level security;
  alter table rates enable row level security;
  alter table tenant_rate_cards enable row level security;
  alter table rate_overrides enable row level security;
  create policy platform on rate_cards using ((select arcadia_is_platform()));
  create policy platform on rate_card_versions using ((select arcadia_is_platform()));
  create policy platform on rates using ((select arcadia_is_platform()));
  create policy platform on tenant_rate_cards using ((select arcadia_is_platform()));
  create policy platform on rate_overrides using ((select arcadia_is_platform()));
  grant select, insert, update on rate_cards, rate_card_versions, tenant_rate_cards to arcadia_service;
  grant select, insert, delete on rates, rate_overrides to arcadia_service`;
