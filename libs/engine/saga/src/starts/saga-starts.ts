import { createHash } from 'node:crypto';
import type { AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import type { Scope } from '#libs/identity';
import { canonicalJson, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { SagaDefinition } from '../definition/saga-definition';
import { SagaRegistry } from '../definition/saga-registry';
import { IdempotencyKeyReusedError, ResourceBusyError, TooManySagasError } from '../saga.error';
import { SagaStartWriter, StartConflict } from './acceptance';

export interface StartRequest {
  readonly kind: string;
  /** Checked against the definition's class already. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Whose saga it is; null: the platform's. */
  readonly tenantId: string | null;
  /** Same key, tenant and body: same saga (SAG-17). */
  readonly idempotencyKey?: string;
  readonly because: AuditContext;
  /** What the audit log is to know besides: why something else of the product started it. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a start would do. */
export interface SagaPlan {
  readonly steps: readonly string[];
  readonly holds: readonly string[];
}

type Judged = SagaPlan & { readonly input: Readonly<Record<string, unknown>> };

/** Accepts sagas: once this has committed, the saga will reach an end without anybody's help (SAG-1). */
@Injectable()
export class SagaStarter {
  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly acceptance: SagaStartWriter,
  ) {}

  /** What a start would do, step by step. Throws `UnknownSagaKindError`, and what the kind itself refuses with. */
  async plan(request: Pick<StartRequest, 'kind' | 'input' | 'tenantId'>): Promise<SagaPlan> {
    const { steps, holds } = await this.judge(this.registry.get(request.kind), request);
    return { steps, holds };
  }

  /**
   * Answers the saga's id. Throws `UnknownSagaKindError`, `IdempotencyKeyReusedError`, `ResourceBusyError`, `TooManySagasError`, and what the kind
   * itself refuses with. A repetition is known by its key before anything is judged anew: what it names may be gone by now.
   */
  async start(request: StartRequest): Promise<string> {
    const definition = this.registry.get(request.kind);
    const key = keyOf(request);
    const known = key && (await this.startedUnder(key));
    if (known) return known;
    const { input, steps, holds } = await this.judge(definition, request);
    const { kind, tenantId, because, details } = request;
    try {
      return await this.acceptance.accept({ kind, input, tenantId, steps, holds, key, because, details });
    } catch (error) {
      if (!(error instanceof StartConflict || error instanceof TooManySagasError)) throw error;
      const meanwhile = key && (await this.startedUnder(key)); // a repetition of what took the last place is no start more
      if (meanwhile) return meanwhile;
      if (error instanceof TooManySagasError) throw error;
      throw new ResourceBusyError((await this.busyOf(holds)) ?? holds.join(', '));
    }
  }

  /** Keys are good for a day at least (SAG-17); older ones leave. */
  async forgetOldKeys(): Promise<void> {
    await this.database.query(`delete from saga_starts where started_at < clock_timestamp() - interval '2 days'`);
  }

  private async judge(definition: SagaDefinition, { input, tenantId }: Pick<StartRequest, 'input' | 'tenantId'>): Promise<Judged> {
    const scope: Scope = tenantId === null ? { kind: 'platform' } : { kind: 'tenant', tenantId };
    const prepared = (await definition.prepare?.({ scope, input })) ?? input;
    return { input: prepared, steps: definition.plan(prepared), holds: [...new Set(definition.holds?.(prepared))].sort() };
  }

  private async startedUnder({ scope, name, bodyHash }: Key): Promise<string | undefined> {
    const [known] = await this.database.query<{ saga_id: string; body_hash: string }>(
      'select saga_id, body_hash from saga_starts where scope = $1 and key = $2',
      [scope, name],
    );
    if (known && known.body_hash !== bodyHash) throw new IdempotencyKeyReusedError();
    return known?.saga_id;
  }

  private async busyOf(holds: readonly string[]): Promise<string | undefined> {
    const [busy] = await this.database.query<{ resource: string }>(
      'select resource from saga_holds where resource = any ($1::text[]) order by resource limit 1',
      [holds],
    );
    return busy?.resource;
  }
}

interface Key {
  readonly scope: string;
  readonly name: string;
  readonly bodyHash: string;
}

function keyOf({ idempotencyKey, tenantId, kind, input }: StartRequest): Key | null {
  if (idempotencyKey === undefined) return null;
  const body = canonicalJson({ kind, input: input as Json });
  return {
    scope: tenantId === null ? 'platform' : `tenant:${tenantId}`,
    name: idempotencyKey,
    bodyHash: createHash('sha256').update(body).digest('hex'),
  };
}
