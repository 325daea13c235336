import { BoundProvider, ProjectMembershipRepository } from '#libs/accounts';
import { Database, TenantTransaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type EntityManager, type FindOptionsWhere, type Repository } from 'typeorm';
import { Resource } from '../entities/resource.entity';
import { SagaAction } from '../entities/saga-action.entity';
import { UnknownKindError } from '../inventory.errors';
import { listedKind } from '../kinds';
import { canonicalIdOf, urnOf, type Kind } from '../kinds/kind';
import { viewOf, type View } from '../view-of';
import { OwnershipRecorder } from './ownership-recorder';
import { ResourceRecorder } from './resource-recorder';

/** One object as the provider returned it to a saga. */
export interface Registration {
  readonly kind: string;
  readonly raw: unknown;
  /** `performance.now()` just before the request. */
  readonly requestedAtMs: number;
  /** The provider's id of the project that the saga moved the object to. */
  readonly projectUuid?: string | undefined;
  /** The saga that read the object. It is the cause of the changes. */
  readonly sagaId?: string;
}

const FIELDS = [
  'id',
  'kind',
  'providerId',
  'name',
  'region',
  'sizeSlug',
  'status',
  'tenantId',
  'protectedBy',
] as const satisfies readonly (keyof Resource)[];

/** A live resource that refers to a droplet, and outlives it. */
export type DropletCompanion = View<Resource, (typeof COMPANION_FIELDS)[number]>;

const COMPANION_FIELDS = ['id', 'kind', 'name', 'attrs'] as const satisfies readonly (keyof Resource)[];

/** Snapshots and backups have the droplet as their parent; a volume and an address name it in their attributes. */
const COMPANIONS = `r.id in (
  select child.id from arcadia_children(null, :parent) child(id) union all
  select v.id from cloud_resources v where v.kind = 'volume' and v.deleted_at is null and v.attrs -> 'droplet_ids' ? :dropletId union all
  select i.id from cloud_resources i where i.kind = 'floating_ip' and i.deleted_at is null and i.attrs ->> 'droplet_id' = :dropletId)`;

/** More are not listed in a plan. */
const MOST_COMPANIONS = 500;

/** A live resource, with the fields that sagas need. */
export type RegisteredResource = View<Resource, (typeof FIELDS)[number]>;

/** Fenced: it locks the row, and writes the tombstone with its event. [INV-14] $1 kind, $2 provider id, $3 saga or null. */
const TOMBSTONE = `
with live as (
  select id, status as was from cloud_resources where kind = $1 and provider_id = $2 and deleted_at is null for update),
tombstoned as (
  update cloud_resources r
     set status = 'deleted', deleted_at = clock_timestamp(), recorded_at = clock_timestamp(), changed_at = clock_timestamp()
    from live where r.id = live.id
  returning r.id, r.tenant_id, live.was)
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select id, tenant_id, 'deleted', 'saga', jsonb_build_object('status', jsonb_build_object('old', was, 'new', 'deleted')), $3::uuid from tombstoned`;

