import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import type { Request } from 'express';
import { UNKNOWN_FIELD, ValidationFailedError } from '#libs/kernel';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** Refuses query parameters of a handler without a query class, and bodies of one without a body class: no pipe runs for them. [TEN-5] */
@Injectable()
export class UndeclaredInputGuard implements CanActivate {
  private readonly inputs = new Map<Handler, { query: boolean; body: boolean }>();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const declared = this.inputsOf(context);
    const unknown = [...(declared.query ? [] : Object.keys(request.query)), ...(declared.body ? [] : fieldsOf(request.body))];
    if (unknown.length > 0) throw new ValidationFailedError(unknown.map((field) => ({ field, message: UNKNOWN_FIELD })));
    return true;
  }

  private inputsOf(context: ExecutionContext) {
    const handler = context.getHandler();
    const known = this.inputs.get(handler);
    if (known) return known;
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as Record<string, unknown>;
    const has = (type: RouteParamtypes) => Object.keys(args).some((key) => key.startsWith(`${type}:`));
    const declared = { query: has(RouteParamtypes.QUERY), body: has(RouteParamtypes.BODY) };
    this.inputs.set(handler, declared);
    return declared;
  }
}

function fieldsOf(body: unknown): string[] {
  if (body === undefined || body === null) return [];
  return typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : ['body'];
}
