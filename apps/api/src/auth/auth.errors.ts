import { DomainError } from '#libs/kernel';

/** A tenant's token was used for a function of platform admins. [TEN-3] */
export class PlatformAdminRequiredError extends DomainError {
  readonly code = 'platform_admin_required';
  readonly category = 'forbidden';

  constructor() {
    super('Only platform admins may do this');
  }
}

/** A tenant asked for the rows of another tenant by its id. */
export class OtherTenantError extends DomainError {
  readonly code = 'other_tenant';
  readonly category = 'forbidden';

  constructor() {
    super('A tenant can ask for its own rows only');
  }
}

/** A handler does not declare its access rule. The error ends the boot, so that such a handler is never reachable. */
export class UndeclaredAccessError extends DomainError {
  readonly code = 'undeclared_access';
  readonly category = 'internal';

  constructor(handlers: readonly string[]) {
    super(`These handlers do not state who may call them: ${handlers.join(', ')}`);
  }
}
