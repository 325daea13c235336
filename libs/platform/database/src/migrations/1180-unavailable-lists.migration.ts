import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sweeps of lists that the provider does not let us read, and prices of products that only the price list has [KND-2]. The new check counts
 * for new rows at once and is validated without a lock on the table; the previous release writes no such sweep.
 */
export class UnavailableLists1795000001180 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_sweeps drop constraint cloud_sweeps_status_check;
      alter table cloud_sweeps add constraint cloud_sweeps_status_check
        check (status in ('running', 'complete', 'incomplete', 'suspect', 'released', 'refused', 'not_available')) not valid;
      alter table cloud_sweeps validate constraint cloud_sweeps_status_check;
      insert into list_prices (product, source, valid_from, amount, unit, minimum, origin)
      select product, 'configured', '2012-01-01T00:00:00Z', amount, unit, minimum, 'seeded; compare it with the provider''s price list'
        from (values ('managed_db:db-s-1vcpu-1gb', 15.00, 'node_month', null::numeric),
                     ('managed_db:db-s-1vcpu-2gb', 30.00, 'node_month', null),
                     ('managed_db:db-s-2vcpu-4gb', 60.00, 'node_month', null),
                     ('managed_db:db-s-4vcpu-8gb', 120.00, 'node_month', null),
                     ('k8s_cluster:ha', 40.00, 'month', null),
                     ('container_registry:starter', 0, 'month', null),
                     ('container_registry:basic', 5.00, 'month', null),
                     ('container_registry:professional', 20.00, 'month', null),
                     ('app:apps-s-1vcpu-0.5gb', 5.00, 'node_month', null),
                     ('app:apps-s-1vcpu-1gb', 12.00, 'node_month', null),
                     ('app:apps-s-1vcpu-2gb', 25.00, 'node_month', null),
                     ('custom_image', 0.06, 'gib_month', 0.01)) as seed (product, amount, unit, minimum)
      on conflict do nothing;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from list_prices where source = 'configured' and changed_by is null
         and (product in ('k8s_cluster:ha', 'custom_image') or product like 'managed\\_db:%' or product like 'container\\_registry:%' or product like 'app:%');
      delete from cloud_sweeps where status = 'not_available';
      alter table cloud_sweeps drop constraint cloud_sweeps_status_check;
      alter table cloud_sweeps add constraint cloud_sweeps_status_check
        check (status in ('running', 'complete', 'incomplete', 'suspect', 'released', 'refused'));
    `);
  }
}
