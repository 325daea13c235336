import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import type { AppendOnlyStream } from './chain/append-only-stream';
import { AuditEntry } from './entities/audit-entry.entity';

/** The person or machine identity that made a change: the part of a principal that the log keeps. */
export interface Actor {
  readonly sub: string;
  readonly role: string;
  readonly tenantId?: string;
}

/** One change made by a person. `details` describes the change and never contains a secret. */
export interface AuditedChange {
  readonly by: Actor;
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly reason?: string;
  readonly requestId?: string;
  readonly details?: Record<string, unknown>;
}

/** Actor, reason and request id of a change, passed from the API down to the change. */
export type AuditContext = Pick<AuditedChange, 'by' | 'reason' | 'requestId'>;

/** An entry as the API returns it. */
export interface AuditView {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly actor_role: string;
  readonly actor_tenant_id: string | null;
  readonly action: string;
  readonly target_type: string;
  readonly target_id: string;
  readonly reason: string | null;
  readonly details: Record<string, unknown>;
  readonly request_id: string | null;
}

/** The audit log as the chain covers it. */
export const AUDIT_LOG_STREAM: AppendOnlyStream = {
  name: 'audit',
  table: 'audit_log',
  columns: 'seq, id, at, actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id',
};

/** The only writer of `audit_log`. An entry is added in the transaction of its change: no change exists without its entry. [OPS-9] */
@Injectable()
export class AuditLog {
  constructor(@InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>) {}

  async record(tx: Queryable, changes: AuditedChange | readonly AuditedChange[]): Promise<void> {
    const rows = [changes].flat().map(({ by, action, target, reason, details = {}, requestId }) => ({
      actor: by.sub,
      actor_role: by.role,
      actor_tenant_id: by.tenantId,
      action,
      target_type: target.type,
      target_id: target.id,
      reason,
      details,
      request_id: requestId,
    }));
    await tx.prepared('audit_record', RECORD, [JSON.stringify(rows)]);
  }

  /** Newest first, before the entry numbered `beforeSeq`. `nextSeq` is the `beforeSeq` of the next page, null on the last page. */
  async list(limit: number, beforeSeq?: string): Promise<{ entries: AuditView[]; nextSeq: string | null }> {
    const where = beforeSeq === undefined ? {} : { seq: LessThan(beforeSeq) };
    const found = await this.entries.find({ where, order: { seq: 'DESC' }, take: limit + 1 });
    const page = found.slice(0, limit);
    return { entries: page.map(auditView), nextSeq: found.length > limit ? (page.at(-1)?.seq ?? null) : null };
  }
}

function auditView(entry: AuditEntry): AuditView {
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    actor: entry.actor,
    actor_role: entry.actorRole,
    actor_tenant_id: entry.actorTenantId,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    reason: entry.reason,
    details: entry.details,
    request_id: entry.requestId,
  };
}

/** Set-based: adds all entries of a transaction at once. Measured: every start of a saga adds one. */
const RECORD = `
insert into audit_log (actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id)
select * from json_to_recordset($1::json) as e(actor text, actor_role text, actor_tenant_id text, action text, target_type text, target_id text,
  reason text, details jsonb, request_id text)`;
