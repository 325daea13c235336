import { createHash } from 'node:crypto';
import { AuditLog, type Because } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import { canonicalJson, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { SagaRegistry } from '../definition/saga-registry';
import { IdempotencyKeyReusedError, ResourceBusyError } from '../saga.error';

export interface StartRequest {
  readonly kind: string;
  /** Checked against the definition's class already. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Whose saga it is; null: the platform's. */
  readonly tenantId: string | null;
  /** Same key, tenant and body: same saga (SAG-17). */
  readonly idempotencyKey?: string;
  readonly because: Because;
}

/** Accepts sagas: once this has committed, the saga will reach an end without anybody's help (SAG-1). */
@Injectable()
export class SagaStarts {
  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly audit: AuditLog,
  ) {}

  /** What a start would do, step by step. Throws `UnknownSagaKindError`. */
  plan(kind: string, input: Readonly<Record<string, unknown>>): { steps: readonly string[]; holds: readonly string[] } {
    const definition = this.registry.get(kind);
    return { steps: definition.plan(input), holds: definition.holds?.(input) ?? [] };
  }

  /** Answers the saga's id. Throws `UnknownSagaKindError`, `IdempotencyKeyReusedError`, `ResourceBusyError`. */
  async start(request: StartRequest): Promise<string> {
    const { steps, holds } = this.plan(request.kind, request.input);
    return this.database.transaction(async (tx) => {
      const known = await this.startedBefore(tx, request);
      if (known) return known;
      const id = await insertRun(tx, request, steps);
      await takeHolds(tx, id, holds);
      await this.remember(tx, request, id);
      const { kind, because } = request;
      await this.audit.record(tx, { ...because, action: 'saga_started', target: { type: 'saga', id }, details: { kind } });
      return id;
    });
  }

  private async startedBefore(tx: Queryable, { idempotencyKey: key, ...request }: StartRequest): Promise<string | undefined> {
    if (key === undefined) return undefined;
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 1))', [`saga-start/${scopeOf(request)}/${key}`]);
    const [known] = await tx.query<{ saga_id: string; body_hash: string }>(
      'select saga_id, body_hash from saga_starts where scope = $1 and key = $2',
      [scopeOf(request), key],
    );
    if (known && known.body_hash !== bodyHash(request)) throw new IdempotencyKeyReusedError();
    return known?.saga_id;
  }

  private async remember(tx: Queryable, { idempotencyKey: key, ...request }: StartRequest, id: string): Promise<void> {
    if (key === undefined) return;
    const values = [scopeOf(request), key, bodyHash(request), id];
    await tx.query('insert into saga_starts (scope, key, body_hash, saga_id) values ($1, $2, $3, $4)', values);
  }
}

type Started = Omit<StartRequest, 'idempotencyKey'>;

const scopeOf = ({ tenantId }: Started): string => (tenantId === null ? 'platform' : `tenant:${tenantId}`);

const bodyHash = ({ kind, input }: Started): string =>
  createHash('sha256')
    .update(canonicalJson({ kind, input: input as Json }))
    .digest('hex');

async function insertRun(tx: Queryable, { kind, input, tenantId, because }: StartRequest, steps: readonly string[]): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    'insert into saga_runs (kind, tenant_id, input, steps, created_by) values ($1, $2, $3, $4, $5) returning id',
    [kind, tenantId, JSON.stringify(input), steps, because.by.sub],
  );
  if (!row) throw new Error('an insert answered no row');
  return row.id;
}

/** All or none: what another run holds is refused by name. */
export async function takeHolds(tx: Queryable, sagaId: string, holds: readonly string[]): Promise<void> {
  if (holds.length === 0) return;
  const wanted = [...new Set(holds)].sort();
  const taken = await tx.query<{ resource: string }>(
    'insert into saga_holds (resource, saga_id) select resource, $1 from unnest($2::text[]) resource on conflict do nothing returning resource',
    [sagaId, wanted],
  );
  const got = new Set(taken.map((row) => row.resource));
  const busy = wanted.find((resource) => !got.has(resource));
  if (busy !== undefined) throw new ResourceBusyError(busy);
}
