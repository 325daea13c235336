import { decodeCursor, nearestWord, pageOf, type Page, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type EntityManager, type Repository } from 'typeorm';
import { Tenant } from './entities/tenant.entity';
import { TENANT_RIGHTS, type TenantStatus } from './tenant.states';
import { TenantNotActiveError, TenantNotFoundError, UnknownTenantError } from './tenants.errors';

/** A tenant as admins see it, without its usage. */
export interface TenantView {
  readonly id: string;
  readonly name: string;
  readonly status: TenantStatus;
  readonly source: 'description' | 'admin';
  readonly contact_email: string | null;
  readonly notes: string | null;
  readonly orders_blocked_reason: string | null;
  readonly created_at: string;
  readonly closed_at: string | null;
}

/** What decides about a request of a tenant. */
export type TenantStanding = Pick<Tenant, 'id' | 'name' | 'status' | 'ordersBlockedReason'>;

/** Filters of the list; a tenant must match all that are given. */
export interface TenantFilters {
  readonly status?: readonly TenantStatus[];
  /** Part of the id, the name, the address or the notes, in any letter case. */
  readonly q?: string;
  readonly sort?: TenantSort;
}

/** The orders of the list; a minus reverses one. */
export const TENANT_SORTS = ['id', '-id', 'name', '-name', 'created_at', '-created_at'] as const;
export type TenantSort = (typeof TENANT_SORTS)[number];

/** The key of each order as SQL, and as its cursor keeps it. Times are microseconds since 1970: a Date would lose digits. */
const SORTS = {
  id: { key: '(t.id)', given: ':value', pattern: /^/ },
  name: { key: '(t.name)', given: ':value', pattern: /^/ },
  created_at: { key: '(extract(epoch from t.created_at) * 1000000)::bigint', given: ':value::bigint', pattern: /^\d{1,18}$/ },
} as const;

const CURSOR = /^[^\0]{1,200}\0[^\0]*$/;

/** How long a process may answer reads by a standing that it has read. Changes always read it anew. */
const STANDING_FRESH_MS = 1_000;
const MOST_STANDINGS = 1_000;

/** Reads the registered tenants. */
@Injectable()
export class TenantRegistry {
  private readonly standings = new Map<string, { readonly standing: TenantStanding | undefined; readonly atMs: number }>();

  constructor(@InjectRepository(Tenant) private readonly tenants: Repository<Tenant>) {}

  async find(id: string): Promise<TenantView | undefined> {
    const tenant = await this.tenants.findOneBy({ id });
    return tenant ? tenantView(tenant) : undefined;
  }

  /** Throws `TenantNotFoundError`. */
  async get(id: string): Promise<TenantView> {
    const tenant = await this.find(id);
    if (!tenant) throw new TenantNotFoundError();
    return tenant;
  }

  async list(page: PageRequest, { status, q, sort = 'id' }: TenantFilters): Promise<Page<TenantView>> {
    const isReverse = sort.startsWith('-');
    const { key, given, pattern } = SORTS[(isReverse ? sort.slice(1) : sort) as keyof typeof SORTS];
    const after = decodeCursor(page.cursor, CURSOR, (keyOfRow) => pattern.test(keyOfRow.split('\0')[1] ?? ''));
    const query = this.tenants.createQueryBuilder('t').addSelect(key, 'sort_key');
    if (status !== undefined) query.andWhere('t.status = any (:status)', { status });
    if (q !== undefined) {
      query.andWhere('(t.id ilike :q or t.name ilike :q or t.contact_email ilike :q or t.notes ilike :q)', {
        q: `%${q.replace(/[\\%_]/g, '\\$&')}%`,
      });
    }
    if (after !== null) {
      const [id, value] = after.split('\0');
      query.andWhere(`(${key}, t.id) ${isReverse ? '<' : '>'} (${given}, :id)`, { id, value });
    }
    const direction = isReverse ? 'DESC' : 'ASC';
    const { entities, raw } = await query
      .orderBy('sort_key', direction)
      .addOrderBy('t.id', direction)
      .limit(page.limit + 1)
      .getRawAndEntities<{ sort_key: string }>();
    const rows = entities.map((tenant, at) => ({ tenant, key: `${tenant.id}\0${raw[at]?.sort_key}` }));
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.key);
    return { items: items.map(({ tenant }) => tenantView(tenant)), next_cursor };
  }

  /** The names of the registered tenants among `ids`. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.tenants.find({ where: { id: In([...new Set(ids)]) }, select: { id: true, name: true } });
    return new Map(found.map(({ id, name }) => [id, name]));
  }

  /** The ids of all tenants, which are as many as the platform has customers. */
  async ids(em: EntityManager = this.tenants.manager): Promise<string[]> {
    return (await em.find(Tenant, { select: { id: true }, order: { id: 'ASC' } })).map(({ id }) => id);
  }

  /**
   * The registered id that a misspelt one most likely means. A transaction passes its manager: with a second connection, transactions that
   * wait for its locks could use up the pool.
   */
  async nearest(id: string, em?: EntityManager): Promise<string | undefined> {
    return nearestWord(id, await this.ids(em));
  }

  /** What decides about a request with a token of this tenant; undefined when it is not registered. `fresh`: as of now. */
  async standingOf(id: string, { fresh }: { readonly fresh: boolean }): Promise<TenantStanding | undefined> {
    const known = this.standings.get(id);
    if (!fresh && known && performance.now() - known.atMs < STANDING_FRESH_MS) return known.standing;
    const atMs = performance.now();
    const found = await this.tenants.findOne({ where: { id }, select: { id: true, name: true, status: true, ordersBlockedReason: true } });
    const standing = found ?? undefined;
    if (this.standings.size >= MOST_STANDINGS) this.standings.clear();
    this.standings.set(id, { standing, atMs });
    return standing;
  }

  /**
   * The tenant may get new things. Its row stays locked until the transaction ends, so that its status cannot change meanwhile.
   * Throws `UnknownTenantError` with the nearest id, and `TenantNotActiveError` for a tenant that leaves or has left. [TNT-1]
   */
  async requireOwner(em: EntityManager, id: string): Promise<TenantView> {
    const tenant = await em.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_read' } });
    if (!tenant) throw new UnknownTenantError(id, await this.nearest(id, em));
    if (!TENANT_RIGHTS[tenant.status].ownsNew)
      throw new TenantNotActiveError(
        id,
        tenant.status,
        'nothing new can be assigned to it: choose another tenant, or make it active first',
      );
    return tenantView(tenant);
  }
}

export function tenantView(tenant: Tenant): TenantView {
  const { id, name, status, source, notes } = tenant;
  return {
    id,
    name,
    status,
    source,
    contact_email: tenant.contactEmail,
    notes,
    orders_blocked_reason: tenant.ordersBlockedReason,
    created_at: tenant.createdAt.toISOString(),
    closed_at: tenant.closedAt?.toISOString() ?? null,
  };
}
