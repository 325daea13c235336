import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, type EntityManager, type Repository } from 'typeorm';
import { ProjectNotFoundError } from './accounts.errors';
import { Project } from './entities/project.entity';

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
  readonly deleted_at: string | null;
}

/** The change that an admin makes to a project. An absent field stays unchanged. */
export interface ProjectChange {
  readonly tenant_id?: string | null;
  readonly classification?: string | null;
}

/** The age and the completeness of the mirror, by the sweeps that keep it. */
type Freshness = Pick<ListAnswer<never>, 'as_of' | 'completeness'>;

/** Reads the mirror of the provider's projects, and writes the fields that admins set. */
@Injectable()
export class ProjectService {
  constructor(@InjectRepository(Project) private readonly projects: Repository<Project>) {}

  /**
   * Includes deleted projects: their names and tenants still explain old costs. `readFreshness` runs before the projects are read, so its
   * result may be older than they are, never newer.
   */
  async list(page: PageRequest, readFreshness: () => Promise<Freshness>): Promise<ListAnswer<ProjectView>> {
    const after = decodeCursor(page.cursor, UUID_KEY);
    const { as_of, completeness } = await readFreshness();
    const where = after === null ? {} : { id: MoreThan(after) };
    const rows = await this.projects.find({ where, order: { id: 'ASC' }, take: page.limit + 1 });
    const { items, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: items.map(projectView), page: { next_cursor }, as_of, completeness };
  }

  /** One project by our id, also a deleted one. */
  async find(id: string): Promise<ProjectView | undefined> {
    const project = await this.projects.findOneBy({ id });
    return project ? projectView(project) : undefined;
  }

  /** The live projects of a tenant that exist at the provider. */
  async listByTenant(tenantId: string): Promise<ProjectView[]> {
    const where = { tenantId, deletedAt: IsNull(), providerId: Not(IsNull()) };
    return (await this.projects.find({ where, order: { id: 'ASC' } })).map(projectView);
  }

  /**
   * Sets the tenant and our classification; sweeps keep both. The caller attributes the resources of the project again, in the same
   * transaction. Throws `ProjectNotFoundError`.
   */
  async update(em: EntityManager, id: string, change: ProjectChange): Promise<{ accountId: string; project: ProjectView }> {
    const { tenant_id: tenantId, classification } = change;
    const values = {
      ...(tenantId !== undefined && { tenantId, tenantSetBy: 'admin' as const }),
      ...(classification !== undefined && { classification }),
    };
    if (Object.keys(values).length > 0) await em.update(Project, { id }, values);
    const project = await em.findOneBy(Project, { id });
    if (!project) throw new ProjectNotFoundError();
    return { accountId: project.accountId, project: projectView(project) };
  }
}

function projectView(project: Project): ProjectView {
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
    deleted_at: project.deletedAt?.toISOString() ?? null,
  };
}
