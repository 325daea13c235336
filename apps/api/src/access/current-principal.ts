import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { UnauthenticatedError, type Principal } from '#libs/identity';

/** Who is asking, as the guard has found out. */
export function principalOf(context: ExecutionContext): Principal {
  const { user } = context.switchToHttp().getRequest<{ user?: Principal }>();
  if (!user) throw new UnauthenticatedError();
  return user;
}

/** Parameter of a handler: the principal. Only in handlers that require a token. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) => principalOf(context));
