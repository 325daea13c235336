import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { DomainError } from '#libs/kernel';
import { GuardianStrategy, UnauthenticatedError } from '#libs/identity';
import { ACCESS, principalOf, type Access } from './access.decorator';
import { PlatformAdminRequiredError, UndeclaredAccessError } from './auth.errors';

/**
 * The global access guard. It applies the rule of the handler or its controller: 401 without a valid token, 403 when the token
 * allows too little.
 */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly guardian: GuardianStrategy,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]);
    if (access === undefined) throw new UndeclaredAccessError([context.getHandler().name]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const known = this.guardian.knownPrincipal(request);
    if (known) request.user = known;
    else await super.canActivate(context);
    if (access === 'platform_admin' && principalOf(context).role !== 'platform_admin') throw new PlatformAdminRequiredError();
    return true;
  }

  /**
   * Passport calls this. `failure` is the error that the strategy threw, e.g. for a token without scope; without one the token
   * is invalid.
   */
  override handleRequest<P>(failure: unknown, principal: P | false | undefined): P {
    if (failure instanceof DomainError) throw failure;
    if (failure) throw failure instanceof Error ? failure : new Error('authentication failed');
    if (!principal) throw new UnauthenticatedError();
    return principal;
  }
}
