import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The desired state of a droplet names its power as sagas set it (`power`: `on` or `off`), in the place of the provider's word `status`. Open
 * drifts and ignore rules follow. A process of the previous release that still runs compares the field with nothing and may open a drift
 * of `power`; the next detection of this release closes it as stale. Set-based: one statement for each table.
 */
export class PowerOfMachines1795000001141 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update cloud_provisioned p
         set spec = p.spec - 'status' || case p.spec ->> 'status' when 'active' then '{"power": "on"}' else '{"power": "off"}' end::jsonb
        from cloud_resources r
       where r.id = p.resource_id and r.kind = 'droplet' and p.spec ->> 'status' in ('active', 'off');

      update cloud_drift d
         set field = 'power', expected = case d.expected #>> '{}' when 'active' then '"on"' else '"off"' end::jsonb,
             actual = case d.actual #>> '{}' when 'active' then '"on"' else '"off"' end::jsonb
        from cloud_resources r
       where r.id = d.resource_id and r.kind = 'droplet' and d.field = 'status' and d.status = 'open'
         and d.expected #>> '{}' in ('active', 'off') and d.actual #>> '{}' in ('active', 'off');

      update cloud_drift_rules set field = 'power' where field = 'status';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update cloud_provisioned
         set spec = spec - 'power' || case spec ->> 'power' when 'on' then '{"status": "active"}' else '{"status": "off"}' end::jsonb
       where spec ->> 'power' in ('on', 'off');
      update cloud_drift
         set field = 'status', expected = case expected #>> '{}' when 'on' then '"active"' else '"off"' end::jsonb,
             actual = case actual #>> '{}' when 'on' then '"active"' else '"off"' end::jsonb
       where field = 'power' and status = 'open';
      update cloud_drift_rules set field = 'status' where field = 'power';
    `);
  }
}
