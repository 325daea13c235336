import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which card is the default, by month, so that another default changes no month that is past. The present default is valid from the beginning, as the
 * first version of "Pass-through" is. The previous release still reads and sets `rate_cards.is_default`: a trigger takes what it sets into the table, from
 * the present month on. The table is new and small; the trigger locks `rate_cards` for a moment.
 */
export class DefaultRateCards1795000001420 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table default_rate_cards (
        valid_from date primary key check (valid_from = date_trunc('month', valid_from)),
        card_id uuid not null references rate_cards,
        changed_at timestamptz not null default clock_timestamp()
      );
      create index default_rate_cards_of_card on default_rate_cards (card_id);
      insert into default_rate_cards (valid_from, card_id) select '2012-01-01', id from rate_cards where is_default;
      alter table default_rate_cards enable row level security;
      create policy platform on default_rate_cards using ((select arcadia_is_platform()));
      grant select, insert, update on default_rate_cards to arcadia_service;

      create function arcadia_default_of_month() returns trigger language plpgsql as $$
      declare month constant date := date_trunc('month', clock_timestamp() at time zone 'UTC');
      begin
        if new.id = (select card_id from default_rate_cards where valid_from <= month order by valid_from desc limit 1) then
          return null;
        end if;
        insert into default_rate_cards (valid_from, card_id) values (month, new.id)
        on conflict (valid_from) do update set card_id = excluded.card_id, changed_at = excluded.changed_at;
        return null;
      end $$;
      create trigger default_of_month after insert or update of is_default on rate_cards
        for each row when (new.is_default) execute function arcadia_default_of_month();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger default_of_month on rate_cards;
      drop function arcadia_default_of_month();
      drop table default_rate_cards;
    `);
  }
}
