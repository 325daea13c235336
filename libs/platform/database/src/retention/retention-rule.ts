/** What of one table may leave, said by the library that owns the table. */
export interface RetentionRule {
  /** The table, as the log names it. */
  readonly what: string;
  /** A `delete` of at most `$1` rows, oldest or any; repeated until fewer are left. It must skip rows that others hold. */
  readonly remove: string;
  /** From `$2` on. */
  readonly values: readonly unknown[];
}
