import { snakeCase, TenantTransaction, Transaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { In, type EntityManager, type EntityTarget } from 'typeorm';
import { TenantInvoice } from '../entities/tenant-invoice.entity';

/** Rows of tenants that are listed by their id, which rises with time. */
interface OwnedRow {
  readonly id: string;
  readonly tenantId: string;
}

/** Lists rows of money in the scope of the caller: a tenant gets its own, twice narrowed, by the statement and by row security. [TBL-7] */
@Injectable()
export class ScopedLists {
  constructor(
    private readonly transaction: Transaction,
    private readonly tenantTransaction: TenantTransaction,
  ) {}

  /** Newest first. Filters are fields of the rows in snake case; an undefined one narrows nothing. Throws `InvalidCursorError`. */
  async list<R extends OwnedRow, V>(
    scope: Scope,
    of: EntityTarget<R>,
    page: PageRequest,
    filters: object,
    viewsOf: (rows: R[], em: EntityManager) => V[] | Promise<V[]>,
  ): Promise<ListAnswer<V>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    return this.inScope(scope, async (em) => {
      const query = em.createQueryBuilder(of, 'r').orderBy('r.id', 'DESC');
      const properties = new Map(em.connection.getMetadata(of).columns.map(({ propertyName }) => [snakeCase(propertyName), propertyName]));
      for (const [field, value] of Object.entries(filters))
        if (value !== undefined) query.andWhere(`r.${properties.get(field)} = :${field}`, { [field]: value as unknown });
      if (scope.kind === 'tenant') query.andWhere('r.tenantId = :own', { own: scope.tenantId });
      if (before !== null) query.andWhere('r.id < :before', { before });
      const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
      return { data: await viewsOf(items, em), page: { next_cursor }, as_of: null, completeness: {} };
    });
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.tenantTransaction.run(scope.tenantId, work) : this.transaction.run(work);
  }
}

/** Numbers of invoices by their ids. */
export type InvoiceNumbers = ReadonlyMap<string, string | null>;

/** The numbers of the invoices that rows of money name, so that people read a number and not an id. */
export async function invoiceNumbers(em: EntityManager, rows: readonly { readonly invoiceId: string | null }[]): Promise<InvoiceNumbers> {
  const ids = [...new Set(rows.flatMap(({ invoiceId }) => invoiceId ?? []))];
  const found = ids.length === 0 ? [] : await em.find(TenantInvoice, { select: { id: true, number: true }, where: { id: In(ids) } });
  return new Map(found.map(({ id, number }) => [id, number]));
}
