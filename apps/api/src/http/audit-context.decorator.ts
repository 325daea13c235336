import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { AuditContext } from '#libs/audit';
import { principalOf } from '../auth/access.decorator';
import { requestIdOf } from './request-id';

/** Parameter of a handler that changes state: the caller, the body's `reason` and the request id, for the audit log. */
export const AuditCtx = createParamDecorator((_data: unknown, context: ExecutionContext): AuditContext => {
  const request = context.switchToHttp().getRequest<Request<unknown, unknown, { reason?: unknown } | undefined>>();
  const reason = request.body?.reason;
  return {
    by: principalOf(context),
    requestId: requestIdOf(request as Request),
    ...(typeof reason === 'string' && reason !== '' && { reason }),
  };
});
