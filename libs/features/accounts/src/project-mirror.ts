import { CONFIG, type Config } from '#libs/config';
import { sql, type Queryable } from '#libs/database';
import { TenantWriter } from '#libs/tenants';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, type EntityManager, type Repository } from 'typeorm';
import { Project } from './entities/project.entity';
import { idText, optionalText, record, text } from '#libs/digitalocean';

/** A project as the provider lists it. Source: `GET /v2/projects`. */
export interface ListedProject {
  readonly providerId: string;
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly environment: string | null;
  readonly isDefault: boolean;
}

export function parseProject(raw: unknown): ListedProject {
  const project = record(raw, 'project');
  return {
    providerId: idText(project, 'id'),
    name: text(project, 'name'),
    description: optionalText(project, 'description') ?? '',
    purpose: optionalText(project, 'purpose') ?? '',
    environment: optionalText(project, 'environment'),
    isDefault: project.is_default === true,
  };
}

/** Letters, digits and `. _ -` inside. A full stop at the end belongs to the sentence, not to the tenant. */
const TENANT = /(?:^|[\s,;(])tenant:([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![A-Za-z0-9_-])/;
const LONGEST_TENANT = 64;

/** The tenant that a project's description names as `tenant:<id>`. Null for an id that is too long. */
export function tenantInDescription(description: string): string | null {
  const tenant = TENANT.exec(description)?.[1];
  return tenant !== undefined && tenant.length <= LONGEST_TENANT ? tenant : null;
}

/** A mirrored project that exists at the provider, so that its members can be listed. */
export interface MirroredProject {
  readonly id: string;
  readonly providerId: string;
}

/** Projects that a released sweep missed, with the limits for the strike that they get. */
export interface ReleasedProjects {
  readonly accountId: string | null;
  /** The start of the sweep as PostgreSQL writes it, to the microsecond. */
  readonly sweptFrom: string;
  readonly providerIds: readonly string[];
  readonly mostStrikes: number;
  readonly strikeSpacingMs: number;
}

/** Writes the provider's fields and the strikes of `cloud_projects`, and the history of project names, for the sweep of the projects. */
@Injectable()
export class ProjectMirror {
  constructor(
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    private readonly tenants: TenantWriter,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Writes a page of listed projects, in a transaction that has locked the sweep. */
  async recordPage(em: EntityManager, accountId: string, page: readonly ListedProject[]): Promise<void> {
    await this.adoptFallback(em, accountId, page);
    const described = page.map((project) => ({ ...project, tenant: tenantInDescription(project.description) }));
    const owners = await this.tenants.owners(
      em,
      described.flatMap(({ tenant }) => tenant ?? []),
    );
    const rows = described.map((project) => ({ ...project, tenant: owners.find((owner) => owner === project.tenant) ?? null }));
    await sql(em, MIRROR_PAGE, [accountId, JSON.stringify(rows), this.config.provider.fallbackProject]);
  }

  /** The mirrored projects among these provider ids. */
  async listMirrored(accountId: string, providerIds: readonly string[]): Promise<MirroredProject[]> {
    const projects = await this.projects.find({
      select: { id: true, providerId: true },
      where: { accountId, providerId: Any(providerIds) },
      order: { id: 'ASC' },
    });
    return projects.flatMap(({ id, providerId }) => (providerId === null ? [] : [{ id, providerId }]));
  }

  /** Adds a strike to the projects of `struck` and turns those of `deleted` into tombstones: they keep their names and their tenant. */
  async strike(tx: Queryable, struck: readonly string[], deleted: readonly string[]): Promise<void> {
    await tx.query(STRIKE, [struck, deleted]);
  }

  /** Adds a strike to the projects that a released sweep missed and that have not been seen since. */
  async strikeReleased(tx: Queryable, released: ReleasedProjects): Promise<void> {
    const { accountId, sweptFrom, providerIds, mostStrikes, strikeSpacingMs } = released;
    await tx.query(STRIKE_RELEASED, [accountId, sweptFrom, providerIds, mostStrikes, strikeSpacingMs]);
  }

  /** Stores a fallback project that does not exist at the provider, because the provider refused to create it. */
  async keepLocalFallback(accountId: string): Promise<void> {
    const fallback = { accountId, name: this.config.provider.fallbackProject, isFallback: true };
    await this.projects.createQueryBuilder().insert().values(fallback).orIgnore().updateEntity(false).execute();
  }

  hasFallback(accountId: string): Promise<boolean> {
    return this.projects.existsBy({ accountId, isFallback: true });
  }

  /** Links a local fallback project to the provider's project of that name, once the provider lists one. */
  private async adoptFallback(em: EntityManager, accountId: string, page: readonly ListedProject[]): Promise<void> {
    const providerId = page.find((project) => project.name === this.config.provider.fallbackProject)?.providerId;
    if (providerId === undefined) return;
    await em
      .createQueryBuilder()
      .update(Project)
      .set({ providerId })
      .where('account_id = :accountId and is_fallback and provider_id is null', { accountId })
      .andWhere('not exists (select from cloud_projects taken where taken.account_id = :accountId and taken.provider_id = :providerId)')
      .setParameters({ accountId, providerId })
      .execute();
  }
}

/** SQL: a later edit of the description names another owner, and no admin has set one. */
const NEW_OWNER = `(excluded.tenant_id is not null and excluded.description is distinct from p.description and p.tenant_set_by is distinct from 'admin')`;

/**
 * Set-based: writes a page of projects with the history of their names. The tenant of a row is null unless its description names one that
 * may own the project. A changed description counts until an admin has set the owner; one that names no such tenant changes no owner.
 * [TNT-1] $1 account, $2 projects as JSON rows, $3 name of the fallback project.
 */
const MIRROR_PAGE = `
with incoming as (
  select * from jsonb_to_recordset($2::jsonb) as p("providerId" text, name text, description text, purpose text, environment text, "isDefault" boolean, tenant text)),
known as (select p.id, p.name from cloud_projects p join incoming i on p.account_id = $1 and p.provider_id = i."providerId"),
mirrored as (
  insert into cloud_projects as p (account_id, provider_id, name, description, purpose, environment, is_default, is_fallback, tenant_id, tenant_set_by)
  select $1, i."providerId", i.name, i.description, i.purpose, i.environment, i."isDefault",
         i.name = $3 and row_number() over (partition by i.name order by i."providerId") = 1
           and not exists (select 1 from cloud_projects f where f.account_id = $1 and f.is_fallback),
         i.tenant, case when i.tenant is not null then 'description' end
    from incoming i
  on conflict (account_id, provider_id) do update
     set tenant_id = case when ${NEW_OWNER} then excluded.tenant_id else p.tenant_id end,
         tenant_set_by = case when ${NEW_OWNER} then 'description' else p.tenant_set_by end,
         name = excluded.name, description = excluded.description, purpose = excluded.purpose, environment = excluded.environment,
         is_default = excluded.is_default, recorded_at = clock_timestamp(), stale_strike_count = 0, last_strike_at = null, deleted_at = null
   where (p.name, p.description, p.purpose, p.environment, p.is_default) is distinct from
         (excluded.name, excluded.description, excluded.purpose, excluded.environment, excluded.is_default)
      or p.stale_strike_count > 0 or p.deleted_at is not null
  returning p.id, p.name),
renamed as (
  select m.id, m.name from mirrored m left join known k using (id) where k.name is distinct from m.name),
ended_names as (
  update cloud_project_names n set used_until = clock_timestamp() from renamed r where n.project_id = r.id and n.used_until is null)
insert into cloud_project_names (project_id, name) select id, name from renamed`;

/** Set-based: strikes and tombstones of one sweep. $1 projects that get a strike, $2 projects that get a strike and are deleted. */
const STRIKE = `
update cloud_projects set stale_strike_count = stale_strike_count + 1, last_strike_at = clock_timestamp(),
       deleted_at = case when id = any ($2::uuid[]) then clock_timestamp() end
 where id = any ($1::uuid[]) or id = any ($2::uuid[])`;

/** Set-based. $1 account, $2 start of the sweep, $3 missed provider ids, $4 most strikes, $5 spacing of strikes, ms. */
const STRIKE_RELEASED = `
update cloud_projects set stale_strike_count = stale_strike_count + 1, last_strike_at = clock_timestamp()
 where account_id = $1 and provider_id = any ($3::text[]) and deleted_at is null and recorded_at < $2::timestamptz and stale_strike_count < $4
   and (last_strike_at is null or last_strike_at <= clock_timestamp() - $5 * interval '1 millisecond')`;
