import type { Principal } from '#libs/identity';
import type { ResourceFilters } from '#libs/inventory';
import { OtherTenantError } from '../access/access.error';
import type { InventoryQuery } from './inventory.query';

/**
 * The filters of a query. A tenant may name itself, which changes nothing; naming anybody else is refused rather than answered
 * with an empty list. Whose rows are read is decided by the scope alone.
 */
export function filtersFor(
  by: Principal,
  { kind, status, region, project_id, tenant_id, q, updated_since, unattributed }: InventoryQuery,
): ResourceFilters {
  if (by.role === 'tenant' && tenant_id !== undefined && tenant_id !== by.tenantId) throw new OtherTenantError();
  return { kind, status, region, project_id, tenant_id, q, updated_since, unattributed: unattributed === undefined ? undefined : true };
}
