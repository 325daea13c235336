import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import type { Request } from 'express';
import { UNKNOWN_FIELD, ValidationFailedError } from '#libs/kernel';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** A handler without a query class takes no query parameter, one without a body class no body (TEN-5). The pipe alone would never see them. */
@Injectable()
export class UndeclaredInputGuard implements CanActivate {
  private readonly inputs = new Map<Handler, { query: boolean; body: boolean }>();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const takes = this.inputsOf(context);
    const unknown = [...(takes.query ? [] : Object.keys(request.query)), ...(takes.body ? [] : fieldsOf(request.body))];
    if (unknown.length > 0) throw new ValidationFailedError(unknown.map((field) => ({ field, message: UNKNOWN_FIELD })));
    return true;
  }

  private inputsOf(context: ExecutionContext) {
    const handler = context.getHandler();
    const known = this.inputs.get(handler);
    if (known) return known;
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as Record<string, unknown>;
    const has = (type: RouteParamtypes) => Object.keys(args).some((key) => key.startsWith(`${type}:`));
    const takes = { query: has(RouteParamtypes.QUERY), body: has(RouteParamtypes.BODY) };
    this.inputs.set(handler, takes);
    return takes;
  }
}

function fieldsOf(body: unknown): string[] {
  if (body === undefined || body === null) return [];
  return typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : ['body'];
}
