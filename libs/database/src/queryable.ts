/** Something that runs SQL: the pool, or one transaction. `bigint` and `numeric` arrive as text, `timestamptz` as Date. */
export interface Queryable {
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** A statement that is planned once per connection: for hot paths. The same name must always carry the same text. */
  prepared<R>(name: string, text: string, values?: readonly unknown[]): Promise<R[]>;
}
