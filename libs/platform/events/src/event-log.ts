import type { AppendOnlyStream } from '#libs/audit';
import type { Queryable } from '#libs/database';
import { isUuid } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { NewEvent } from './event-types';

/** The log of events as the chain covers it. */
export const EVENT_LOG_STREAM: AppendOnlyStream = {
  name: 'feed',
  table: 'events',
  columns:
    'seq, id, at, type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data',
};

/**
 * SQL that appends the rows of a relation: for a change that is itself one statement, where a second statement would cost a round trip.
 * The relation has the columns `type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind,
 * resource_id, data`.
 */
export const appendFrom = (relation: string): string => `
  insert into events (type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data)
  select type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data from ${relation}`;

/** The only writer of `events`. An event is appended in the transaction of its change: neither exists without the other. [EVT-1] */
@Injectable()
export class EventLog {
  /** No writer waits for another one: an event gets its number after the commit. */
  async append(tx: Queryable, events: NewEvent | readonly NewEvent[]): Promise<void> {
    const rows = [events].flat().map(eventRow);
    if (rows.length > 0) await tx.prepared('event_append', APPEND, [JSON.stringify(rows)]);
  }
}

/** An event as a row of `EVENT_ROW`. */
export function eventRow({ type, tenantId, actor, source, subject, resourceId, data = {} }: NewEvent) {
  return {
    type,
    tenant_id: tenantId,
    actor: actor?.sub,
    by_platform: actor?.role === 'platform_admin',
    source,
    subject_type: subject.type,
    subject_id: subject.id,
    subject_name: subject.name,
    subject_kind: subject.kind,
    resource_id: resourceId ?? (subject.type === 'resource' && isUuid(subject.id) ? subject.id : undefined),
    data,
  };
}

/** SQL: the columns of a row of `eventRow` in JSON. */
export const EVENT_ROW = `type text, tenant_id text, actor text, by_platform boolean, source text,
    subject_type text, subject_id text, subject_name text, subject_kind text, resource_id uuid, data jsonb`;

/** Set-based: appends all events of a transaction at once. $1 events as JSON rows. */
const APPEND = appendFrom(`json_to_recordset($1::json) as e(${EVENT_ROW})`);
