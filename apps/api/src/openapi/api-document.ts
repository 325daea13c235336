import { Inject, Injectable, type INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { CONFIG, type Config } from '#libs/config';
import { SagaRegistry } from '#libs/saga';
import { AccessDeclarations } from '../auth/access.guard';
import type { Access } from '../auth/access.decorator';
import { ANY_JSON, loadSwagger } from '../http/swagger.decorators';
import { DEFAULT_LIMIT } from '../http/http.dto';
import { Problem } from '../http/problem';
import { problemResponse } from '../http/response.decorators';
import { describeSagaInputs, sagaStartSchemas } from '../sagas/saga-inputs';

const BEARER = 'guardian';

const CALLERS: Readonly<Record<Access, string>> = {
  public: 'Every caller, without a token.',
  platform_admin: 'Platform admins.',
  tenant_or_admin: 'Tenants (own rows only) and platform admins.',
};

type Json = Record<string, unknown>;
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/**
 * The OpenAPI 3.1 document, which `@nestjs/swagger` reads from controllers and DTOs. It is built at the first request, so a
 * start does not pay for it.
 */
@Injectable()
export class ApiDocument {
  private app: INestApplication | undefined;
  private built: string | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly access: AccessDeclarations,
    private readonly sagas: SagaRegistry,
  ) {}

  /** Sets the application that the document describes. */
  bind(app: INestApplication): void {
    this.app = app;
  }

  text(): string {
    this.built ??= JSON.stringify(this.build());
    return this.built;
  }

  private build() {
    if (!this.app) throw new Error('the document has no application');
    const inputs = describeSagaInputs(this.sagas);
    const { DocumentBuilder, getSchemaPath, SwaggerModule } = loadSwagger();
    const config = new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle('arcadia-cloud')
      .setVersion(this.config.version)
      .setDescription(
        'Inventory, owners, changes and costs of the resources in a DigitalOcean account. JSON, snake_case, times RFC 3339 in UTC.',
      )
      .addServer('/')
      .addBearerAuth(
        { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Guardian access token of the main application' },
        BEARER,
      )
      .build();
    const document = SwaggerModule.createDocument(this.app, config, {
      autoTagControllers: false,
      operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
      extraModels: [Problem, ...inputs.values()],
    });
    Object.assign(document.components?.schemas ?? {}, sagaStartSchemas(document, inputs, getSchemaPath));
    const access = new Map(this.access.list().map((declared) => [declared.route, declared.access ?? 'public'] as const));
    completeOperations(document, access, this.config.http.pageLimitMax);
    return simplifySchemas(document);
  }
}

/**
 * Adds to each operation what follows from its route: tag, callers, the problems of every route of its sort, and the configured
 * page limit.
 */
function completeOperations(document: OpenAPIObject, access: ReadonlyMap<string, Access>, pageLimitMax: number): void {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const caller = access.get(`${method} ${path}`) ?? 'public';
      operation.tags = [path.split('/').find((segment) => !['', 'api', 'v1'].includes(segment)) ?? 'api'];
      operation.description = [operation.description, `Who: ${CALLERS[caller]}`].filter(Boolean).join('\n\n');
      operation.security = caller === 'public' ? [] : [{ [BEARER]: [] }];
      setPageLimit(operation, pageLimitMax);
      if (operation.requestBody) forbidOtherFields(document, operation.requestBody as unknown as Json);
      for (const status of problemsOf(operation, path)) {
        const { status: _status, ...response } = problemResponse(status);
        (operation.responses as Json)[status] ??= response;
      }
    }
  }
}

function problemsOf({ security = [], requestBody }: Operation, path: string): number[] {
  return [
    400,
    ...(security.length > 0 ? [401, 403, 500, 503] : []),
    ...(path.includes('{') ? [404] : []),
    ...(requestBody ? [413, 415] : []),
  ];
}

function setPageLimit({ parameters = [] }: Operation, pageLimitMax: number): void {
  for (const parameter of parameters as { name?: string; schema?: Json }[]) {
    if (parameter.name !== 'limit') continue;
    const limits = { type: 'integer', minimum: 1, maximum: pageLimitMax, default: Math.min(DEFAULT_LIMIT, pageLimitMax) };
    parameter.schema = limits;
  }
}

/** Unknown fields of a body are refused, so its schema forbids them. */
function forbidOtherFields(document: OpenAPIObject, body: Json): void {
  body['required'] = true;
  const { schema } = (body['content'] as Record<string, { schema: { $ref?: string } }>)['application/json'] ?? { schema: {} };
  const found = document.components?.schemas?.[schema.$ref?.split('/').at(-1) ?? ''];
  if (found) (found as Json)['additionalProperties'] = false;
}

/** Keys that come first, for readers of the document. */
const FIRST_KEYS = ['name', 'in', 'required', 'type', 'format', 'enum'];

/** Unwraps what the field decorators need for swagger only: choices of one, and the mark of any JSON value. */
function simplifySchemas<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => simplifySchemas(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const node: Json = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, simplifySchemas(inner) as unknown]));
  const choices = node['oneOf'] ?? node['allOf'];
  if (Array.isArray(choices) && choices.length === 1) {
    delete node['oneOf'];
    delete node['allOf'];
    Object.assign(node, choices[0]);
  }
  if (node['type'] === ANY_JSON) delete node['type'];
  const first = FIRST_KEYS.flatMap((key) => (key in node ? [[key, node[key]] as const] : []));
  return { ...Object.fromEntries(first), ...node } as T;
}
