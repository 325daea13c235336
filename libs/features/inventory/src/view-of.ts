import { snakeCase } from '#libs/database';

type SnakeCase<Name extends string> = Name extends `${infer Letter}${infer Rest}`
  ? `${Letter extends Lowercase<Letter> ? Letter : `_${Lowercase<Letter>}`}${SnakeCase<Rest>}`
  : '';

/** A row that SQL returns: these fields of an entity, by the names of their columns. */
export type Row<Entity, Field extends keyof Entity> = { readonly [F in Field & string as SnakeCase<F>]: Entity[F] };

/** The same row in the text mode of `Database`. */
export type TextRow<Entity, Field extends keyof Entity> = {
  readonly [F in Field & string as SnakeCase<F>]: null extends Entity[F] ? string | null : string;
};

/** These fields of an entity as the API returns them: by the names of their columns, times in RFC 3339. */
export type View<Entity, Field extends keyof Entity> = { readonly [F in Field & string as SnakeCase<F>]: Written<Entity[F]> };
type Written<Value> = Value extends Date ? string : Value;

/** The names of the fields' columns, for a statement. */
export function columnsOf(fields: readonly string[]): string {
  return fields.map(snakeCase).join(', ');
}

/** These fields of an entity, in this order. */
export function viewOf<Entity, Field extends keyof Entity & string>(
  entity: Pick<Entity, Field>,
  fields: readonly Field[],
): View<Entity, Field> {
  const written = fields.map((field) => {
    const value = entity[field];
    return [snakeCase(field), value instanceof Date ? value.toISOString() : value];
  });
  return Object.fromEntries(written) as View<Entity, Field>;
}
