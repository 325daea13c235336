import { AuditLog, type AuditContext } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { queryableOf, Transaction } from '#libs/database';
import { isTenantId } from '#libs/identity';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type EntityManager, type Repository } from 'typeorm';
import { TenantLimitsRow } from '../entities/tenant-limits.entity';
import { TenantRegistry } from '../tenant-registry';
import { TenantNotFoundError } from '../tenants.errors';

/** The id of the row that counts for tenants without limits of their own. No tenant can have it. */
export const DEFAULT_LIMITS = 'default';

/** The limits as the API has them. Null means no limit, and prices are decimal text in US dollars a month. */
export interface Limits {
  readonly max_droplets: number | null;
  readonly max_vcpus: number | null;
  readonly max_volume_gib: number | null;
  readonly max_snapshots: number | null;
  readonly max_monthly_cost: string | null;
  readonly allowed_sizes: readonly string[] | null;
  readonly allowed_regions: readonly string[] | null;
  readonly approval_over_monthly: string | null;
  readonly max_destroys_per_hour: number | null;
  readonly unique_names: boolean;
  readonly open_sagas: number | null;
}

export type LimitName = keyof Limits;

/** The limits that apply to a tenant, and where they come from. */
export interface TenantLimitsView extends Limits {
  /** The limits that are those of `default`, and change with them. */
  readonly inherited: readonly LimitName[];
  /** Null for the seeded values. */
  readonly changed_by: string | null;
  readonly changed_at: string | null;
}

/** The limits of `default` before an admin has changed them. `open_sagas` is what the configuration allowed before limits were rows. */
export const seededLimits = (openSagas: number): Limits => ({
  max_droplets: 20,
  max_vcpus: 64,
  max_volume_gib: 2_000,
  max_snapshots: 100,
  max_monthly_cost: '1000.00',
  allowed_sizes: ['s-*', 'c-*', 'g-*', 'm-*'],
  allowed_regions: null,
  approval_over_monthly: '200.00',
  max_destroys_per_hour: 10,
  unique_names: false,
  open_sagas: openSagas,
});

export const LIMIT_NAMES = Object.keys(seededLimits(0)) as LimitName[];

/** The own limits of a tenant where it has some, those of `default` everywhere else. Pure. */
export function effectiveLimits(standard: Limits, own: (Limits & { readonly inherited: readonly string[] }) | null): Limits {
  if (!own) return standard;
  const names = LIMIT_NAMES.map((name) => [name, (own.inherited.includes(name) ? standard : own)[name]] as const);
  return Object.fromEntries(names) as unknown as Limits;
}

/** Who has seeded the row `default`. */
const SERVICE = 'arcadia-cloud';

