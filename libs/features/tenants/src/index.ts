export {
  DEFAULT_LIMITS,
  effectiveLimits,
  LIMIT_NAMES,
  TenantLimits,
  type LimitName,
  type Limits,
  type TenantLimitsView,
} from './limits/tenant-limits';
export { TENANT_RIGHTS, TENANT_STATUSES, type TenantRights, type TenantStatus } from './tenant.states';
export { TENANT_SORTS, TenantRegistry, type TenantFilters, type TenantSort, type TenantStanding, type TenantView } from './tenant-registry';
export { TenantUsage, type PricedUsage, type Usage } from './tenant-usage';
export { TenantWriter, type NewTenant, type StatusPreview, type TenantChange } from './tenant-writer';
export {
  OrdersBlockedError,
  TenantClosedError,
  TenantExistsError,
  TenantNotActiveError,
  TenantNotEmptyError,
  TenantNotFoundError,
  TenantNotRegisteredError,
  UnknownTenantError,
} from './tenants.errors';
export { TenantsModule } from './tenants.module';
