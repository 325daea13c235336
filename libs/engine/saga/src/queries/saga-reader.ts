import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaNotFoundError } from '../saga.errors';
import { SAGA_COLUMNS, sagaView, type SagaRow, type SagaView } from './saga.view';

export interface SagaFilters {
  readonly status?: string;
  readonly kind?: string;
}

/** Reads sagas in the scope of the caller, by a condition in the statement and by row security. [TEN-4] */
@Injectable()
export class SagaReader {
  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
  ) {}

  /** Newest first, because ids are ordered by time. Returns one saga more than `limit` when there are more. */
  async list(scope: Scope, { status, kind }: SagaFilters, limit: number, beforeId: string | null): Promise<SagaView[]> {
    const rows = await this.inScope(scope, (on) =>
      on.query<SagaRow>(
        `select ${SAGA_COLUMNS} from saga_runs r
          where ($1::text is null or r.tenant_id = $1) and ($2::text is null or r.status = $2) and ($3::text is null or r.kind = $3)
            and ($4::uuid is null or r.id < $4) order by r.id desc limit $5`,
        [tenantOf(scope), status ?? null, kind ?? null, beforeId, limit + 1],
      ),
    );
    return rows.map((row) => this.toView(row));
  }

  /** Throws `SagaNotFoundError`, also for other tenants' sagas. */
  async get(scope: Scope, id: string): Promise<SagaView> {
    const [row] = await this.inScope(scope, (on) =>
      on.query<SagaRow>(`select ${SAGA_COLUMNS} from saga_runs r where r.id = $1 and ($2::text is null or r.tenant_id = $2)`, [
        id,
        tenantOf(scope),
      ]),
    );
    if (!row) throw new SagaNotFoundError();
    return this.toView(row);
  }

  private toView(row: SagaRow): SagaView {
    return sagaView(row, this.registry.redactedInputFields(row.kind));
  }

  private inScope<T>(scope: Scope, work: (on: Queryable) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.database.asTenant(scope.tenantId, work) : work(this.database);
  }
}

const tenantOf = (scope: Scope): string | null => (scope.kind === 'tenant' ? scope.tenantId : null);