/** Reads and writes the limits of tenants. What counts against them is known where sagas are accepted. */
@Injectable()
export class TenantLimits {
  constructor(
    private readonly transaction: Transaction,
    private readonly registry: TenantRegistry,
    private readonly audit: AuditLog,
    @InjectRepository(TenantLimitsRow) private readonly rows: Repository<TenantLimitsRow>,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The limits of `default` while there is no row. */
  get seeded(): Limits {
    return seededLimits(this.config.saga.openPerTenant);
  }

  /** The limits that apply to a tenant, or `default`. Throws `TenantNotFoundError`. */
  async get(id: string): Promise<TenantLimitsView> {
    await this.requireTenant(id);
    return this.of(id);
  }

  /** The limits that apply to each of these tenants, by id. */
  async ofAll(ids: readonly string[]): Promise<Map<string, TenantLimitsView>> {
    const rows = await this.rows.findBy({ tenantId: In([DEFAULT_LIMITS, ...ids]) });
    const standard = rows.find(({ tenantId }) => tenantId === DEFAULT_LIMITS);
    const byTenant = new Map(rows.map((row) => [row.tenantId, row]));
    return new Map(ids.map((id) => [id, this.viewOf(standard, byTenant.get(id))]));
  }

  async of(id: string): Promise<TenantLimitsView> {
    const [limits] = (await this.ofAll([id])).values();
    if (!limits) throw new TenantNotFoundError();
    return limits;
  }

  /**
   * Replaces the limits of a tenant: those that are left out become those of `default`, also when that changes later. Of `default` itself,
   * those that are left out stay. What exists already above a lowered limit stays. Throws `TenantNotFoundError`.
   */
  async replace(id: string, given: Partial<Limits>, because: AuditContext): Promise<TenantLimitsView> {
    await this.requireTenant(id);
    await this.transaction.run(async (em) => {
      await this.seed(em);
      const standard = await em.findOneOrFail(TenantLimitsRow, {
        where: { tenantId: DEFAULT_LIMITS },
        lock: { mode: 'pessimistic_write' },
      });
      const before = this.viewOf(standard, (await em.findOneBy(TenantLimitsRow, { tenantId: id })) ?? undefined);
      const limits = { ...limitsOf(standard), ...given };
      const inherited = id === DEFAULT_LIMITS ? [] : LIMIT_NAMES.filter((name) => given[name] === undefined);
      await em.upsert(TenantLimitsRow, rowOf(id, limits, inherited, because.by.sub), ['tenantId']);
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'tenant_limits_changed',
        target: { type: 'tenant', id },
        details: { ...(id !== DEFAULT_LIMITS && { tenant_id: id }), ...changesBetween(before, limits) },
      });
    });
    return this.of(id);
  }

  private async requireTenant(id: string): Promise<void> {
    if (id === DEFAULT_LIMITS) return;
    if (!isTenantId(id)) throw new TenantNotFoundError();
    await this.registry.get(id);
  }

  private async seed(em: EntityManager): Promise<void> {
    const row = rowOf(DEFAULT_LIMITS, this.seeded, [], SERVICE);
    await em.createQueryBuilder().insert().into(TenantLimitsRow).values(row).orIgnore().updateEntity(false).execute();
  }

  private viewOf(standard: TenantLimitsRow | undefined, own: TenantLimitsRow | undefined): TenantLimitsView {
    const general = standard ? limitsOf(standard) : this.seeded;
    const limits = effectiveLimits(general, own ? { ...limitsOf(own), inherited: own.inherited } : null);
    const { changedBy = SERVICE, changedAt } = own ?? standard ?? {};
    const inherited = own ? LIMIT_NAMES.filter((name) => own.inherited.includes(name)) : LIMIT_NAMES; // none of the row `default`
    const isSeeded = changedBy === SERVICE;
    return {
      ...limits,
      inherited,
      changed_by: isSeeded ? null : changedBy,
      changed_at: isSeeded ? null : (changedAt?.toISOString() ?? null),
    };
  }
}

export function limitsOf(row: TenantLimitsRow): Limits {
  return {
    max_droplets: row.maxDroplets,
    max_vcpus: row.maxVcpus,
    max_volume_gib: row.maxVolumeGib,
    max_snapshots: row.maxSnapshots,
    max_monthly_cost: row.maxMonthlyCost,
    allowed_sizes: row.allowedSizes,
    allowed_regions: row.allowedRegions,
    approval_over_monthly: row.approvalOverMonthly,
    max_destroys_per_hour: row.maxDestroysPerHour,
    unique_names: row.uniqueNames,
    open_sagas: row.openSagas,
  };
}

function rowOf(tenantId: string, limits: Limits, inherited: readonly string[], changedBy: string) {
  return {
    tenantId,
    maxDroplets: limits.max_droplets,
    maxVcpus: limits.max_vcpus,
    maxVolumeGib: limits.max_volume_gib,
    maxSnapshots: limits.max_snapshots,
    maxMonthlyCost: limits.max_monthly_cost,
    allowedSizes: limits.allowed_sizes && [...limits.allowed_sizes],
    allowedRegions: limits.allowed_regions && [...limits.allowed_regions],
    approvalOverMonthly: limits.approval_over_monthly,
    maxDestroysPerHour: limits.max_destroys_per_hour,
    uniqueNames: limits.unique_names,
    openSagas: limits.open_sagas,
    inherited: [...inherited],
    changedBy,
    changedAt: () => 'clock_timestamp()',
  };
}

/** The changed limits with their old values as `previous_<limit>`. */
function changesBetween(before: Limits, after: Limits): Record<string, unknown> {
  const changed = LIMIT_NAMES.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(
    changed.flatMap((name) => [
      [name, after[name]],
      [`previous_${name}`, before[name]],
    ]),
  );
}
