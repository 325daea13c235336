import { TenantTransaction } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type Page, type PageRequest } from '#libs/kernel';
import { TenantRegistry, TenantWriter } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { ProjectNotFoundError } from './accounts.errors';
import { Project } from './entities/project.entity';
import { tenantInDescription } from './project-mirror';

/** A mirrored project as the API returns it. A `project_id` elsewhere is the `id` of one. */
export interface ProjectView {
  readonly id: string;
  readonly provider: string;
  /** Null for a fallback project that does not exist at the provider. */
  readonly provider_id: string | null;
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly environment: string | null;
  readonly is_default: boolean;
  readonly is_fallback: boolean;
  readonly tenant_id: string | null;
  readonly tenant_set_by: 'description' | 'admin' | null;
  readonly classification: string | null;
  readonly first_seen_at: string;
  /** The start of the last complete sweep that listed the project; of a project with strikes, the time of its last change. */
  readonly last_seen_at: string;
  readonly deleted_at: string | null;
}

/** What a tenant learns of a project of its own. */
export type OwnProject = Pick<ProjectView, 'id' | 'name'>;

/** The change that an admin makes to a project. An absent field stays unchanged. */
export interface ProjectChange {
  /** Null gives the project back to its description. */
  readonly tenant_id?: string | null;
  /** The project belongs to no tenant, whatever its description names. */
  readonly unassigned?: true;
  readonly classification?: string | null;
}

/** Filters of the list; a project must match all that are given. */
export interface ProjectFilters {
  readonly tenant_id?: string;
  readonly tenant_set_by?: string;
  readonly classification?: string;
  readonly environment?: string;
  readonly is_default?: boolean;
  readonly is_fallback?: boolean;
  readonly provider_id?: string;
  /** Part of the name or of the description, in any letter case. */
  readonly q?: string;
  /** True: only projects without a tenant. */
  readonly unassigned?: boolean;
  readonly deleted?: boolean;
}

const EQUALITIES = [
  ['tenant_id', 'tenantId'],
  ['tenant_set_by', 'tenantSetBy'],
  ['classification', 'classification'],
  ['environment', 'environment'],
  ['is_default', 'isDefault'],
  ['is_fallback', 'isFallback'],
  ['provider_id', 'providerId'],
] as const;

/** The age and the completeness of the mirror, by the sweeps that keep it. */
type Freshness = Pick<ListAnswer<never>, 'as_of' | 'completeness'>;

/** Reads the mirror of the provider's projects, and writes the fields that admins set. */
@Injectable()
export class ProjectService {
  constructor(
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    private readonly scoped: TenantTransaction,
    private readonly tenants: TenantRegistry,
    private readonly tenantWriter: TenantWriter,
  ) {}

