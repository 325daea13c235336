/** Who is asking, as the token says. A tenant always has a `tenantId`, a platform admin never (a tenant claim beside the role is ignored). */
export interface Principal {
  /** The token's `sub`, recorded in the audit log. */
  readonly sub: string;
  readonly role: 'platform_admin' | 'tenant';
  readonly tenantId?: string;
}

/** Which rows a reader may see. Every read of a feature takes one. */
export type Scope = { readonly kind: 'platform' } | { readonly kind: 'tenant'; readonly tenantId: string };

/** The rows that `principal` may see: all, or those of one tenant. A tenant without an id is refused rather than widened (TEN-2). */
export function scopeOf(principal: Principal): Scope {
  if (principal.role === 'platform_admin') return { kind: 'platform' };
  if (!principal.tenantId) throw new TypeError('a tenant principal has no tenant id');
  return { kind: 'tenant', tenantId: principal.tenantId };
}
