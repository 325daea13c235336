import { AuditLog, type AuditContext } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { traceparent } from '#libs/observability';
import { Inject, Injectable } from '@nestjs/common';
import { GroupCommit } from '../run/shared-commits';
import { TooManySagasError } from '../saga.error';
import { ACCEPT, LOCK_TENANTS } from './accept.sql';

/** A start that was judged and may be accepted. */
export interface AcceptableStart {
  readonly kind: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly tenantId: string | null;
  readonly steps: readonly string[];
  /** Each once. */
  readonly holds: readonly string[];
  readonly key: { readonly scope: string; readonly name: string; readonly bodyHash: string } | null;
  readonly because: AuditContext;
  readonly details?: Readonly<Record<string, unknown>>;
}

type Started = AcceptableStart & { readonly traceparent: string | undefined };

/** Something that the start needs is another's already: a hold, or its key. Nothing was written. */
export class StartConflict extends Error {}

/** Writes accepted starts with their audit entries. Those that come together share a commit. */
@Injectable()
export class SagaStartWriter {
  private readonly commits = new GroupCommit<Started, string>((batch) => this.acceptAll(batch));

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Answers the saga's id once it is durable. Rejects with `StartConflict`, and with `TooManySagasError` when the tenant has no room for it. */
  accept(start: AcceptableStart): Promise<string> {
    return this.commits.add({ ...start, traceparent: traceparent() }); // now: the commit may be another request's
  }

  /** Together if nothing stands in the way; otherwise one by one, so that only the one in conflict is refused. */
  private async acceptAll(batch: readonly Started[]): Promise<(string | Error)[]> {
    try {
      return await this.write(batch);
    } catch (error) {
      if (!(error instanceof StartConflict)) throw error;
      if (batch.length === 1) return [error];
    }
    const outcomes: (string | Error)[] = [];
    for (const start of batch) outcomes.push(...(await this.acceptAll([start])));
    return outcomes;
  }

  /** One tenant must not take all the provider's calls (TEN-6): a start that it has no room for is answered with the error, the others are written. */
  private write(batch: readonly Started[]): Promise<(string | Error)[]> {
    const most = this.config.saga.openPerTenant;
    return this.database.transaction(async (tx) => {
      await lockTenants(tx, batch);
      const rows = await tx.prepared<{ id: string | null; taken: number }>('saga_accept', ACCEPT, [JSON.stringify(batch.map(asRow)), most]);
      const written = batch.flatMap((start, nr) => {
        const { id = null, taken = 0 } = rows[nr] ?? {};
        return id === null ? [] : [{ ...start, id, taken }];
      });
      if (written.some(({ holds, key, taken }) => taken !== holds.length + (key ? 1 : 0))) throw new StartConflict();
      await this.audit.record(
        tx,
        written.map(({ id, kind, because, details }) => ({
          ...because,
          action: 'saga_started',
          target: { type: 'saga', id },
          details: { kind, ...details },
        })),
      );
      return rows.map(({ id }) => id ?? new TooManySagasError(most));
    });
  }
}

/** The platform's own sagas have no limit and wait for no lock. */
async function lockTenants(tx: Queryable, batch: readonly Started[]): Promise<void> {
  const tenants = batch.flatMap(({ tenantId }) => (tenantId === null ? [] : [tenantId]));
  if (tenants.length > 0) await tx.prepared('saga_lock_tenants', LOCK_TENANTS, [tenants]);
}

function asRow({ kind, input, tenantId, steps, holds, key, because, traceparent: trace }: Started, nr: number) {
  const named = key && { scope: key.scope, key: key.name, body_hash: key.bodyHash };
  return { nr, kind, input, tenant_id: tenantId, steps, holds, created_by: because.by.sub, traceparent: trace, ...named };
}
