import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { TenantRegistry } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { randomUUID } from 'node:crypto';
import { In, MoreThan, type EntityManager, type Repository } from 'typeorm';
import { AttributionFinding } from '../entities/attribution-finding.entity';
import { Resource } from '../entities/resource.entity';
import { AttributionFindingNotFoundError, FindingChangedError } from '../inventory.errors';
import { OwnershipRecorder, tenantsMoved } from '../recorder/ownership-recorder';

/** A move that waits for an admin, as the API returns it. */
export interface AttributionFindingView {
  readonly resource_id: string;
  readonly kind: string;
  readonly name: string | null;
  readonly from_tenant_id: string;
  readonly to_tenant_id: string;
  readonly attribution: { readonly by: AttributionFinding['attributedBy']; readonly ref: string };
  readonly found_at: string;
}

export interface FindingFilters {
  readonly from_tenant_id?: string;
  readonly to_tenant_id?: string;
}

/** Moves from one tenant to another that only a rule asks for. The recorder of owners writes them; an admin confirms them here. [TNT-7] */
@Injectable()
export class AttributionFindingsService {
  constructor(
    @InjectRepository(AttributionFinding) private readonly findings: Repository<AttributionFinding>,
    private readonly transaction: Transaction,
    private readonly tenants: TenantRegistry,
    private readonly recorder: OwnershipRecorder,
    private readonly audit: AuditLog,
  ) {}

  /** In the order of the resources. */
  async list(page: PageRequest, { from_tenant_id, to_tenant_id }: FindingFilters = {}): Promise<ListAnswer<AttributionFindingView>> {
    const asOf = new Date().toISOString();
    const after = decodeCursor(page.cursor, UUID_KEY);
    const found = await this.findings.find({
      where: {
        ...(after !== null && { resourceId: MoreThan(after) }),
        ...(from_tenant_id !== undefined && { fromTenantId: from_tenant_id }),
        ...(to_tenant_id !== undefined && { toTenantId: to_tenant_id }),
      },
      order: { resourceId: 'ASC' },
      take: page.limit + 1,
    });
    const { items, next_cursor } = pageOf(found, page.limit, ({ resourceId }) => resourceId);
    return { data: await this.viewsOf(items), page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /**
   * Moves the resource to the tenant that the rule gives it to. What follows it as its parent moves too. `tenantId` is the tenant of the
   * finding as it was read. Throws `AttributionFindingNotFoundError`, `FindingChangedError` and the errors of `requireOwner`.
   */
  async confirm(resourceId: string, tenantId: string, because: AuditContext): Promise<AttributionFindingView> {
    const entryId = randomUUID();
    return this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.recorder.lockAttribution(tx);
      const finding = await em.findOneBy(AttributionFinding, { resourceId });
      if (!finding) throw new AttributionFindingNotFoundError();
      if (finding.toTenantId !== tenantId) throw new FindingChangedError(finding.toTenantId);
      await this.tenants.requireOwner(em, tenantId);
      const [view] = await this.viewsOf([finding], em);
      const moved = await this.recorder.reattribute(tx, finding.accountId, 'admin', [resourceId], { writerId: entryId, confirmed: true });
      if (moved.get(resourceId)?.tenant_id !== tenantId) throw new FindingChangedError(moved.get(resourceId)?.tenant_id ?? null);
      const { from_tenant_id, to_tenant_id, attribution } = view as AttributionFindingView;
      await this.audit.record(tx, {
        ...because,
        id: entryId,
        action: 'attribution_confirmed',
        target: { type: 'resource', id: resourceId },
        details: {
          tenant_id: to_tenant_id,
          previous_tenant_id: from_tenant_id,
          ...tenantsMoved([...moved.values()]),
          attribution,
          moves: moved.size,
        },
      });
      return view as AttributionFindingView;
    });
  }

  private async viewsOf(
    findings: readonly AttributionFinding[],
    em: EntityManager = this.findings.manager,
  ): Promise<AttributionFindingView[]> {
    const ids = findings.map(({ resourceId }) => resourceId);
    const named = await em.find(Resource, { where: { id: In(ids) }, select: { id: true, kind: true, name: true } });
    const resources = new Map(named.map((resource) => [resource.id, resource]));
    return findings.map((finding) => ({
      resource_id: finding.resourceId,
      kind: resources.get(finding.resourceId)?.kind ?? '',
      name: resources.get(finding.resourceId)?.name ?? null,
      from_tenant_id: finding.fromTenantId,
      to_tenant_id: finding.toTenantId,
      attribution: { by: finding.attributedBy, ref: finding.attributedRef },
      found_at: finding.foundAt.toISOString(),
    }));
  }
}