  /**
   * Includes deleted projects: their names and tenants still explain old costs. `readFreshness` runs before the projects are read, so its
   * result may be older than they are, never newer.
   */
  async list(page: PageRequest, readFreshness: () => Promise<Freshness>, filters: ProjectFilters = {}): Promise<ListAnswer<ProjectView>> {
    const after = decodeCursor(page.cursor, UUID_KEY);
    const { as_of, completeness } = await readFreshness();
    const query = this.projects.createQueryBuilder('p');
    if (filters.q !== undefined)
      query.andWhere('(p.name ilike :q or p.description ilike :q)', { q: `%${filters.q.replace(/[\\%_]/g, '\\$&')}%` });
    if (filters.deleted !== undefined) query.andWhere(filters.deleted ? 'p.deletedAt is not null' : 'p.deletedAt is null');
    if (filters.unassigned) query.andWhere('p.tenantId is null');
    for (const [field, column] of EQUALITIES) {
      if (filters[field] !== undefined) query.andWhere(`p.${column} = :${field}`, { [field]: filters[field] });
    }
    if (after !== null) query.andWhere('p.id > :after', { after });
    const rows = await query
      .orderBy('p.id', 'ASC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: items.map((project) => projectView(project, as_of)), page: { next_cursor }, as_of, completeness };
  }

  /** The living projects of a tenant, read in its own scope: it learns their ids and names only. [TEN-4] */
  async listOwn(tenantId: string, page: PageRequest, q?: string): Promise<Page<OwnProject>> {
    const after = decodeCursor(page.cursor, UUID_KEY);
    const found = await this.scoped.run(tenantId, (em) => {
      const query = em.createQueryBuilder(Project, 'p').where('p.tenant_id = :tenantId and p.deleted_at is null', { tenantId });
      if (after !== null) query.andWhere('p.id > :after', { after });
      if (q !== undefined) query.andWhere('p.name ilike :q', { q: `%${q.replace(/[\\%_]/g, '\\$&')}%` });
      return query
        .orderBy('p.id')
        .limit(page.limit + 1)
        .getMany();
    });
    const { items, next_cursor } = pageOf(found, page.limit, ({ id }) => id);
    return { items: items.map(({ id, name }) => ({ id, name })), next_cursor };
  }

  /** One project by our id, also a deleted one. `sweptAt`: see `last_seen_at`. Throws `ProjectNotFoundError`. */
  async get(id: string, sweptAt: string | null): Promise<ProjectView> {
    const project = await this.projects.findOneBy({ id });
    if (!project) throw new ProjectNotFoundError();
    return projectView(project, sweptAt);
  }

  /** The names of projects by our id. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.projects.find({ where: { id: In(ids) }, select: { id: true, name: true } });
    return new Map(found.map(({ id, name }) => [id, name]));
  }

  /** One project by our id, also a deleted one. */
  async find(id: string): Promise<ProjectView | undefined> {
    const project = await this.projects.findOneBy({ id });
    return project ? projectView(project) : undefined;
  }

  /** The live projects of a tenant that exist at the provider. */
  async listByTenant(tenantId: string): Promise<ProjectView[]> {
    const where = { tenantId, deletedAt: IsNull(), providerId: Not(IsNull()) };
    return (await this.projects.find({ where, order: { id: 'ASC' } })).map((project) => projectView(project));
  }

  /**
   * Sets the tenant and our classification; sweeps keep both. The caller attributes the resources of the project again, in the same
   * transaction. Throws `ProjectNotFoundError`, and for an owner that is unknown or leaves the errors of `TenantRegistry.requireOwner`.
   */
  async update(em: EntityManager, id: string, change: ProjectChange): Promise<UpdatedProject> {
    const before = await em.findOneBy(Project, { id });
    if (!before) throw new ProjectNotFoundError();
    const { classification } = change;
    const values = { ...(await this.ownerAfter(em, before, change)), ...(classification !== undefined && { classification }) };
    if (Object.keys(values).length > 0) await em.update(Project, { id }, values);
    const project = await em.findOneByOrFail(Project, { id });
    const previous = { previous_tenant_id: before.tenantId, previous_classification: before.classification };
    return { accountId: project.accountId, project: projectView(project), previous };
  }

  /** The owner after a change: that of the description once it is given back, and none on purpose with `unassigned`. */
  private async ownerAfter(
    em: EntityManager,
    { description }: Project,
    { tenant_id: tenantId, unassigned }: ProjectChange,
  ): Promise<Partial<Pick<Project, 'tenantId' | 'tenantSetBy'>>> {
    if (unassigned) return { tenantId: null, tenantSetBy: 'admin' };
    if (tenantId === undefined) return {};
    if (tenantId !== null) return { tenantId: (await this.tenants.requireOwner(em, tenantId)).id, tenantSetBy: 'admin' };
    const named = tenantInDescription(description);
    const [described] = named === null ? [] : await this.tenantWriter.owners(em, [named]);
    return { tenantId: described ?? null, tenantSetBy: described === undefined ? null : 'description' };
  }
}

/** A project after its change, and the values from before it. */
interface UpdatedProject {
  readonly accountId: string;
  readonly project: ProjectView;
  readonly previous: { readonly previous_tenant_id: string | null; readonly previous_classification: string | null };
}

function projectView(project: Project, sweptAt: string | null = null): ProjectView {
  const { id, provider, name, description, purpose, environment, classification } = project;
  return {
    id,
    provider,
    provider_id: project.providerId,
    name,
    description,
    purpose,
    environment,
    is_default: project.isDefault,
    is_fallback: project.isFallback,
    tenant_id: project.tenantId,
    tenant_set_by: project.tenantSetBy,
    classification,
    first_seen_at: project.firstSeenAt.toISOString(),
    last_seen_at: lastSeenAt(project, sweptAt),
    deleted_at: project.deletedAt?.toISOString() ?? null,
  };
}

/** A sweep does not rewrite an unchanged project, so one without strikes counts as seen by the last complete sweep. */
function lastSeenAt({ recordedAt, staleStrikeCount, deletedAt }: Project, sweptAt: string | null): string {
  const recorded = recordedAt.toISOString();
  return deletedAt === null && staleStrikeCount === 0 && sweptAt !== null && recorded < sweptAt ? sweptAt : recorded;
}
