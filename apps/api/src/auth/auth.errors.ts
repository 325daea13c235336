import { domainError } from '#libs/kernel';

/** A tenant's token was used for a function of platform admins. [TEN-3] */
export class PlatformAdminRequiredError extends domainError('platform_admin_required', 'forbidden', 'Only platform admins may do this') {}

/** A tenant asked for the rows of another tenant by its id. */
export class OtherTenantError extends domainError('other_tenant', 'forbidden', 'A tenant can ask for its own rows only') {}

/** A handler does not declare its access rule. The error ends the boot, so that such a handler is never reachable. */
export class UndeclaredAccessError extends domainError(
  'undeclared_access',
  'internal',
  (handlers: readonly string[]) => `These handlers do not state who may call them: ${handlers.join(', ')}`,
) {}
