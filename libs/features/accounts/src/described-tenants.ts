import { decodeCursor, nearestWord, pageOf, type Page, type PageRequest } from '#libs/kernel';
import { TenantRegistry, TenantWriter } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, Like, Not, type EntityManager, type Repository } from 'typeorm';
import { CloudAccount } from './entities/cloud-account.entity';
import { Project } from './entities/project.entity';
import { tenantInDescription } from './project-mirror';

/** A living project with an owner that its description may decide, and the tenant that the description names. */
export interface DescribedProject {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly described: string;
  readonly tenantId: string | null;
}

/** A finding: an id that no tenant has, or ids of two tenants that a reader would confuse. */
export interface UnknownTenantView {
  readonly id: string;
  /** `not_registered`: a project names it. `differs_by_case`: it is registered, and so is `nearest_id`. */
  readonly reason: 'not_registered' | 'differs_by_case';
  readonly project_id: string | null;
  readonly project_name: string | null;
  /** The registered id that it most likely means. */
  readonly nearest_id: string | null;
}

const CURSOR = /^[^\0]{1,200}\0[0-9a-f-]{0,36}$/;

/** The tenants that descriptions of projects name: their registration, their effect, and the findings about them. */
@Injectable()
export class DescribedTenants {
  constructor(
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    private readonly registry: TenantRegistry,
    private readonly writer: TenantWriter,
  ) {}

  /**
   * Registers the tenants that descriptions name, when the projects of the account have been mirrored completely for the first time, and
   * assigns the projects to them. Later descriptions register nothing. The caller holds the attribution lock. [TNT-1]
   */
  async registerFirst(em: EntityManager, accountId: string): Promise<void> {
    const account = await em.findOneByOrFail(CloudAccount, { id: accountId });
    if (account.tenantsRegisteredAt !== null) return;
    await em.update(CloudAccount, { id: accountId }, { tenantsRegisteredAt: () => 'clock_timestamp()' });
    const projects = await this.listDescribed(em, { accountId });
    const owners = new Set(await this.writer.registerDescribed(em, byFrequency(projects.map(({ described }) => described))));
    for (const { id, described, tenantId } of projects) {
      if (tenantId === null && owners.has(described)) await em.update(Project, { id }, { tenantId: described, tenantSetBy: 'description' });
    }
  }

  /** Assigns the projects with a description that names this tenant to it, unless an admin has set their owner. Returns them. */
  async assignTo(em: EntityManager, tenantId: string): Promise<DescribedProject[]> {
    const named = (await this.listDescribed(em)).filter((project) => project.described === tenantId && project.tenantId !== tenantId);
    const ids = named.map(({ id }) => id);
    if (ids.length > 0) await em.update(Project, { id: In(ids) }, { tenantId, tenantSetBy: 'description' });
    return named;
  }

  /** What an admin must decide: by id, then by project. It is short, because a person wrote each description. */
  async listUnknown(page: PageRequest): Promise<Page<UnknownTenantView>> {
    const after = decodeCursor(page.cursor, CURSOR) ?? '';
    const known = await this.registry.ids();
    const registered = new Set(known);
    const described = (await this.listDescribed(this.projects.manager)).filter((project) => !registered.has(project.described));
    const unknown = described.map(({ id, name, described: tenant }) => ({ id: tenant, project_id: id, project_name: name }));
    const findings = [...unknown, ...twins(known).map((id) => ({ id, project_id: null, project_name: null }))]
      .map((finding) => ({ finding, key: `${finding.id}\0${finding.project_id ?? ''}` }))
      .filter(({ key }) => key > after)
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const { items, next_cursor } = pageOf(findings, page.limit, ({ key }) => key);
    return { items: items.map(({ finding }) => ({ ...finding, ...judged(finding.id, known) })), next_cursor };
  }

  private async listDescribed(em: EntityManager, of: { readonly accountId?: string } = {}): Promise<DescribedProject[]> {
    const named = { ...of, deletedAt: IsNull(), description: Like('%tenant:%') };
    const where = [
      { ...named, tenantSetBy: IsNull() },
      { ...named, tenantSetBy: Not('admin' as const) },
    ];
    const projects = await em.find(Project, { where, order: { id: 'ASC' } });
    return projects.flatMap(({ id, accountId, name, description, tenantId }) => {
      const described = tenantInDescription(description);
      return described === null ? [] : [{ id, accountId, name, described, tenantId }];
    });
  }
}

/** The ids, the most frequent first: of two spellings, the one that more projects have is registered. */
function byFrequency(ids: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([id]) => id);
}

/** Registered ids that differ from another one in letter case only. Earlier releases allowed them. */
function twins(known: readonly string[]): string[] {
  const spellings = new Map<string, string[]>();
  for (const id of known) spellings.set(id.toLowerCase(), [...(spellings.get(id.toLowerCase()) ?? []), id]);
  return [...spellings.values()].filter(({ length }) => length > 1).flat();
}

function judged(id: string, known: readonly string[]): Pick<UnknownTenantView, 'reason' | 'nearest_id'> {
  const others = known.filter((one) => one !== id);
  const reason = others.length < known.length ? ('differs_by_case' as const) : ('not_registered' as const);
  return { reason, nearest_id: nearestWord(id, others) ?? null };
}
