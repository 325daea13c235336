export {
  accessToken,
  guardianKey,
  guardianSession,
  MAX_TOKEN_LENGTH,
  PLATFORM_ADMIN_ROLE,
  signGuardianToken,
  verifyGuardianToken,
  type Bearer,
  type GuardianClaims,
  type GuardianSession,
  type TokenChecks,
} from './guardian-token';
export { bearerToken, GuardianStrategy } from './guardian.strategy';
export { IdentityModule } from './guardian.strategy';
export { NoScopeError, UnauthenticatedError } from './identity.errors';
export { isTenantId, scopeOf, type Principal, type Scope } from './principal';
