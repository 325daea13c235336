import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When drift was last detected, so that an empty inbox can tell how old it is. The previous release neither reads nor writes the table. */
export class DriftDetections1795000001090 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table drift_detections (
        one boolean primary key default true check (one),
        detected_at timestamptz not null
      );
      alter table drift_detections enable row level security;
      create policy platform on drift_detections using ((select arcadia_is_platform()));
      grant select, insert, update on drift_detections to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table drift_detections');
  }
}
