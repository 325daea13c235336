import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Two statements read whole tables that only grow: the addresses that sagas have reserved, and the drifts of a resource. Steps of that name are
 * few, so their index needs no output, which row security would keep it from. Both tables refuse writes while their index is built: some
 * seconds for a million rows.
 */
export class SagaLookUps1795000001415 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index saga_steps_of_addresses on saga_steps (saga_id) where name = 'reserve_ip';
      create index cloud_drift_of_resource on cloud_drift (resource_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index saga_steps_of_addresses, cloud_drift_of_resource');
  }
}
