import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { BoundProvider } from '../account/bound-provider';
import { KINDS } from '../kinds';
import { urnOf, type Kind, type Observation } from '../kinds/kind';
import { OwnershipRecorder } from './ownership-recorder';
import { ResourceRecorder } from './resource-recorder';
import { UnknownKindError } from '../sync/sweep.error';
import { ACTIONS_OF_SAGA, BURY, JOIN_PROJECT } from './register.sql';

/** One object as the provider answered it to a saga. */
export interface Registration {
  readonly kind: string;
  readonly raw: unknown;
  /** `performance.now()` just before it was asked for. */
  readonly requestedAtMs: number;
  /** The provider's id of the project that the saga moved it to. */
  readonly projectUuid?: string | undefined;
  /** The saga that has seen it: the cause of what it changes. */
  readonly sagaId?: string;
}

/** A living resource, as far as sagas need it. */
export interface RegisteredResource {
  readonly id: string;
  readonly kind: string;
  readonly provider_id: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly size_slug: string | null;
  readonly status: string;
  readonly tenant_id: string | null;
}

const COLUMNS = 'id, kind, provider_id, name, region, size_slug, status, tenant_id';

/** What sagas know sooner than any sweep: things they made, things they destroyed, actions they asked for. */
@Injectable()
export class ResourceRegistrar {
  constructor(
    private readonly database: Database,
    private readonly provider: BoundProvider,
    private readonly recorder: ResourceRecorder,
    private readonly owners: OwnershipRecorder,
  ) {}

  /**
   * Records one object at once, by the rules of a page, and says whose it is. It is not struck before lists must show it (INV-9).
   * Throws `AccountNotCheckedError` and the client's errors when the account is another or cannot be checked.
   */
  async observe({ kind: name, raw, requestedAtMs, projectUuid, sagaId }: Registration): Promise<{ resourceId: string }> {
    const kind = kindOf(name);
    const seen = kind.observe(raw);
    const { accountId } = await this.provider.token('provisioning');
    if (projectUuid !== undefined) await this.join(accountId, kind, seen, projectUuid);
    const requestedAt = await this.onDatabaseClock(requestedAtMs);
    const sighting = { id: null, accountId, source: 'saga', sagaId: sagaId ?? null, startedAt: requestedAt } as const;
    await this.recorder.recordPage(sighting, kind, [seen], requestedAt);
    const resource = await this.findByProviderId(name, seen.providerId);
    if (!resource) throw new Error(`${urnOf(kind, seen)} was recorded and is not there`);
    await this.judgeOwner(accountId, resource);
    return { resourceId: resource.id };
  }

  /** A tombstone, once, however often it is said. The provider's 404 must have been seen. */
  async markDeleted(kind: string, providerId: string, sagaId?: string): Promise<void> {
    await this.database.query(BURY, [kind, providerId, sagaId ?? null]);
  }

  /** Undefined when there is no such living resource, or it is another tenant's (TEN-6). */
  async find(scope: Scope, resourceId: string, kind: string): Promise<RegisteredResource | undefined> {
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    return this.first(scope, 'id = $1 and kind = $2 and ($3::text is null or tenant_id = $3)', [resourceId, kind, tenant]);
  }

  /** By name, e.g. the zone of a record; names of some kinds are theirs alone. */
  async findByName(scope: Scope, kind: string, name: string): Promise<RegisteredResource | undefined> {
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    return this.first(scope, 'kind = $1 and name = $2 and ($3::text is null or tenant_id = $3)', [kind, name, tenant]);
  }

  async findByProviderId(kind: string, providerId: string): Promise<RegisteredResource | undefined> {
    return this.first({ kind: 'platform' }, 'kind = $1 and provider_id = $2', [kind, providerId]);
  }

  /** Remembers who asked for these actions, before or after the feed shows them. */
  async startedActions(sagaId: string, actionIds: readonly string[]): Promise<void> {
    await this.database.query(ACTIONS_OF_SAGA, [sagaId, actionIds]);
  }

  private async first(scope: Scope, condition: string, values: readonly unknown[]): Promise<RegisteredResource | undefined> {
    const read = (on: Queryable) =>
      on.query<RegisteredResource>(`select ${COLUMNS} from cloud_resources where ${condition} and deleted_at is null`, values);
    const [row] = await (scope.kind === 'tenant' ? this.database.asTenant(scope.tenantId, read) : read(this.database));
    return row;
  }

  /** As the next walk over the projects will find it: moved just now. */
  private async join(accountId: string, kind: Kind, seen: Observation, projectUuid: string): Promise<void> {
    await this.database.query(JOIN_PROJECT, [accountId, projectUuid, kind.kind, seen.providerId, urnOf(kind, seen)]);
  }

  /** Never later than the truth: the way of the database's answer, and any wait for it, counts as time since the asking (OPS-7). */
  private async onDatabaseClock(monotonicMs: number): Promise<Date> {
    const [clock] = await this.database.query<{ now: Date }>('select clock_timestamp() as now');
    const sinceMs = Math.ceil(performance.now() - monotonicMs);
    return new Date((clock?.now.getTime() ?? 0) - sinceMs);
  }

  private judgeOwner(accountId: string, resource: RegisteredResource): Promise<void> {
    return this.database.transaction(async (tx) => {
      await this.owners.lockAttribution(tx);
      await this.owners.settleOne(tx, accountId, resource);
    });
  }
}

function kindOf(name: string): Kind {
  const kind = KINDS.find((known) => known.kind === name);
  if (!kind) throw new UnknownKindError(name);
  return kind;
}
