import { Injectable } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError } from '#libs/kernel';
import { WakeupService } from '#libs/queues';
import { SagaControls, SagaReader, SagaRegistry, SagaStarter, UnknownSagaKindError, type SagaPlan } from '#libs/saga';
import type { ListOf } from '../http/http.dto';
import { InputValidationPipe } from '../http/validation.pipe';
import type { SagaBody, SagaResponse, SagasQuery } from './sagas.dto';

/** Sagas in the scope of their caller. Each change is committed first; then a worker is woken. */
@Injectable()
export class SagasService {
  constructor(
    private readonly starter: SagaStarter,
    private readonly controls: SagaControls,
    private readonly reader: SagaReader,
    private readonly registry: SagaRegistry,
    private readonly validation: InputValidationPipe,
    private readonly wakeups: WakeupService,
  ) {}

  async plan(by: Principal, { kind, input }: SagaBody): Promise<{ kind: string } & SagaPlan> {
    return { kind, ...(await this.starter.plan({ kind, input: await this.validInput(kind, input), tenantId: tenantOf(by) })) };
  }

  async start(by: Principal, { kind, input }: SagaBody, because: AuditContext, idempotencyKey?: string): Promise<SagaResponse> {
    const valid = await this.validInput(kind, input);
    const id = await this.starter.start({ kind, input: valid, tenantId: tenantOf(by), idempotencyKey, because });
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async cancel(by: Principal, id: string, context: AuditContext): Promise<SagaResponse> {
    await this.controls.cancel(scopeOf(by), id, context);
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async retry(by: Principal, id: string, context: AuditContext): Promise<SagaResponse> {
    await this.controls.retry(scopeOf(by), id, context);
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async releaseHolds(by: Principal, id: string, context: AuditContext): Promise<SagaResponse> {
    await this.controls.releaseHolds(scopeOf(by), id, context);
    return this.get(by, id);
  }

  get(by: Principal, id: string): Promise<SagaResponse> {
    return this.reader.get(scopeOf(by), id);
  }

  /** A list of sagas is always current: it does not depend on a sweep. */
  async list(by: Principal, { status, kind, limit, cursor }: SagasQuery): Promise<ListOf<SagaResponse>> {
    const asOf = new Date().toISOString();
    const found = await this.reader.list(scopeOf(by), { status, kind }, limit, decodeCursor(cursor, UUID_KEY));
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => id);
    return { data: items, page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /** Validates the input by the class of its saga kind, before any other check of a start. */
  private async validInput(kind: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { input: metatype, internal } = this.registry.get(kind);
    if (internal) throw new UnknownSagaKindError(kind);
    try {
      return { ...((await this.validation.transform(input, { type: 'body', metatype })) as Record<string, unknown>) };
    } catch (error) {
      if (!(error instanceof ValidationFailedError)) throw error;
      throw new ValidationFailedError(error.errors.map(({ field, message }) => ({ field: `input.${field}`, message })));
    }
  }
}

function tenantOf(by: Principal): string | null {
  const scope = scopeOf(by);
  return scope.kind === 'tenant' ? scope.tenantId : null;
}
