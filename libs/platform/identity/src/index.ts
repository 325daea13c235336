export { accessToken, type Bearer } from './access-token';
export { PLATFORM_ADMIN_ROLE } from './guardian-claims';
export { guardianKey } from './guardian-key';
export { bearerToken, GuardianStrategy } from './guardian.strategy';
export {
  guardianSession,
  MAX_TOKEN_LENGTH,
  signGuardianToken,
  verifyGuardianToken,
  type GuardianClaims,
  type GuardianSession,
  type TokenChecks,
} from './guardian-token';
export { IdentityModule } from './identity.module';
export { NoScopeError, UnauthenticatedError } from './identity.error';
export { scopeOf, type Principal, type Scope } from './principal';
export { isTenantId } from './tenant-id';
