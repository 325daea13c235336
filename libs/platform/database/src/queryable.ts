export type Statement = { readonly name?: string; readonly text: string; readonly values?: readonly unknown[] };

/** Runs SQL on the pool or in one transaction. `bigint` and `numeric` arrive as text, `timestamptz` as Date. */
export interface Queryable {
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** A statement that is planned once per connection, for hot paths. The same name must always have the same text. */
  prepared<R>(name: string, text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Fields stay text or null, as PostgreSQL writes them. For long lists, where parsing each Date and number would double the cost. */
  texts<R extends Readonly<Record<keyof R, string | null>>>(statement: Statement): Promise<R[]>;
}