/** Entry point for sagas: records the resources they created or deleted and the actions they started, earlier than any sweep could. */
@Injectable()
export class ResourceRegistrar {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantTransaction,
    @InjectRepository(Resource) private readonly resources: Repository<Resource>,
    @InjectRepository(SagaAction) private readonly sagaActions: Repository<SagaAction>,
    private readonly provider: BoundProvider,
    private readonly members: ProjectMembershipRepository,
    private readonly recorder: ResourceRecorder,
    private readonly owners: OwnershipRecorder,
  ) {}

  /**
   * Records one object at once, by the rules of a page, and attributes it. The row is not struck before lists must contain the object.
   * [INV-9] Throws `AccountNotCheckedError` and the client's errors when the token belongs to another account or cannot be checked.
   */
  async observe({ kind: name, raw, requestedAtMs, projectUuid, sagaId }: Registration): Promise<{ resourceId: string }> {
    const kind = kindNamed(name);
    const seen = kind.observe(raw);
    const { accountId } = await this.provider.token('provisioning');
    if (projectUuid !== undefined)
      await this.members.join({ accountId, projectUuid, kind: name, providerId: seen.providerId, urn: urnOf(kind, seen) });
    const requestedAt = await this.onDatabaseClock(requestedAtMs);
    const sighting = { id: null, accountId, source: 'saga', sagaId: sagaId ?? null, startedAt: requestedAt } as const;
    await this.recorder.recordPage(sighting, kind, [seen], requestedAt);
    const resource = await this.findByProviderId(name, seen.providerId);
    if (!resource) throw new Error(`${urnOf(kind, seen)} was recorded but cannot be found`);
    await this.attribute(accountId, resource);
    return { resourceId: resource.id };
  }

  /**
   * Writes a tombstone, and settles the owners of what the resource shared with others; repeated calls write nothing. The caller must have received
   * the provider's 404.
   */
  async markDeleted(kind: string, providerId: string, sagaId?: string): Promise<void> {
    const id = canonicalIdOf(listedKind(kind), providerId);
    await this.database.query(TOMBSTONE, [kind, id, sagaId ?? null]);
    const ended = await this.resources.find({
      where: { kind, providerId: id, deletedAt: Not(IsNull()) },
      select: { id: true, accountId: true },
    });
    for (const one of ended) await this.owners.settleDeleted(this.database, one.accountId, { id: one.id, kind, provider_id: id });
  }

  /** Undefined when there is no such live resource, or it belongs to another tenant. [TEN-6] */
  async find(scope: Scope, resourceId: string, kind: string): Promise<RegisteredResource | undefined> {
    return this.findLive(scope, { id: resourceId, kind });
  }

  /** In platform scope, whatever its kind. */
  async findById(resourceId: string): Promise<RegisteredResource | undefined> {
    return this.findLive({ kind: 'platform' }, { id: resourceId });
  }

  /** For kinds with unique names, e.g. the DNS zone of a record. A name that is also the id may have any of its notations. */
  async findByName(scope: Scope, kind: string, name: string): Promise<RegisteredResource | undefined> {
    return this.findLive(scope, { kind, name: canonicalIdOf(listedKind(kind), name) });
  }

  async findByProviderId(kind: string, providerId: string): Promise<RegisteredResource | undefined> {
    return this.findLive({ kind: 'platform' }, { kind, providerId: canonicalIdOf(listedKind(kind), providerId) });
  }

  /** The snapshots and backups of a droplet, its volumes and its reserved IPs: those that the scope may read, in the order of their ids. */
  findCompanions(scope: Scope, dropletId: string): Promise<DropletCompanion[]> {
    const read = async (em: EntityManager) => {
      const query = em
        .createQueryBuilder(Resource, 'r')
        .where('r.deleted_at is null')
        .andWhere(COMPANIONS, { parent: [`droplet/${dropletId}`], dropletId })
        .orderBy('r.id')
        .limit(MOST_COMPANIONS);
      if (scope.kind === 'tenant') query.andWhere('r.tenant_id = :tenant', { tenant: scope.tenantId });
      return (await query.getMany()).map((resource) => viewOf<Resource, (typeof COMPANION_FIELDS)[number]>(resource, COMPANION_FIELDS));
    };
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, read) : read(this.resources.manager);
  }

  /** Stores which saga started these actions. The action feed may list them before or after this call. */
  async startedActions(sagaId: string, actionIds: readonly string[]): Promise<void> {
    if (actionIds.length === 0) return;
    const insert = this.sagaActions.createQueryBuilder().insert();
    await insert
      .values(actionIds.map((actionId) => ({ sagaId, actionId })))
      .orIgnore()
      .updateEntity(false)
      .execute();
  }

  private async findLive(scope: Scope, where: FindOptionsWhere<Resource>): Promise<RegisteredResource | undefined> {
    const live = { ...where, deletedAt: IsNull() };
    const resource =
      scope.kind === 'tenant'
        ? await this.tenants.run(scope.tenantId, (em) => em.findOneBy(Resource, { ...live, tenantId: scope.tenantId }))
        : await this.resources.findOneBy(live);
    return resource ? viewOf(resource, FIELDS) : undefined;
  }

  /**
   * Converts a monotonic time of this process to the database's clock. The result is never too late: the time that the database's response
   * takes counts as time since the request. [OPS-7]
   */
  private async onDatabaseClock(monotonicMs: number): Promise<Date> {
    const nowMs = await this.database.clockMs();
    return new Date(Math.floor(nowMs - (performance.now() - monotonicMs)));
  }

  private attribute(accountId: string, resource: RegisteredResource): Promise<void> {
    return this.database.transaction(async (tx) => {
      await this.owners.lockAttribution(tx);
      await this.owners.settleOne(tx, accountId, resource);
    });
  }
}

function kindNamed(name: string): Kind {
  const kind = listedKind(name);
  if (!kind) throw new UnknownKindError(name);
  return kind;
}
