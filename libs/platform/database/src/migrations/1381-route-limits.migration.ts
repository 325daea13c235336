import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which limit of single routes a provider call counts in, besides those of its token. The column has no default, so `provider_calls` is locked for
 * a moment and not rewritten; its index is made of the calls of one hour. The previous release leaves the column null.
 */
export class RouteLimits1795000001381 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table provider_calls add column route_limit text;
      -- of columns that no report changes, so that reports stay updates within the page
      create index provider_calls_of_route on provider_calls (fingerprint, route_limit) where route_limit is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function if exists provider_acquire_on_route; alter table provider_calls drop column route_limit');
  }
}
