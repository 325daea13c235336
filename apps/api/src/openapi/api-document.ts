import type { Type } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { PROBLEM_MEDIA_TYPE } from '../problems/problem';
import { DEFAULT_LIMIT } from '../requests/page.query';
import type { Route } from '../routing/routes';
import { inputFields } from './input-schema';
import { ref, type Schema } from './schema';
import { ENVELOPES, SCHEMAS } from './schemas';

/** What the document says about who may call a route. */
const CALLERS = { public: 'Anybody.', platform_admin: 'Platform admins.', tenant_or_admin: 'Tenants (own rows only) and platform admins.' };
const BEARER = 'guardian';
/** Of answers that are not JSON. */
const MEDIA_TYPES: Readonly<Record<string, string>> = { csv: 'text/csv', text: 'text/plain' };

/** OpenAPI 3.1 of `routes`: addresses, callers, inputs and answers as the handlers declare them. */
export function apiDocument(routes: readonly Route[], { version, pageLimitMax }: { version: string; pageLimitMax: number }) {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route, pageLimitMax) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'arcadia-cloud',
      version,
      description:
        'What exists in the DigitalOcean account, whose it is, and what was done to it. JSON, snake_case, times RFC 3339 in UTC.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        [BEARER]: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Guardian access token of the main application' },
      },
    },
  };
}

function operation(route: Route, pageLimitMax: number): Schema {
  const { description, access = 'public', status } = route;
  return {
    operationId: route.name.replace(/Controller\./, '_'),
    tags: [route.path.split('/').find((segment) => !['', 'api', 'v1'].includes(segment)) ?? 'api'],
    summary: description?.summary ?? route.name,
    description: [description?.details, `Who: ${CALLERS[access]}`].filter(Boolean).join('\n\n'),
    security: access === 'public' ? [] : [{ [BEARER]: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(route.query, pageLimitMax)],
    ...(route.body && { requestBody: { required: true, content: { 'application/json': { schema: bodySchema(route.body) } } } }),
    responses: { [status]: answer(route), ...problems(route) },
  };
}

function pathParameters(path: string): Schema[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  }));
}

function queryParameters(query: Type<object> | undefined, pageLimitMax: number): Schema[] {
  return (query ? inputFields(query) : []).map(({ name, required, schema }) => ({
    name,
    in: 'query',
    required,
    schema: name === 'limit' ? { ...schema, default: Math.min(DEFAULT_LIMIT, pageLimitMax), maximum: pageLimitMax } : schema,
  }));
}

function bodySchema(body: Type<object>): Schema {
  const fields = inputFields(body);
  return {
    type: 'object',
    additionalProperties: false,
    required: fields.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
  };
}

function answer({ description, status }: Route): Schema {
  if (!description) return { description: STATUS_CODES[status] };
  const { schema, as } = description.answers;
  return { description: STATUS_CODES[status], content: { [MEDIA_TYPES[as] ?? 'application/json']: { schema: ENVELOPES[as](schema) } } };
}

/** The refusals that a route can have by what it is, and those that its handler names. */
function problems({ access, body, path, description }: Route): Record<string, Schema> {
  const statuses = new Set([400, ...(description?.refusals ?? [])]);
  if (access !== 'public') for (const status of [401, 403, 500, 503]) statuses.add(status);
  if (path.includes('{')) statuses.add(404);
  if (body) for (const status of [413, 415]) statuses.add(status);
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: ref('Problem') } };
  return Object.fromEntries([...statuses].map((status) => [status, { description: STATUS_CODES[status], content }]));
}
