import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The provider's public prices for what its API gives no price for, and unit prices learned from invoices. A row is never changed: a new price
 * is a new row with a later `valid_from`. The table is new and small, and the previous release does not know it.
 */
export class ListPrices1795000001120 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table list_prices (
        product text not null,
        source text not null check (source in ('configured', 'observed')),
        valid_from timestamptz not null,
        amount numeric not null check (amount >= 0),
        unit text not null check (unit in ('month', 'gib_month', 'node_month', 'percent')),
        minimum numeric check (minimum >= 0),
        currency text not null default 'USD',
        origin text not null,
        changed_by text,
        recorded_at timestamptz not null default clock_timestamp(),
        primary key (product, source, valid_from)
      );
      alter table list_prices enable row level security;
      create policy platform on list_prices using ((select arcadia_is_platform()));
      grant select, insert on list_prices to arcadia_service;
      insert into list_prices (product, source, valid_from, amount, unit, minimum, origin)
      select product, 'configured', '2012-01-01T00:00:00Z', amount, unit, minimum, 'seeded; compare it with the provider''s price list'
        from (values ('volume', 0.10, 'gib_month', null::numeric),
                     ('snapshot', 0.06, 'gib_month', 0.01),
                     ('load_balancer', 12.00, 'node_month', null),
                     ('floating_ip', 5.00, 'month', null),
                     ('backups:weekly', 20, 'percent', null),
                     ('backups:daily', 30, 'percent', null)) as seed (product, amount, unit, minimum);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table list_prices');
  }
}
