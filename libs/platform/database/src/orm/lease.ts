import type { EntityManager, FindOptionsWhere, ObjectLiteral, QueryDeepPartialEntity, Repository, UpdateQueryBuilder } from 'typeorm';

/** New values of a row; functions return SQL, which may name the parameters of the same call. */
export interface LeaseChange<E> {
  readonly set?: QueryDeepPartialEntity<E>;
  readonly parameters?: ObjectLiteral;
}

export interface LeaseClaim<E> extends LeaseChange<E> {
  /** Which row to claim, in SQL on the columns of the table. It includes `free`, and selects one row at most. */
  readonly where: string;
  /** Columns of the row that the claimer needs, besides the lease. */
  readonly returning?: readonly string[];
}

/**
 * A claim on a row that ends by itself, so that a killed process blocks no other one for long. One column has the end of the claim by the
 * clock of the database. The end as PostgreSQL writes it, with its microseconds, identifies the claim: a process that lost it changes
 * nothing.
 */
export class Lease<E extends ObjectLiteral> {
  /** `property`: the property with the end of the claim; null when no process has one. */
  constructor(
    private readonly rows: Repository<E>,
    private readonly property: keyof E & string,
    private readonly lengthMs: number,
  ) {}

  /** SQL: no claim on the row, or one that has ended. */
  free(alias?: string): string {
    const column = this.column(alias);
    return `(${column} is null or ${column} <= clock_timestamp())`;
  }

  /** SQL: the claim that the parameter `lease` identifies is still the last one. */
  mine(alias?: string): string {
    return `${this.column(alias)} = :lease::timestamptz`;
  }

  /** Undefined when no row can be claimed. */
  async claim<R = object>({ where, returning = [], set, parameters = {} }: LeaseClaim<E>): Promise<(R & { lease: string }) | undefined> {
    const { raw } = await this.update(this.rows, { ...set, ...this.renewed() })
      .where(where, parameters)
      .returning([...returning, this.token()].join(', '))
      .execute();
    return (raw as (R & { lease: string })[])[0];
  }

  /** The claim for its whole length again. Undefined when another process has claimed the row. */
  async renew(key: FindOptionsWhere<E>, lease: string): Promise<string | undefined> {
    const { raw } = await this.update(this.rows, this.renewed())
      .where(key)
      .andWhere(this.mine(), { lease })
      .returning(this.token())
      .execute();
    return (raw as { lease: string }[])[0]?.lease;
  }

  /** Ends the claim and makes a change with it. False, and no change, when another process has claimed the row. */
  async release(
    key: FindOptionsWhere<E>,
    lease: string,
    { set, parameters = {} }: LeaseChange<E> = {},
    em?: EntityManager,
  ): Promise<boolean> {
    const rows = em?.getRepository<E>(this.rows.target) ?? this.rows;
    const { affected } = await this.update(rows, { ...set, [this.property]: null })
      .where(key)
      .andWhere(this.mine(), { ...parameters, lease })
      .execute();
    return affected === 1;
  }

  private update(rows: Repository<E>, values: object): UpdateQueryBuilder<E> {
    return rows.createQueryBuilder().update().set(values);
  }

  private renewed(): object {
    return { [this.property]: () => `clock_timestamp() + ${this.lengthMs} * interval '1 millisecond'` };
  }

  private token(): string {
    return `${this.column()}::text as lease`;
  }

  private column(alias?: string): string {
    const name = this.rows.metadata.findColumnWithPropertyName(this.property)?.databaseName;
    if (name === undefined) throw new Error(`${this.rows.metadata.name} has no property ${this.property}`);
    return alias === undefined ? name : `${alias}.${name}`;
  }
}
