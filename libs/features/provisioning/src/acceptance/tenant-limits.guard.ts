import { CONFIG, type Config } from '#libs/config';
import type { Queryable } from '#libs/database';
import { TooManySagasError, type AcceptanceGuard, type GuardedStart, type Judgement } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';

/** Judges starts by the limits of the tenant whose things they work on. */
@Injectable()
export class TenantLimitsGuard implements AcceptanceGuard {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  async judgeAll(starts: readonly GuardedStart[], transaction: Queryable): Promise<readonly Judgement[]> {
    const tenants = starts.flatMap(({ tenantId }) => tenantId ?? []);
    const rows = await transaction.prepared<{ tenant: string; open: number }>('limits_usage', USAGE, [[...new Set(tenants)]]);
    const open = new Map(rows.map((row) => [row.tenant, row.open]));
    const allowed = this.config.saga.openPerTenant;
    return starts.map(({ tenantId }): Judgement => {
      if (tenantId === null) return { limits: [] };
      const used = open.get(tenantId) ?? 0;
      const limits = [{ limit: 'open_sagas', allowed, used, reserved: 0, requested: 1, ok: used < allowed }];
      if (used >= allowed) return { limits, refusal: new TooManySagasError(allowed) };
      open.set(tenantId, used + 1);
      return { limits };
    });
  }
}

/** The open sagas that each tenant started itself. $1 tenants. Set-based: it counts for a whole batch of starts. */
const USAGE = `
select t.tenant, (select count(*)::int from saga_runs r where r.tenant_id = t.tenant and r.wake_at is not null and not r.by_platform) as open
  from unnest($1::text[]) t(tenant)`;
