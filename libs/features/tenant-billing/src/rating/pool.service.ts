import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction, type Queryable } from '#libs/database';
import { ValidationFailedError, type FieldError, type ListAnswer } from '#libs/kernel';
import { TenantRegistry, UnknownTenantError } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { BillingPool } from '../entities/billing-pool.entity';
import { firstDay, monthOf } from '../months';
import { CLOSED_TENANTS } from '../rates/price-plan-reader';
import { KEPT, POOLS, type PoolMethod, type PoolName, type PoolRule } from '../pricing/pools';

/** How a pool is split in a month. */
export interface PoolView {
  readonly pool: PoolName;
  readonly method: PoolMethod;
  readonly weights: Readonly<Record<string, number>>;
  /** The month since which it is so; null as installed. */
  readonly valid_from: string | null;
  readonly changed_by: string | null;
}

export interface PoolChange {
  readonly pool: PoolName;
  readonly method: PoolMethod;
  readonly weights?: Readonly<Record<string, number>>;
}

/** Set-based: the rule of every pool in a month, without the weights of tenants that were closed in all of it. $1 first day of the month. */
const RULES = `
select distinct on (p.pool) p.pool, p.method,
       (select coalesce(jsonb_object_agg(w.key, w.value), '{}') from jsonb_each(p.weights) w
         where w.key not in (${CLOSED_TENANTS})) as weights
  from billing_pools p where p.valid_from <= $1::date order by p.pool, p.valid_from desc`;

const MOST_WEIGHT = 1_000_000;

/** Reads and writes how pools are split: the only writer of `billing_pools`. */
@Injectable()
export class PoolService {
  constructor(
    @InjectRepository(BillingPool) private readonly rows: Repository<BillingPool>,
    private readonly transaction: Transaction,
    private readonly tenants: TenantRegistry,
    private readonly audit: AuditLog,
  ) {}

  /** The rules of a month, by pool, in the transaction of a rating. */
  async rulesOf(tx: Queryable, period: string): Promise<Map<PoolName, PoolRule>> {
    const rows = await tx.query<PoolRule & { pool: PoolName }>(RULES, [period]);
    return new Map(rows.map(({ pool, method, weights }) => [pool, { method, weights }]));
  }

  /** All pools as they are in a month. */
  async list(month: string): Promise<ListAnswer<PoolView>> {
    const rows = await this.rows.find({ order: { validFrom: 'ASC' } });
    const counting = new Map(rows.filter(({ validFrom }) => validFrom <= firstDay(month)).map((row) => [row.pool, row]));
    const data = POOLS.map((pool): PoolView => {
      const row = counting.get(pool);
      const { method, weights } = row ?? KEPT;
      return { pool, method, weights, valid_from: row ? monthOf(row.validFrom) : null, changed_by: row?.changedBy ?? null };
    });
    return { data, page: { next_cursor: null }, as_of: null, completeness: {} };
  }

  /** Sets the rules of pools from a month on. Pools that are not named stay. Throws `ValidationFailedError` and `UnknownTenantError`. */
  async set(month: string, changes: readonly PoolChange[], because: AuditContext): Promise<ListAnswer<PoolView>> {
    const problems = changes.flatMap(({ method, weights = {} }, at) => weightProblems(method, weights, `pools.${at}.weights`));
    if (problems.length > 0) throw new ValidationFailedError(problems);
    for (const tenant of changes.flatMap(({ weights = {} }) => Object.keys(weights)))
      if (!(await this.tenants.find(tenant))) throw new UnknownTenantError(tenant, await this.tenants.nearest(tenant));
    await this.transaction.run(async (em) => {
      const before = await this.rulesOf(queryableOf(em), firstDay(month));
      for (const { pool, method, weights = {} } of changes) {
        const row = { pool, validFrom: firstDay(month), method, weights, changedBy: because.by.sub, changedAt: () => 'clock_timestamp()' };
        await em.upsert(BillingPool, row, ['pool', 'validFrom']);
      }
      const pools = changes.map(({ pool, method, weights = {} }) => ({ pool, method, weights, previous: before.get(pool) ?? KEPT }));
      const tenants = [...new Set(pools.flatMap(({ weights, previous }) => [...Object.keys(weights), ...Object.keys(previous.weights)]))];
      const details = { valid_from: month, pools, tenant_ids: tenants.toSorted() };
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'billing_pools_set',
        target: { type: 'billing_pools', id: month },
        details,
      });
    });
    return this.list(month);
  }
}

function weightProblems(method: PoolMethod, weights: Readonly<Record<string, number>>, field: string): FieldError[] {
  const values = Object.values(weights);
  if (method !== 'weighted') return values.length > 0 ? [{ field, message: 'is for the method weighted only' }] : [];
  if (values.length === 0) return [{ field, message: 'is missing: the method weighted needs a weight for each tenant that pays' }];
  const isWeight = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MOST_WEIGHT;
  return values.every(isWeight) ? [] : [{ field, message: `must be whole numbers from 1 to ${MOST_WEIGHT} by tenant` }];
}
