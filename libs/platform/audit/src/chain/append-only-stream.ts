/** A table that only ever gains rows. The library that owns the table declares the stream, and the chain covers its rows. */
export interface AppendOnlyStream {
  /** The stream's name in digests. */
  readonly name: string;
  readonly table: string;
  /**
   * The columns that are hashed, in canonical form 1: the binary form in which PostgreSQL sends them to a client that reads UTF-8.
   * The migration that created the table's trigger has the same list.
   */
  readonly columns: string;
  /**
   * Only for a stream that is archived by whole months: the table (`seq`, `month`, `before`) that lists the archived months.
   * Rows of those months may be missing. Their digests stay.
   */
  readonly archivedMonths?: string;
}

/** The length of a mark. */
export const MARK_BYTES = 16;

/** The mark of a row, as SQL over its columns. */
export const markOf = ({ columns }: AppendOnlyStream): string => `substr(sha256(record_send(row(${columns}))), 1, ${MARK_BYTES})`;

/** The hash of a link, as SQL over the link `l`, its digest `d` and the hash of the previous link. */
export const linkHash = (previous: string): string => `sha256(convert_to(json_build_array(l.no, encode(${previous}, 'hex'),
  extract(epoch from l.sealed_at), json_build_array(d.id, d.stream, d.form, d.row_count, d.first_seq, d.seqs::text, encode(d.hash, 'hex'),
  extract(epoch from d.last_at), d.xid::text))::text, 'UTF8'))`;

/** Below every number. Rows and digests are numbered from 1, but an attacker may have inserted lower numbers. */
export const LOWEST = String(-(2n ** 63n));
