import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The latest revert of each drift is also searched among the sagas that revert volumes and firewalls. There is none of them yet, so the partial index is
 * empty; its creation reads `saga_runs` and blocks writes meanwhile, as that of the first index did.
 */
export class RevertsOfProducts1795000001322 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index saga_runs_product_reverts on saga_runs ((input ->> 'resource_id'), id) where kind = 'revert_product'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index saga_runs_product_reverts');
  }
}
