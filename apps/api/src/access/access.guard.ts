import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { DomainError } from '#libs/kernel';
import { GuardianStrategy, UnauthenticatedError } from '#libs/identity';
import { ACCESS, type Access } from './access';
import { PlatformAdminRequiredError, UndeclaredAccessError } from './access.error';
import { principalOf } from './current-principal';

/** The one global guard. What a handler (or its controller) declares decides: 401 without a valid token, 403 with too little of one. */
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

  /** Called by passport: `failure` holds what the strategy threw (a token without scope), everything else is a token that did not pass. */
  override handleRequest<P>(failure: unknown, principal: P | false | undefined): P {
    if (failure instanceof DomainError) throw failure;
    if (failure) throw failure instanceof Error ? failure : new Error('authentication failed');
    if (!principal) throw new UnauthenticatedError();
    return principal;
  }
}
