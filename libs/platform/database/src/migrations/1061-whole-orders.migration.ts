import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The desired state of a droplet is its whole order, and that it runs. Droplets that were ordered before get the missing fields from the
 * stored input of their saga, adopted ones the status that they have. Values that are recorded already stay. Set-based: one statement each.
 */
export class WholeOrders1795000001061 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      with ordered as (
        select (r.context -> 'register_droplet' ->> 'resource_id')::uuid as resource_id,
               jsonb_build_object('name', r.input -> 'name', 'tags', coalesce(r.input -> 'tags', '[]'), 'backups', coalesce(r.input -> 'backups', 'false'),
                 'status', 'active') as fields
          from saga_runs r where r.kind = 'provision_droplet' and r.status = 'completed' and r.context -> 'register_droplet' ? 'resource_id')
      update cloud_provisioned p
         set spec = ordered.fields || p.spec, version = p.version + 1, changed_at = clock_timestamp()
        from ordered where p.resource_id = ordered.resource_id and p.ended_at is null and not p.spec ?& array['name', 'tags', 'backups', 'status'];

      update cloud_provisioned p
         set spec = p.spec || jsonb_build_object('status', r.status), version = p.version + 1, changed_at = clock_timestamp()
        from cloud_resources r
       where r.id = p.resource_id and p.ended_at is null and r.kind = 'droplet' and r.status in ('active', 'off') and not p.spec ? 'status';
    `);
  }

  /** The previous release compares whatever fields a desired state has. */
  async down(): Promise<void> {}
}
