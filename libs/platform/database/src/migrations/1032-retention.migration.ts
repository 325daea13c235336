import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The service role may remove what has served its time: balances, the provider's actions, and which sagas asked for them. Sweeps it may already.
 * Rights only: locks nothing that is in use for longer than a moment.
 */
export class Retention1795000001032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('grant update, delete on cloud_balance_snapshots, cloud_saga_actions to arcadia_service');
    await runner.query('grant delete on cloud_provider_actions to arcadia_service');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('revoke delete on cloud_provider_actions from arcadia_service');
    await runner.query('revoke update, delete on cloud_balance_snapshots, cloud_saga_actions from arcadia_service');
  }
}
