import { Injectable } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer } from '#libs/kernel';
import { SagaControls, SagaReader, SagaRegistry, SagaStarter, UnknownSagaKindError, type SagaPlan, type SagaView } from '#libs/saga';
import { DocumentedInputPipe } from '../requests/documented-input.pipe';
import { SagaWakeup } from './saga-bell';
import type { SagaBody } from './saga.body';
import type { SagasQuery } from './sagas.query';

/** Sagas that people ask for: written down first, then a worker is woken. */
@Injectable()
export class SagaRequests {
  constructor(
    private readonly starts: SagaStarter,
    private readonly controls: SagaControls,
    private readonly reader: SagaReader,
    private readonly registry: SagaRegistry,
    private readonly pipe: DocumentedInputPipe,
    private readonly bell: SagaWakeup,
  ) {}

  async plan(by: Principal, { kind, input }: SagaBody): Promise<{ kind: string } & SagaPlan> {
    return { kind, ...(await this.starts.plan({ kind, input: this.checked(kind, input), tenantId: tenantOf(by) })) };
  }

  async start(by: Principal, { kind, input }: SagaBody, because: AuditContext, idempotencyKey?: string): Promise<SagaView> {
    const id = await this.starts.start({ kind, input: this.checked(kind, input), tenantId: tenantOf(by), idempotencyKey, because });
    await this.bell.ring();
    return this.reader.get(scopeOf(by), id);
  }

  async cancel(by: Principal, id: string, because: AuditContext): Promise<SagaView> {
    await this.controls.cancel(scopeOf(by), id, because);
    await this.bell.ring();
    return this.reader.get(scopeOf(by), id);
  }

  async retry(by: Principal, id: string, because: AuditContext): Promise<SagaView> {
    await this.controls.retry(scopeOf(by), id, because);
    await this.bell.ring();
    return this.reader.get(scopeOf(by), id);
  }

  async release(by: Principal, id: string, because: AuditContext): Promise<SagaView> {
    await this.controls.releaseHolds(scopeOf(by), id, because);
    return this.reader.get(scopeOf(by), id);
  }

  get(by: Principal, id: string): Promise<SagaView> {
    return this.reader.get(scopeOf(by), id);
  }

  /** Runs are read as they are at the time of the question: nothing about them has to be listed first. */
  async list(by: Principal, { status, kind, limit, cursor }: SagasQuery): Promise<ListAnswer<SagaView>> {
    const asOf = new Date().toISOString();
    const found = await this.reader.list(scopeOf(by), { status, kind }, limit, decodeCursor(cursor, UUID_KEY));
    const { shown, next_cursor } = pageOf(found, limit, ({ id }) => id);
    return { data: shown, page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /** By the rules of its kind, before anything else is looked at. */
  private checked(kind: string, input: Record<string, unknown>): Record<string, unknown> {
    const { input: metatype, internal } = this.registry.get(kind);
    if (internal) throw new UnknownSagaKindError(kind);
    try {
      return { ...(this.pipe.transform(input, { type: 'body', metatype }) as Record<string, unknown>) };
    } catch (error) {
      if (!(error instanceof ValidationFailedError)) throw error;
      throw new ValidationFailedError(error.errors.map(({ field, message }) => ({ field: `input.${field}`, message })));
    }
  }
}

const tenantOf = (by: Principal): string | null => {
  const scope = scopeOf(by);
  return scope.kind === 'tenant' ? scope.tenantId : null;
};
