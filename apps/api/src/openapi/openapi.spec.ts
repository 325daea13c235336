import { getMetadataStorage } from 'class-validator';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { loadConfig } from '#libs/config';
import { createApi } from '../api-app';
import { Routes } from '../routing/routes';
import { SCHEMA_OF_VALIDATOR } from './input-schema';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security: unknown[];
  readonly parameters: { name: string; in: string; schema: Record<string, unknown> }[];
  readonly requestBody?: { content: { 'application/json': { schema: { properties: Record<string, unknown>; required: string[] } } } };
  readonly responses: Record<string, { description: string; content: Record<string, { schema: unknown }> }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown> };
}

let app: NestExpressApplication;
let document: Document;

beforeAll(async () => {
  app = await createApi(
    loadConfig({
      NODE_ENV: 'test',
      JWT_SECRET: 's'.repeat(64),
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
      PAGE_LIMIT_MAX: '120',
      LOG_LEVEL: 'error',
    }),
  );
  await app.init();
  document = (
    await request(app.getHttpServer())
      .get('/api/openapi.json')
      .expect(200)
      .expect('content-type', /application\/json/)
  ).body as Document;
});
afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

it('lists every route of the API', () => {
  expect(
    operations()
      .map(({ path, method }) => `${method} ${path}`)
      .sort(),
  ).toEqual([
    'delete /api/v1/drift-rules/{id}',
    'get /api/health',
    'get /api/health/ready',
    'get /api/health/serving',
    'get /api/v1/audit',
    'get /api/v1/billing/balance',
    'get /api/v1/billing/cost-lines',
    'get /api/v1/billing/cost-lines.csv',
    'get /api/v1/billing/estimate',
    'get /api/v1/billing/history',
    'get /api/v1/billing/invoices',
    'get /api/v1/billing/invoices/{id}',
    'get /api/v1/billing/summary',
    'get /api/v1/drift',
    'get /api/v1/drift-rules',
    'get /api/v1/drift/summary',
    'get /api/v1/drift/unmanaged',
    'get /api/v1/drift/{id}',
    'get /api/v1/inventory',
    'get /api/v1/inventory.csv',
    'get /api/v1/inventory/summary',
    'get /api/v1/inventory/{id}',
    'get /api/v1/inventory/{id}/events',
    'get /api/v1/projects',
    'get /api/v1/sagas',
    'get /api/v1/sagas/{id}',
    'get /api/v1/sweeps',
    'get /api/v1/sweeps/{id}',
    'get /metrics',
    'patch /api/v1/inventory/{id}',
    'patch /api/v1/projects/{id}',
    'post /api/v1/billing/invoices/{id}/ingest',
    'post /api/v1/billing/invoices/{id}/release',
    'post /api/v1/drift-rules',
    'post /api/v1/drift/detect',
    'post /api/v1/drift/{id}/accept',
    'post /api/v1/drift/{id}/revert',
    'post /api/v1/inventory/{id}/adopt',
    'post /api/v1/sagas',
    'post /api/v1/sagas/{id}/cancel',
    'post /api/v1/sagas/{id}/release',
    'post /api/v1/sagas/{id}/retry',
    'post /api/v1/sweeps',
    'post /api/v1/sweeps/{id}/release',
  ]);
});

it('leaves out no route but those of the document itself', () => {
  const silent = app
    .get(Routes)
    .all()
    .filter(({ description }) => description === undefined);
  expect(silent.map(({ path }) => path).sort()).toEqual(['/api/docs', '/api/docs/start.js', '/api/docs/{file}', '/api/openapi.json']);
});

it('says for every route what it does, who may call it, what it answers and how it refuses', () => {
  for (const { operation } of operations()) {
    expect(operation.summary).toMatch(/^[A-Z]/);
    expect(operation.description).toContain('Who: ');
    const [status] = Object.keys(operation.responses).filter((code) => code.startsWith('2'));
    const [answer] = Object.values(operation.responses[status ?? '']?.content ?? {});
    expect(answer?.schema).toBeDefined();
    expect(operation.responses['400']?.content['application/problem+json']).toBeDefined();
  }
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

it('asks for a token everywhere but on health', () => {
  const open = operations().filter(({ operation }) => operation.security.length === 0);
  expect(open.map(({ path }) => path)).toEqual(['/api/health', '/api/health/ready', '/api/health/serving']);
});

it('takes limits and fields from what is enforced', () => {
  const list = document.paths['/api/v1/inventory']?.['get'];
  expect(list?.parameters.map(({ name }) => name)).toEqual([
    'as_of',
    'cursor',
    'kind',
    'limit',
    'project_id',
    'q',
    'region',
    'status',
    'tenant_id',
    'unattributed',
    'updated_since',
  ]);
  expect(list?.parameters.find(({ name }) => name === 'limit')?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 120, default: 50 });
  const release = document.paths['/api/v1/sweeps/{id}/release']?.['post']?.requestBody?.content['application/json'].schema;
  expect(release?.required).toEqual(['reason']);
  expect(document.paths['/api/v1/sweeps']?.['post']?.responses).toHaveProperty('202');
});

it('knows what each validator of an input means', () => {
  const inputs = app
    .get(Routes)
    .all()
    .flatMap(({ query, body }) => [query, body])
    .filter((input) => input !== undefined);
  const names = inputs.flatMap((input) =>
    getMetadataStorage()
      .getTargetValidationMetadatas(input, '', true, false)
      .map(({ name }) => name),
  );
  const known = new Set([...Object.keys(SCHEMA_OF_VALIDATOR), 'isOptional', undefined]);
  expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([]);
});

it('refers to schemas that exist', () => {
  const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
  expect(refs.length).toBeGreaterThan(20);
  for (const name of new Set(refs)) expect(document.components.schemas).toHaveProperty(name);
});
