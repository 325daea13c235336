import { createHash } from 'node:crypto';
import type { AuditContext } from '#libs/audit';
import type { Scope } from '#libs/identity';
import { canonicalJson, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Raw, type Repository } from 'typeorm';
import { NO_PREVIEW, type SagaDefinition, type SagaPreview } from '../definition/saga-definition';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaHold } from '../entities/saga-hold.entity';
import { SagaIdempotencyKey } from '../entities/saga-idempotency-key.entity';
import { IdempotencyKeyReusedError, ResourceBusyError } from '../saga.errors';
import { SagaStartWriter, StartConflict, StartRefused } from './saga-start-writer';

export interface StartRequest {
  readonly kind: string;
  /** Already validated against the definition's input class. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The tenant that asks; null means the platform. It decides what the saga may touch, and its limit counts. */
  readonly tenantId: string | null;
  /** For the platform: the owner of what the saga works on, where the kind has no `ownerOf`. That tenant sees the saga. [TEN-3] */
  readonly ownerId?: string | null;
  /** An admin has decided that limits do not refuse this start. `because` has the reason. */
  readonly override?: boolean;
  /** Requests with the same key, tenant and body get the same saga. [SAG-17] */
  readonly idempotencyKey?: string;
  readonly because: AuditContext;
  /** Additional details for the audit log: why another part of the product started the saga. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a start would do. */
export interface SagaPlan extends SagaPreview {
  readonly steps: readonly string[];
  readonly holds: readonly string[];
}

type PreparedStart = Pick<SagaPlan, 'steps' | 'holds'> & { readonly input: Readonly<Record<string, unknown>> };

/** Accepts sagas. After the commit of a start the saga reaches an end without further help. [SAG-1] */
@Injectable()
export class SagaStarter {
  constructor(
    @InjectRepository(SagaIdempotencyKey) private readonly keys: Repository<SagaIdempotencyKey>,
    @InjectRepository(SagaHold) private readonly holds: Repository<SagaHold>,
    private readonly registry: SagaRegistry,
    private readonly writer: SagaStartWriter,
  ) {}

  /** Returns what a start would do, step by step. Throws `UnknownSagaKindError`, and the errors of the kind's `prepare`. */
  async plan(request: Pick<StartRequest, 'kind' | 'input' | 'tenantId'>): Promise<SagaPlan> {
    const definition = this.registry.get(request.kind);
    const { input, steps, holds } = await this.prepare(definition, request);
    return { steps, holds, ...NO_PREVIEW, ...(await definition.preview?.(input)) };
  }

  /**
   * Returns the id of the saga. Throws `UnknownSagaKindError`, `IdempotencyKeyReusedError`, `ResourceBusyError`, the refusals of the
   * acceptance guard, and the errors of the kind's `prepare`. A repeated request is found by its key before `prepare`, because the resources that it names may
   * have been deleted meanwhile.
   */
  async start(request: StartRequest): Promise<string> {
    const definition = this.registry.get(request.kind);
    const key = keyOf(request);
    const known = key && (await this.findByKey(key));
    if (known) return known;
    const { input, steps, holds } = await this.prepare(definition, request);
    const { kind, tenantId, override, because, details } = request;
    const ownerId = tenantId ?? request.ownerId ?? (await definition.ownerOf?.(input)) ?? null;
    const start = { kind, input, tenantId, ownerId, override };
    try {
      return await this.writer.accept({ ...start, steps, holds, key, because, details });
    } catch (error) {
      if (!(error instanceof StartConflict || error instanceof StartRefused)) throw error;
      const meanwhile = key && (await this.findByKey(key)); // the same request may have been accepted concurrently, in the tenant's last place
      if (meanwhile) return meanwhile;
      if (error instanceof StartRefused) throw error.refusal;
      throw new ResourceBusyError((await this.firstBusyOf(holds)) ?? holds.join(', '));
    }
  }

  /** Deletes idempotency keys older than two days. They must be valid for at least one day. [SAG-17] */
  async forgetOldKeys(): Promise<void> {
    await this.keys.delete({ startedAt: Raw((column) => `${column} < clock_timestamp() - interval '2 days'`) });
  }

  private async prepare(definition: SagaDefinition, { input, tenantId }: Pick<StartRequest, 'input' | 'tenantId'>): Promise<PreparedStart> {
    const scope: Scope = tenantId === null ? { kind: 'platform' } : { kind: 'tenant', tenantId };
    const prepared = (await definition.prepare?.({ scope, input })) ?? input;
    return { input: prepared, steps: definition.plan(prepared), holds: [...new Set(definition.holds?.(prepared))].sort() };
  }

  private async findByKey({ scope, name, bodyHash }: RequestKey): Promise<string | undefined> {
    const known = await this.keys.findOneBy({ scope, key: name });
    if (known && known.bodyHash !== bodyHash) throw new IdempotencyKeyReusedError();
    return known?.sagaId;
  }

  private async firstBusyOf(holds: readonly string[]): Promise<string | undefined> {
    const busy = await this.holds.findOne({ where: { resource: In(holds) }, order: { resource: 'ASC' } });
    return busy?.resource;
  }
}

interface RequestKey {
  readonly scope: string;
  readonly name: string;
  readonly bodyHash: string;
}

function keyOf({ idempotencyKey, tenantId, kind, input }: StartRequest): RequestKey | null {
  if (idempotencyKey === undefined) return null;
  const body = canonicalJson({ kind, input: input as Json });
  return {
    scope: tenantId === null ? 'platform' : `tenant:${tenantId}`,
    name: idempotencyKey,
    bodyHash: createHash('sha256').update(body).digest('hex'),
  };
}
