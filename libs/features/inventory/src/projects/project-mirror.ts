import { type ListedProject, tenantInDescription } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { SweepLeaseLostError } from '../inventory.errors';
import { FENCE, type SweepRef } from '../recorder/resource-recorder';

/** A mirrored project that exists at the provider, so that its members can be listed. */
export interface MirroredProject {
  readonly id: string;
  readonly provider_id: string;
}

/**
 * Writes a page of projects with the history of their names. The tenant is taken from the description once, when the project is new; later
 * only admins change it. $1 sweep, $2 account, $3 projects as JSON rows, $4 name of the fallback project.
 */
const MIRROR_PAGE = `
with ${FENCE},
incoming as (
  select * from jsonb_to_recordset($3::jsonb) as p("providerId" text, name text, description text, purpose text, environment text, "isDefault" boolean, tenant text)
   where exists (select 1 from fence)),
known as (select p.id, p.name from cloud_projects p join incoming i on p.account_id = $2 and p.provider_id = i."providerId"),
mirrored as (
  insert into cloud_projects as p (account_id, provider_id, name, description, purpose, environment, is_default, is_fallback, tenant_id, tenant_set_by)
  select $2, i."providerId", i.name, i.description, i.purpose, i.environment, i."isDefault",
         i.name = $4 and row_number() over (partition by i.name order by i."providerId") = 1
           and not exists (select 1 from cloud_projects f where f.account_id = $2 and f.is_fallback),
         i.tenant, case when i.tenant is not null then 'description' end
    from incoming i
  on conflict (account_id, provider_id) do update
     set name = excluded.name, description = excluded.description, purpose = excluded.purpose, environment = excluded.environment,
         is_default = excluded.is_default, recorded_at = clock_timestamp(), stale_strike_count = 0, last_strike_at = null, deleted_at = null
   where (p.name, p.description, p.purpose, p.environment, p.is_default) is distinct from
         (excluded.name, excluded.description, excluded.purpose, excluded.environment, excluded.is_default)
      or p.stale_strike_count > 0 or p.deleted_at is not null
  returning p.id, p.name),
renamed as (
  select m.id, m.name from mirrored m left join known k using (id) where k.name is distinct from m.name),
ended_names as (
  update cloud_project_names n set used_until = clock_timestamp() from renamed r where n.project_id = r.id and n.used_until is null),
new_names as (
  insert into cloud_project_names (project_id, name) select id, name from renamed)
select (select count(*)::int from fence) as leased`;

/** The only writer of the provider's fields in `cloud_projects`, and of the history of project names. */
@Injectable()
export class ProjectMirror {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async recordPage(sweep: SweepRef, page: readonly ListedProject[]): Promise<void> {
    await this.adoptFallback(sweep.accountId, page);
    const rows = page.map((project) => ({ ...project, tenant: tenantInDescription(project.description) }));
    const [result] = await this.database.query<{ leased: number }>(MIRROR_PAGE, [
      sweep.id,
      sweep.accountId,
      JSON.stringify(rows),
      this.config.provider.fallbackProject,
    ]);
    if (result?.leased !== 1) throw new SweepLeaseLostError(sweep.id);
  }

  /** The mirrored projects among these provider ids. */
  listMirrored(accountId: string, providerIds: readonly string[]): Promise<MirroredProject[]> {
    return this.database.query<MirroredProject>(
      'select id, provider_id from cloud_projects where account_id = $1 and provider_id = any ($2::text[]) order by id',
      [accountId, providerIds],
    );
  }

  /** Links a local fallback project to the provider's project of that name, once the provider lists one. */
  private async adoptFallback(accountId: string, page: readonly ListedProject[]): Promise<void> {
    const listed = page.find((project) => project.name === this.config.provider.fallbackProject);
    if (!listed) return;
    await this.database.query(
      `update cloud_projects set provider_id = $2 where account_id = $1 and is_fallback and provider_id is null
          and not exists (select 1 from cloud_projects taken where taken.account_id = $1 and taken.provider_id = $2)`,
      [accountId, listed.providerId],
    );
  }

  /** Stores a fallback project that does not exist at the provider, because the provider refused to create it. */
  async keepLocalFallback(accountId: string, on: Queryable = this.database): Promise<void> {
    await on.query(`insert into cloud_projects (account_id, name, is_fallback) values ($1, $2, true) on conflict do nothing`, [
      accountId,
      this.config.provider.fallbackProject,
    ]);
  }

  async hasFallback(accountId: string): Promise<boolean> {
    const rows = await this.database.query('select 1 from cloud_projects where account_id = $1 and is_fallback', [accountId]);
    return rows.length > 0;
  }
}
