import type { Queryable } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import type { AppendOnlyStream } from './chain/append-only-stream';
import { AuditEntry } from './entities/audit-entry.entity';

/** The person or machine identity that made a change: the part of a principal that the log keeps. */
export interface Actor {
  readonly sub: string;
  readonly role: string;
  readonly tenantId?: string;
}

/**
 * One change made by a person. `details` describes the change and never contains a secret. The log finds an entry by the tenants in its details:
 * `tenant_id`, `previous_tenant_id`, and `tenant_ids` for a change of more.
 */
export interface AuditedChange {
  /** The id of the entry, for a change that refers to it. By default the database gives one. */
  readonly id?: string;
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

/** Filters of the log; an entry must match all that are given. */
export interface AuditFilters {
  readonly actor?: string;
  readonly actions?: readonly string[];
  readonly target_type?: string;
  readonly target_id?: string;
  /** Entries by a user of this tenant, or about something that this tenant owns, gets or loses, alone or with others. */
  readonly tenant_id?: string;
  readonly request_id?: string;
  /** RFC 3339: not before this time, and before that one. */
  readonly since?: string;
  readonly until?: string;
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
    await tx.prepared('audit_record', RECORD, [JSON.stringify([changes].flat().map(auditRow))]);
  }

  /** Newest first. Throws `InvalidCursorError`. */
  async list(filters: AuditFilters, page: PageRequest): Promise<{ entries: AuditView[]; next_cursor: string | null }> {
    const { actor, actions, target_type, target_id, tenant_id, request_id, since, until } = filters;
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.entries.createQueryBuilder('e');
    if (actor !== undefined) query.andWhere('e.actor = :actor', { actor });
    if (actions !== undefined) query.andWhere('e.action = any (:actions)', { actions });
    if (target_type !== undefined) query.andWhere('e.target_type = :target_type', { target_type });
    if (target_id !== undefined) query.andWhere('e.target_id = :target_id', { target_id });
    if (tenant_id !== undefined) query.andWhere(OF_TENANT, { tenant_id });
    if (request_id !== undefined) query.andWhere('e.request_id = :request_id', { request_id });
    if (since !== undefined) query.andWhere('e.at >= :since', { since });
    if (until !== undefined) query.andWhere('e.at < :until', { until });
    if (before !== null) query.andWhere('e.seq < (select b.seq from audit_log b where b.id = :before)', { before });
    const found = await query
      .orderBy('e.seq', 'DESC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(found, page.limit, ({ id }) => id);
    return { entries: items.map(auditView), next_cursor };
  }

  /** The existing entries among `ids`, by id. */
  async findByIds(ids: readonly string[]): Promise<Map<string, AuditView>> {
    if (ids.length === 0) return new Map();
    const found = await this.entries.findBy({ id: In(ids) });
    return new Map(found.map((entry) => [entry.id, auditView(entry)]));
  }

  /** The actions, or the types of targets, of all entries, which another release may have written. */
  async wordsInRows(field: 'action' | 'targetType'): Promise<string[]> {
    const words = this.entries.createQueryBuilder('e').select(`distinct e.${field}`, 'word').orderBy(`e.${field}`);
    return (await words.getRawMany<{ word: string }>()).map(({ word }) => word);
  }
}

/** The entries with many tenants are few and have an index of their own; a condition on the array itself could use none under row security. */
const OF_TENANT = `(e.actor_tenant_id = :tenant_id or e.concerned_tenant = :tenant_id or e.previous_tenant = :tenant_id
  or e.seq = any (array(select m.seq from audit_log m where m.concerned_tenants is not null and :tenant_id = any (m.concerned_tenants))))`;

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

/** A change as a row of `AUDIT_ROW`. */
export const auditRow = ({ id, by, action, target, reason, details = {}, requestId }: AuditedChange) => ({
  id,
  actor: by.sub,
  actor_role: by.role,
  actor_tenant_id: by.tenantId,
  action,
  target_type: target.type,
  target_id: target.id,
  reason,
  details,
  request_id: requestId,
});

/** SQL: the columns of a row of `auditRow` in JSON. */
export const AUDIT_ROW =
  'id uuid, actor text, actor_role text, actor_tenant_id text, action text, target_type text, target_id text, reason text, details jsonb, request_id text';

/** SQL that records the rows of a relation with the columns of `AUDIT_ROW`: for a change that is itself one statement. */
export const recordFrom = (relation: string): string => `
  insert into audit_log (id, actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id)
  select coalesce(id, arcadia_uuid()), actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id from ${relation}`;

/** Set-based: adds all entries of a transaction at once. $1 entries as JSON rows. */
const RECORD = recordFrom(`json_to_recordset($1::json) as e(${AUDIT_ROW})`);
