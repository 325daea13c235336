import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A copy of the provider's catalogue: sizes with prices, regions, public images. New tables only: locks nothing that is in use. */
export class Catalogue1795000001007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table provider_sizes (
        slug text primary key,
        memory_mb int not null,
        vcpus int not null,
        disk_gb int not null,
        price_monthly numeric not null,
        price_hourly numeric not null,
        regions text[] not null,
        available boolean not null
      );
      create table provider_regions (
        slug text primary key,
        name text not null,
        available boolean not null
      );
      create table provider_images (
        slug text primary key,
        name text not null,
        min_disk_gb int not null,
        regions text[] not null,
        status text not null
      );
      -- When each copy was taken (there is one: offers), and whether somebody is renewing it.
      create table provider_catalogue (
        name text primary key,
        taken_at timestamptz,
        refreshing_until timestamptz
      );

      alter table provider_sizes enable row level security;
      alter table provider_regions enable row level security;
      alter table provider_images enable row level security;
      alter table provider_catalogue enable row level security;
      create policy platform on provider_sizes using ((select arcadia_is_platform()));
      create policy platform on provider_regions using ((select arcadia_is_platform()));
      create policy platform on provider_images using ((select arcadia_is_platform()));
      create policy platform on provider_catalogue using ((select arcadia_is_platform()));
      grant select, insert, update, delete on provider_sizes, provider_regions, provider_images to arcadia_service;
      grant select, insert, update on provider_catalogue to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table provider_catalogue, provider_images, provider_regions, provider_sizes');
  }
}
