export type Statement = { readonly name?: string; readonly text: string; readonly values?: readonly unknown[] };

/** Something that runs SQL: the pool, or one transaction. `bigint` and `numeric` arrive as text, `timestamptz` as Date. */
export interface Queryable {
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** A statement that is planned once per connection: for hot paths. The same name must always carry the same text. */
  prepared<R>(name: string, text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Fields stay as PostgreSQL writes them, text or null: for long lists, where a Date or a number of each costs as much as everything else. */
  texts<R extends Readonly<Record<keyof R, string | null>>>(statement: Statement): Promise<R[]>;
}
