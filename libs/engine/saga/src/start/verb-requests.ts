import { createHash } from 'node:crypto';
import type { AuditContext } from '#libs/audit';
import { canonicalJson, ValidationFailedError, type Json } from '#libs/kernel';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { IsNull, type EntityManager } from 'typeorm';
import type { StepDefinition } from '../definition/saga-definition';
import type { SagaRegistry } from '../definition/saga-registry';
import type { Fields } from '../definition/step-answer';
import { SagaApproval } from '../entities/saga-approval.entity';
import { SagaIdempotencyKey } from '../entities/saga-idempotency-key.entity';
import type { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { IdempotencyKeyReusedError, VerbNotAllowedError, VersionMovedError } from '../saga.errors';
import { refusalOf, type SagaFacts, type SagaVerb } from './verb-table';

/** What every verb of a person may state. */
export interface VerbOptions {
  /** The version that the person has read. The verb is refused when the saga has another one. */
  readonly expectedVersion?: number;
  /** A repeated request with the same key changes nothing. [SAG-17] */
  readonly idempotencyKey?: string;
}

export interface VerbRequest extends VerbOptions {
  readonly id: string;
  readonly because: AuditContext;
}

/** The keys of verbs are those of the platform's starts: one key is one request. */
const SCOPE = 'platform';

/**
 * Takes the idempotency key in the transaction of the verb. Returns the saga of an earlier request with the same key and body, or undefined for
 * the first one. A concurrent request with the key waits for the end of this transaction. Throws `IdempotencyKeyReusedError`.
 */
export async function takeKey(
  em: EntityManager,
  verb: SagaVerb,
  request: Pick<VerbRequest, 'id' | 'idempotencyKey'>,
  body: object,
  sagaId = request.id,
): Promise<string | undefined> {
  const { id, idempotencyKey: key } = request;
  if (key === undefined) return undefined;
  const insert = em.createQueryBuilder().insert().into(SagaIdempotencyKey).orIgnore().returning('key').updateEntity(false);
  const { raw } = await insert.values({ scope: SCOPE, key, bodyHash: hashOf(verb, id, body), sagaId }).execute();
  return (raw as unknown[]).length > 0 ? undefined : findKey(em, verb, request, body);
}

/** The saga of an earlier request with the key and body. Throws `IdempotencyKeyReusedError` for another body. */
export async function findKey(
  em: EntityManager,
  verb: SagaVerb,
  { id, idempotencyKey: key }: Pick<VerbRequest, 'id' | 'idempotencyKey'>,
  body: object,
): Promise<string | undefined> {
  const known = key === undefined ? null : await em.findOneBy(SagaIdempotencyKey, { scope: SCOPE, key });
  if (known && known.bodyHash !== hashOf(verb, id, body)) throw new IdempotencyKeyReusedError();
  return known?.sagaId;
}

const hashOf = (verb: SagaVerb, id: string, body: object): string =>
  createHash('sha256')
    .update(canonicalJson({ verb, id, body: body as Json }))
    .digest('hex');

/** Throws `VersionMovedError`. */
export function assertVersion({ version }: SagaRun, { expectedVersion }: VerbOptions): void {
  if (expectedVersion !== undefined && expectedVersion !== version) throw new VersionMovedError(version);
}

/** Throws `VerbNotAllowedError`. */
export function assertAllowed(verb: SagaVerb, facts: SagaFacts): void {
  const refusal = refusalOf(verb, facts);
  if (refusal !== undefined) throw new VerbNotAllowedError(verb, refusal);
}

/** Reads what the table of verbs needs to know of a run. */
export async function readFacts(em: EntityManager, registry: SagaRegistry, run: SagaRun): Promise<SagaFacts> {
  const line = await em.findOneBy(SagaStep, { sagaId: run.id, stepIdx: run.stepIdx });
  const approval = await em.findOneBy(SagaApproval, { sagaId: run.id, decision: IsNull() });
  const known = line && {
    status: line.status,
    hasError: line.error !== null,
    hasIntent: line.intent !== null,
    compensationAttempts: line.compensationAttempts,
  };
  return factsOf(registry, run, known ?? undefined, approval?.subject ?? null);
}

/** Pure. */
export function factsOf(registry: SagaRegistry, run: SagaRun, line: SagaFacts['line'], undecided: SagaFacts['undecided']): SagaFacts {
  const step = registry.step(run.kind, run.steps[run.stepIdx] ?? '');
  return {
    status: run.status,
    isPaused: run.pausedAt !== null,
    isLeased: run.leased,
    pivotPassed: run.pivotPassed,
    line,
    step: step && {
      pivot: step.pivot === true,
      skippable: step.skippable ?? null,
      isCheckable: step.checkOutput !== undefined && step.outputSchema !== undefined,
    },
    undecided,
    isInternal: registry.isInternal(run.kind),
  };
}

/** The output that a person gives, checked by the schema of the step where it has one. Throws `ValidationFailedError`. Pure. */
export function validOutput({ outputSchema }: StepDefinition, output: Fields): Fields {
  if (!outputSchema) return output;
  const found = validateSync(plainToInstance(outputSchema, output), { whitelist: true, forbidNonWhitelisted: true });
  if (found.length === 0) return output;
  throw new ValidationFailedError(
    found.map(({ property, constraints = {} }) => ({ field: `output.${property}`, message: Object.values(constraints).join('; ') })),
  );
}
