import type { Queryable } from '#libs/database';
import type { DomainError } from '#libs/kernel';
import type { AcceptanceGuard, GuardedStart, Judgement } from '#libs/saga';
import { OrdersBlockedError, TENANT_RIGHTS, TenantNotActiveError, TenantNotRegisteredError, type TenantStatus } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { TenantLimitsGuard } from './tenant-limits.guard';

/** Kinds that create or enlarge something. Blocked orders refuse these only: a tenant can still destroy, restart and change DNS. */
const ORDERS = ['provision_droplet', 'resize_droplet', 'snapshot_droplet'];

interface Standing {
  readonly id: string;
  readonly status: TenantStatus;
  readonly ordersBlockedReason: string | null;
}

/** Set-based: the standing of all owners of a batch. The caller has locked their starts, as a change of status does. $1 tenants. */
const STANDINGS = `select id, status, orders_blocked_reason as "ordersBlockedReason" from tenants where id = any ($1::text[])`;

/** Judges starts by the status of the tenant whose things they work on; what passes is judged by its limits. [TNT-1] */
@Injectable()
export class TenantStatusGuard implements AcceptanceGuard {
  constructor(private readonly limits: TenantLimitsGuard) {}

  async judgeAll(starts: readonly GuardedStart[], transaction: Queryable): Promise<readonly Judgement[]> {
    const owners = [...new Set(starts.flatMap(({ ownerId }) => ownerId ?? []))];
    const rows = await transaction.prepared<Standing>('tenant_standings', STANDINGS, [owners]);
    const standings = new Map(rows.map((row) => [row.id, row]));
    const refusals = starts.map((start) => (start.ownerId === null ? undefined : refusalOf(start, standings.get(start.ownerId))));
    const setAside = (nr: number) => starts[nr]?.override === true && starts[nr].tenantId === null;
    const passed = starts.filter((_start, nr) => !refusals[nr] || setAside(nr));
    const judged = passed.length === 0 ? [] : await this.limits.judgeAll(passed, transaction);
    return starts.map((start, nr): Judgement => {
      const refusal = refusals[nr];
      const judgement = judged[passed.indexOf(start)] ?? { limits: [] };
      if (!refusal) return judgement;
      return setAside(nr) ? { ...judgement, overridden: [refusal.code, ...(judgement.overridden ?? [])] } : { limits: [], refusal };
    });
  }
}

/** Why the status of its owner refuses a start. An admin may set it aside with an override and a reason. */
export function refusalOf({ kind, ownerId, tenantId }: GuardedStart, standing: Standing | undefined): DomainError | undefined {
  const id = ownerId ?? '';
  if (!standing) return new TenantNotRegisteredError(id);
  const { status, ordersBlockedReason } = standing;
  const byAdmin = tenantId === null ? '; an admin starts it with override: true and a reason' : '';
  if (!TENANT_RIGHTS[status].starts) return new TenantNotActiveError(id, status, `nothing new starts for it${byAdmin}`);
  if (ordersBlockedReason !== null && ORDERS.includes(kind)) return new OrdersBlockedError(id, ordersBlockedReason);
  return undefined;
}
