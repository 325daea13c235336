import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Because } from '#libs/audit';
import { principalOf } from '../access/current-principal';
import { requestIdOf } from './request-id';

/** Parameter of a handler that changes something: who asked, why (the body's `reason`) and under which request id, for the audit log. */
export const WhoAndWhy = createParamDecorator((_data: unknown, context: ExecutionContext): Because => {
  const request = context.switchToHttp().getRequest<Request<unknown, unknown, { reason?: unknown } | undefined>>();
  const reason = request.body?.reason;
  return {
    by: principalOf(context),
    requestId: requestIdOf(request as Request),
    ...(typeof reason === 'string' && reason !== '' && { reason }),
  };
});
