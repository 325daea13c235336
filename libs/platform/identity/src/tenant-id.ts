const MAX_LENGTH = 200;

/** No control character (PostgreSQL text refuses NUL), no half of a surrogate pair (two ids would become one in UTF-8), no outer white space. */
const TENANT_ID = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u;

/**
 * True for text that can name a tenant: 1 to 200 characters, compared exactly as written (no trimming, no Unicode folding,
 * no letter case), so that two spellings are always two tenants. Tenants are made elsewhere; this service only knows their ids.
 */
export function isTenantId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LENGTH && TENANT_ID.test(value);
}
