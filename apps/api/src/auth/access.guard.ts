import { Injectable, RequestMethod, type ExecutionContext, type OnModuleInit, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { GuardianStrategy, UnauthenticatedError } from '#libs/identity';
import { DomainError } from '#libs/kernel';
import { ACCESS, principalOf, type Access } from './access.decorator';
import { PlatformAdminRequiredError, UndeclaredAccessError } from './auth.errors';
import { SessionCookie } from './session-cookie';

/**
 * The global access guard. It applies the rule of the handler or its controller: 401 without a valid token, 403 when the token
 * allows too little.
 */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly guardian: GuardianStrategy,
    private readonly cookie: SessionCookie,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]);
    if (access === undefined) throw new UndeclaredAccessError([context.getHandler().name]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    this.cookie.authenticate(request);
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

/** A handler with its route and its access rule. */
export interface AccessDeclaration {
  /** `SweepsController.release` */
  readonly handler: string;
  /** `post /api/v1/sweeps/{id}/release` */
  readonly route: string;
  /** Undefined when neither the handler nor its controller declares a rule. */
  readonly access: Access | undefined;
}

type Handler = (...args: unknown[]) => unknown;

/**
 * The access rules of all handlers. The api refuses to start when a handler declares none: a forgotten line must not open a
 * route. [TEN-3]
 */
@Injectable()
export class AccessDeclarations implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const undeclared = this.list().filter(({ access }) => access === undefined);
    if (undeclared.length > 0) throw new UndeclaredAccessError(undeclared.map(({ handler }) => handler));
  }

  list(): AccessDeclaration[] {
    const controllers = this.discovery.getControllers().flatMap(({ metatype }) => (metatype ? [metatype as Type<object>] : []));
    return controllers.flatMap((controller) =>
      this.scanner.getAllMethodNames(controller.prototype as object).flatMap((name) => {
        const handler = (controller.prototype as Record<string, Handler>)[name];
        if (!handler || !Reflect.hasMetadata(METHOD_METADATA, handler)) return [];
        const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [handler, controller]);
        return [{ handler: `${controller.name}.${name}`, route: routeOf(controller, handler), access }];
      }),
    );
  }
}

function routeOf(controller: Type<object>, handler: Handler): string {
  const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod].toLowerCase();
  const parts = [Reflect.getMetadata(PATH_METADATA, controller), Reflect.getMetadata(PATH_METADATA, handler)] as string[];
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `${method} /${segments.map((segment) => segment.replace(/^:(\w+)$/, '{$1}')).join('/')}`;
}
