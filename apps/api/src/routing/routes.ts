import { Injectable, RequestMethod, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PARAMTYPES_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ACCESS, type Access } from '../access/access';
import { DESCRIPTION, type Description } from './describes';

/** One method of one address, as the decorators of its handler declare it. */
export interface Route {
  /** `SweepsController.release`, for messages and operation ids. */
  readonly name: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `{id}` for parameters. */
  readonly path: string;
  readonly status: number;
  /** Undefined when the handler forgot to say; such an api does not start. */
  readonly access: Access | undefined;
  readonly description: Description | undefined;
  readonly query: Type<object> | undefined;
  readonly body: Type<object> | undefined;
}

type Handler = (...args: unknown[]) => unknown;

const METHODS: Partial<Record<RequestMethod, Route['method']>> = {
  [RequestMethod.GET]: 'get',
  [RequestMethod.POST]: 'post',
  [RequestMethod.PUT]: 'put',
  [RequestMethod.PATCH]: 'patch',
  [RequestMethod.DELETE]: 'delete',
};

/** The table of all handlers, read from their decorators: the boot check and the API document both work from it. */
@Injectable()
export class Routes {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  all(): Route[] {
    const controllers = this.discovery.getControllers().flatMap(({ metatype }) => (metatype ? [metatype as Type<object>] : []));
    return controllers.flatMap((controller) =>
      this.scanner.getAllMethodNames(controller.prototype as object).flatMap((name) => routesOf(controller, name)),
    );
  }
}

function routesOf(controller: Type<object>, name: string): Route[] {
  const handler = (controller.prototype as Record<string, Handler>)[name];
  if (!handler || !Reflect.hasMetadata(METHOD_METADATA, handler)) return [];
  const method = METHODS[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod] ?? 'get';
  const paths = [Reflect.getMetadata(PATH_METADATA, handler) as string | string[]].flat();
  return paths.map((path) => ({
    name: `${controller.name}.${name}`,
    method,
    path: fullPath(Reflect.getMetadata(PATH_METADATA, controller) as string, path),
    status: (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? (method === 'post' ? 201 : 200),
    access: declared(ACCESS, handler, controller) as Access | undefined,
    description: declared(DESCRIPTION, handler, controller) as Description | undefined,
    query: inputClass(controller, name, RouteParamtypes.QUERY),
    body: inputClass(controller, name, RouteParamtypes.BODY),
  }));
}

function declared(key: string, handler: Handler, controller: Type<object>): unknown {
  return Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller);
}

/** The class of the `@Query()` or `@Body()` parameter, if there is one. */
function inputClass(controller: Type<object>, name: string, kind: RouteParamtypes): Type<object> | undefined {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, { index: number }>;
  const types = (Reflect.getMetadata(PARAMTYPES_METADATA, controller.prototype as object, name) ?? []) as Type<object>[];
  const found = Object.entries(args).find(([key]) => key.startsWith(`${kind}:`));
  return found && types[found[1].index];
}

function fullPath(...parts: string[]): string {
  const path = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `/${path.map((segment) => segment.replace(/^:(\w+)$/, '{$1}')).join('/')}`;
}
