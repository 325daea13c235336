import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The open streams of events of each process, so that the limit of a tenant holds over all of them: one row per process, one element per
 * stream of a tenant. A new table, which the previous release does not know: until its processes have ended, their streams do not count.
 */
export class StreamPlaces1795000001366 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table event_stream_processes (
        id uuid primary key,
        lease_until timestamptz not null,
        tenants text[] not null
      );
      alter table event_stream_processes enable row level security;
      create policy platform on event_stream_processes using ((select arcadia_is_platform()));
      grant select, insert, update, delete on event_stream_processes to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table event_stream_processes');
  }
}
