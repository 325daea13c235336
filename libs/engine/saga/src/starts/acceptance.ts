import { AuditLog, type AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { traceparent } from '#libs/observability';
import { Injectable } from '@nestjs/common';
import { GroupCommit } from '../run/shared-commits';
import { ACCEPT } from './accept.sql';

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
  ) {}

  /** Answers the saga's id once it is durable. Rejects with `StartConflict`. */
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

  private write(batch: readonly Started[]): Promise<string[]> {
    return this.database.transaction(async (tx) => {
      const rows = await tx.prepared<{ id: string; taken: number }>('saga_accept', ACCEPT, [JSON.stringify(batch.map(asRow))]);
      if (batch.some(({ holds, key }, nr) => rows[nr]?.taken !== holds.length + (key ? 1 : 0))) throw new StartConflict();
      const ids = rows.map(({ id }) => id);
      await this.audit.record(
        tx,
        batch.map(({ kind, because, details }, nr) => ({
          ...because,
          action: 'saga_started',
          target: { type: 'saga', id: ids[nr] ?? '' },
          details: { kind, ...details },
        })),
      );
      return ids;
    });
  }
}

function asRow({ kind, input, tenantId, steps, holds, key, because, traceparent: trace }: Started, nr: number) {
  const named = key && { scope: key.scope, key: key.name, body_hash: key.bodyHash };
  return { nr, kind, input, tenant_id: tenantId, steps, holds, created_by: because.by.sub, traceparent: trace, ...named };
}
