import { DomainError } from '#libs/kernel';

/** A function of the platform admin, called with a tenant's token (TEN-3). */
export class PlatformAdminRequiredError extends DomainError {
  readonly code = 'platform_admin_required';
  readonly category = 'forbidden';

  constructor() {
    super('Only platform admins may do this');
  }
}

/** A tenant asked for the rows of another one by name. */
export class OtherTenantError extends DomainError {
  readonly code = 'other_tenant';
  readonly category = 'forbidden';

  constructor() {
    super('A tenant can ask for its own rows only');
  }
}

/** A handler does not state who may call it. Ends the boot: such a handler must not be reachable. */
export class UndeclaredAccessError extends DomainError {
  readonly code = 'undeclared_access';
  readonly category = 'internal';

  constructor(handlers: readonly string[]) {
    super(`These handlers do not state who may call them: ${handlers.join(', ')}`);
  }
}
