/** The caller as its token describes it. A tenant always has a `tenantId`, a platform admin never, also with a tenant claim. */
export interface Principal {
  /** The token's `sub`, recorded in the audit log. */
  readonly sub: string;
  readonly role: 'platform_admin' | 'tenant';
  readonly tenantId?: string;
}

/** The rows that a reader may see. Every read of a feature requires a scope. */
export type Scope = { readonly kind: 'platform' } | { readonly kind: 'tenant'; readonly tenantId: string };

/** The rows that `principal` may see: all, or those of one tenant. A tenant without an id is refused, never widened. [TEN-2] */
export function scopeOf(principal: Principal): Scope {
  if (principal.role === 'platform_admin') return { kind: 'platform' };
  if (!principal.tenantId) throw new TypeError('a tenant principal has no tenant id');
  return { kind: 'tenant', tenantId: principal.tenantId };
}

const MAX_TENANT_ID_LENGTH = 200;

/** No control character (PostgreSQL refuses NUL), no half of a surrogate pair (UTF-8 would merge two ids), no outer white space. */
const TENANT_ID = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u;

/**
 * True for text that can be the id of a tenant: 1 to 200 characters. Ids are compared exactly (no trimming, no folding of Unicode or case),
 * so that two spellings are always two tenants. The main application creates tenants; this service knows their ids only.
 */
export function isTenantId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TENANT_ID_LENGTH && TENANT_ID.test(value);
}
