/** A table to which rows are only ever added, and whose rows the chain covers. */
export interface ChainedTable {
  /** As digests name it. */
  readonly stream: string;
  readonly table: string;
  /** What of a row is hashed, in canonical form 1: as PostgreSQL sends it in binary to a client that reads UTF-8. */
  readonly columns: string;
  /** Its rows leave by whole months, which are written down. Digests stay. */
  readonly leaves?: true;
}

/** Every chained table. The migrations that made their triggers have the same list of columns; a test compares what comes out. */
export const CHAINED_TABLES: readonly ChainedTable[] = [
  {
    stream: 'events',
    table: 'cloud_resource_events',
    columns: 'seq, id, resource_id, tenant_id, type, source, at, changes, sweep_id',
    leaves: true,
  },
  {
    stream: 'audit',
    table: 'audit_log',
    columns: 'seq, id, at, actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id',
  },
  { stream: 'event_months', table: 'cloud_event_months', columns: 'seq, month, before, events, resources, at, by_whom' },
  { stream: 'event_last_values', table: 'cloud_event_last_values', columns: 'seq, month, resource_id, last_values, at' },
];

/** Bytes of a mark. */
export const MARK_BYTES = 16;

/** The mark of a row, as SQL over its columns. */
export const markOf = ({ columns }: ChainedTable): string => `substr(sha256(record_send(row(${columns}))), 1, ${MARK_BYTES})`;

/** The hash of a link, as SQL over the link `l`, its digest `d` and the hash of the link before. */
export const linkHash = (before: string): string => `sha256(convert_to(json_build_array(l.no, encode(${before}, 'hex'),
  extract(epoch from l.sealed_at), json_build_array(d.id, d.stream, d.form, d.row_count, d.first_seq, d.seqs::text, encode(d.hash, 'hex'),
  extract(epoch from d.last_at), d.xid::text))::text, 'UTF8'))`;

/** Before every number. Those of rows and digests begin at 1, but somebody may have put others there. */
export const LOWEST = String(-(2n ** 63n));
