export { accessToken, type Bearer } from './access-token';
export { PLATFORM_ADMIN_ROLE } from './guardian-claims';
export { bearerToken, GuardianStrategy } from './guardian.strategy';
export {
  guardianKey,
  guardianSession,
  MAX_TOKEN_LENGTH,
  signGuardianToken,
  verifyGuardianToken,
  type GuardianClaims,
  type GuardianSession,
  type TokenChecks,
} from './guardian-token';
export { IdentityModule } from './identity.module';
export { NoScopeError, UnauthenticatedError } from './identity.errors';
export { isTenantId, scopeOf, type Principal, type Scope } from './principal';
