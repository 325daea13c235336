import type { Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { getMetadataStorage } from 'class-validator';
import { SagaRegistry } from '#libs/saga';
import { createTestApp, type TestApp } from '../../support/test-app';
import { AccessDeclarations } from '../../../apps/api/src/auth/access.guard';
import { SCHEMA_OF_VALIDATOR } from '../../../apps/api/src/http/swagger.decorators';
import { InventoryQuery } from '../../../apps/api/src/inventory/inventory-inputs.dto';

interface Schema {
  readonly $ref?: string;
  readonly type?: unknown;
  readonly description?: string;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string; readonly mapping: Readonly<Record<string, string>> };
}
interface Answer {
  readonly schema: Schema;
  readonly example?: { readonly data: object };
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security: readonly unknown[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly description?: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Answer>> }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let api: TestApp;
let document: Document;

beforeAll(async () => {
  api = await createTestApp({ PAGE_LIMIT_MAX: '120' });
  document = (
    await api
      .http()
      .get('/api/openapi.json')
      .expect(200)
      .expect('content-type', /application\/json/)
  ).body as Document;
});
afterAll(() => api.close());

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
    'delete /api/v1/attribution-rules/{id}',
    'delete /api/v1/drift-rules/{id}',
    'delete /api/v1/notification-subscriptions/{owner}',
    'delete /api/v1/rate-overrides/{id}',
    'delete /api/v1/tenant-invoices/{id}',
    'delete /api/v1/webhooks/{id}',
    'get /api/health',
    'get /api/health/ready',
    'get /api/health/serving',
    'get /api/v1/attribution-rules',
    'get /api/v1/attribution-rules/findings',
    'get /api/v1/attribution-rules/{id}',
    'get /api/v1/audit',
    'get /api/v1/audit.csv',
    'get /api/v1/billing-runs',
    'get /api/v1/billing-runs/{id}',
    'get /api/v1/billing/balance',
    'get /api/v1/billing/cost-lines',
    'get /api/v1/billing/cost-lines.csv',
    'get /api/v1/billing/estimate',
    'get /api/v1/billing/fx-rates',
    'get /api/v1/billing/history',
    'get /api/v1/billing/invoices',
    'get /api/v1/billing/invoices/{id}',
    'get /api/v1/billing/issuers/{id}',
    'get /api/v1/billing/issuers/{id}/dunning',
    'get /api/v1/billing/issuers/{id}/logo',
    'get /api/v1/billing/pools',
    'get /api/v1/billing/summary',
    'get /api/v1/billing/tax-rules',
    'get /api/v1/catalog/images',
    'get /api/v1/catalog/list-prices',
    'get /api/v1/catalog/regions',
    'get /api/v1/catalog/sizes',
    'get /api/v1/costs',
    'get /api/v1/costs.csv',
    'get /api/v1/credit-notes',
    'get /api/v1/credit-notes/{id}/document.pdf',
    'get /api/v1/credit-notes/{id}/proof.json',
    'get /api/v1/drift',
    'get /api/v1/drift-rules',
    'get /api/v1/drift-rules/{id}',
    'get /api/v1/drift/summary',
    'get /api/v1/drift/unmanaged',
    'get /api/v1/drift/{id}',
    'get /api/v1/events',
    'get /api/v1/events.csv',
    'get /api/v1/events/stream',
    'get /api/v1/inventory',
    'get /api/v1/inventory.csv',
    'get /api/v1/inventory/kinds',
    'get /api/v1/inventory/summary',
    'get /api/v1/inventory/{id}',
    'get /api/v1/inventory/{id}/desired-state',
    'get /api/v1/inventory/{id}/events',
    'get /api/v1/me',
    'get /api/v1/notification-requests',
    'get /api/v1/notification-subscriptions',
    'get /api/v1/notifications/subscriptions',
    'get /api/v1/payments',
    'get /api/v1/pnl',
    'get /api/v1/projects',
    'get /api/v1/projects/{id}',
    'get /api/v1/proof-key',
    'get /api/v1/provider/budget',
    'get /api/v1/rate-cards',
    'get /api/v1/rate-cards/{id}',
    'get /api/v1/rate-cards/{id}/versions',
    'get /api/v1/rate-overrides',
    'get /api/v1/sagas',
    'get /api/v1/sagas/bulk-jobs',
    'get /api/v1/sagas/bulk-jobs/{id}',
    'get /api/v1/sagas/bulk-jobs/{id}/items',
    'get /api/v1/sagas/{id}',
    'get /api/v1/sagas/{id}/timeline',
    'get /api/v1/sweeps',
    'get /api/v1/sweeps/{id}',
    'get /api/v1/sweeps/{id}/missing',
    'get /api/v1/tenant-invoices',
    'get /api/v1/tenant-invoices/{id}',
    'get /api/v1/tenant-invoices/{id}/changes',
    'get /api/v1/tenant-invoices/{id}/document.pdf',
    'get /api/v1/tenant-invoices/{id}/lines',
    'get /api/v1/tenant-invoices/{id}/lines.csv',
    'get /api/v1/tenant-invoices/{id}/proof.json',
    'get /api/v1/tenants',
    'get /api/v1/tenants/default/limits',
    'get /api/v1/tenants/unknown',
    'get /api/v1/tenants/{id}',
    'get /api/v1/tenants/{id}/billing-profile',
    'get /api/v1/tenants/{id}/limits',
    'get /api/v1/tenants/{id}/rate-card',
    'get /api/v1/wallets',
    'get /api/v1/wallets/{tenant_id}/entries',
    'get /api/v1/webhooks',
    'get /api/v1/webhooks/{id}',
    'get /api/v1/webhooks/{id}/deliveries',
    'get /metrics',
    'patch /api/v1/attribution-rules/{id}',
    'patch /api/v1/billing/tax-rules/{id}',
    'patch /api/v1/drift-rules/{id}',
    'patch /api/v1/inventory/{id}',
    'patch /api/v1/projects/{id}',
    'patch /api/v1/rate-cards/{id}',
    'patch /api/v1/tenants/{id}',
    'patch /api/v1/webhooks/{id}',
    'post /api/v1/attribution-rules',
    'post /api/v1/attribution-rules/findings/{id}/confirm',
    'post /api/v1/audit/verify',
    'post /api/v1/billing-runs',
    'post /api/v1/billing/fx-rates',
    'post /api/v1/billing/invoices/{id}/ingest',
    'post /api/v1/billing/invoices/{id}/release',
    'post /api/v1/billing/tax-rules',
    'post /api/v1/billing/tax-rules/sets',
    'post /api/v1/drift-rules',
    'post /api/v1/drift/detect',
    'post /api/v1/drift/{id}/accept',
    'post /api/v1/drift/{id}/revert',
    'post /api/v1/inventory/bulk',
    'post /api/v1/inventory/{id}/adopt',
    'post /api/v1/rate-cards',
    'post /api/v1/rate-cards/{id}/versions',
    'post /api/v1/rate-cards/{id}/versions/{version}/publish',
    'post /api/v1/rate-cards/{id}/versions/{version}/simulate',
    'post /api/v1/rate-overrides',
    'post /api/v1/sagas',
    'post /api/v1/sagas/bulk-jobs',
    'post /api/v1/sagas/bulk-jobs/{id}/stop',
    'post /api/v1/sagas/{id}/approve',
    'post /api/v1/sagas/{id}/cancel',
    'post /api/v1/sagas/{id}/complete-with-output',
    'post /api/v1/sagas/{id}/give-up',
    'post /api/v1/sagas/{id}/pause',
    'post /api/v1/sagas/{id}/redrive',
    'post /api/v1/sagas/{id}/reject',
    'post /api/v1/sagas/{id}/release',
    'post /api/v1/sagas/{id}/resume',
    'post /api/v1/sagas/{id}/retry',
    'post /api/v1/sagas/{id}/retry-step',
    'post /api/v1/sagas/{id}/set-policy',
    'post /api/v1/sagas/{id}/skip',
    'post /api/v1/sweeps',
    'post /api/v1/sweeps/{id}/release',
    'post /api/v1/tenant-invoices',
    'post /api/v1/tenant-invoices/build',
    'post /api/v1/tenant-invoices/bulk',
    'post /api/v1/tenant-invoices/{id}/adjust',
    'post /api/v1/tenant-invoices/{id}/approve',
    'post /api/v1/tenant-invoices/{id}/credit',
    'post /api/v1/tenant-invoices/{id}/issue',
    'post /api/v1/tenant-invoices/{id}/payments',
    'post /api/v1/tenant-invoices/{id}/refresh',
    'post /api/v1/tenant-invoices/{id}/unapprove',
    'post /api/v1/tenant-invoices/{id}/void',
    'post /api/v1/tenant-invoices/{id}/write_off',
    'post /api/v1/tenants',
    'post /api/v1/wallets/{tenant_id}/entries',
    'post /api/v1/webhook-deliveries/{id}/resend',
    'post /api/v1/webhooks',
    'post /api/v1/webhooks/{id}/pause',
    'post /api/v1/webhooks/{id}/replay',
    'post /api/v1/webhooks/{id}/resume',
    'post /api/v1/webhooks/{id}/rotate',
    'post /api/v1/webhooks/{id}/test',
    'put /api/v1/billing/issuers/{id}',
    'put /api/v1/billing/issuers/{id}/dunning',
    'put /api/v1/billing/issuers/{id}/logo',
    'put /api/v1/billing/pools',
    'put /api/v1/catalog/list-prices',
    'put /api/v1/inventory/{id}/desired-state',
    'put /api/v1/notifications/subscriptions',
    'put /api/v1/rate-cards/{id}/versions/{version}',
    'put /api/v1/tenants/default/limits',
    'put /api/v1/tenants/{id}/billing-profile',
    'put /api/v1/tenants/{id}/limits',
    'put /api/v1/tenants/{id}/rate-card',
  ]);
});

const resolved = (schema: Schema | undefined): Schema => document.components.schemas[schema?.$ref?.split('/').at(-1) ?? ''] ?? schema ?? {};
const bodyOf = (path: string, method: string) => resolved(document.paths[path]?.[method]?.requestBody?.content['application/json'].schema);

it('describes every route but those of the document itself', () => {
  const described = operations().map(({ path, method }) => `${method} ${path}`);
  const others = api.app
    .get(AccessDeclarations)
    .list()
    .map(({ route }) => route)
    .filter((route) => !described.includes(route));
  expect(others.sort()).toEqual([
    'get /api/docs',
    'get /api/docs/start.js',
    'get /api/docs/{file}',
    'get /api/openapi.json',
    'get /docs',
    'get /docs/decisions/{page}',
    'get /docs/style.css',
    'get /docs/{page}',
  ]);
});

it('gives every route a short imperative summary, its callers, its answer and its problems', () => {
  for (const { operation } of operations()) {
    expect(operation.summary).toMatch(/^[A-Z][\w']*( [\w',]+){0,8}(:.+)?$/);
    expect(operation.description).toContain('Who: ');
    const [status] = Object.keys(operation.responses).filter((code) => code.startsWith('2'));
    const [answer] = Object.values(operation.responses[status ?? '']?.content ?? {});
    expect(answer?.schema).toBeDefined();
    expect(operation.responses['400']?.content['application/problem+json']).toBeDefined();
  }
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

it('documents exactly one successful status for each route, and that of the plan where a route has a dry run', () => {
  const wrong = operations().flatMap(({ path, method, operation }) => {
    const successes = Object.keys(operation.responses).filter((code) => code.startsWith('2'));
    const planned = operation.parameters.some(({ name }) => name === 'dry_run');
    return successes.length === 1 || (planned && successes.length === 2) ? [] : [`${method} ${path}: ${successes.join(', ')}`];
  });
  expect(wrong).toEqual([]);
  expect(document.paths['/api/v1/sweeps']?.['post']?.responses).toHaveProperty('202');
  expect(document.paths['/api/v1/drift-rules']?.['post']?.responses).toHaveProperty('201');
});

it.each(['/api/v1/sagas', '/api/v1/drift/{id}/revert'])(
  'describes the plan of a dry run of %s with an example of every field [TNT-4]',
  (path) => {
    const answer = document.paths[path]?.['post']?.responses['200']?.content['application/json'];
    const plan = resolved(resolved(answer?.schema).properties?.['data']);
    const { data = {} } = answer?.example ?? {};
    expect(Object.keys(plan.properties ?? {})).toEqual(expect.arrayContaining(['plan_hash', 'refused', ...Object.keys(data)]));
    expect((plan.required ?? []).filter((field) => !(field in data))).toEqual([]);
  },
);

it('describes every parameter and every field', () => {
  const parameters = operations().flatMap(({ path, operation }) =>
    operation.parameters.filter(({ description }) => !description).map(({ name }) => `${path} ${name}`),
  );
  const fields = Object.entries(document.components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties).flatMap((field) => (properties[field]?.description ? [] : [`${name}.${field}`])),
  );
  expect([...parameters, ...fields]).toEqual([]);
});

it('has examples in the main calls', () => {
  for (const path of ['/api/v1/sagas', '/api/v1/sweeps', '/api/v1/drift/{id}/accept', '/api/v1/drift-rules']) {
    const { required = [], properties = {} } = bodyOf(path, 'post');
    expect(required.filter((field) => properties[field]?.example === undefined)).toEqual([]);
  }
});

it('needs a token everywhere but on health', () => {
  const open = operations().filter(({ operation }) => operation.security.length === 0);
  expect(open.map(({ path }) => path)).toEqual(['/api/health', '/api/health/ready', '/api/health/serving']);
});

it('takes limits and fields from the validators that enforce them', () => {
  const list = document.paths['/api/v1/inventory']?.['get'];
  expect(list?.parameters.map(({ name }) => name).sort()).toEqual([
    'as_of',
    'attributed_by',
    'cursor',
    'include_deleted',
    'kind',
    'limit',
    'names',
    'parent_id',
    'project_id',
    'protected',
    'provider_id',
    'q',
    'region',
    'related_to',
    'size_slug',
    'sort',
    'status',
    'tag',
    'tenant_id',
    'totals',
    'unattributed',
    'updated_since',
    'urn',
  ]);
  expect(list?.parameters.find(({ name }) => name === 'limit')?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 120, default: 50 });
  expect(bodyOf('/api/v1/sweeps/{id}/release', 'post')).toMatchObject({ required: ['reason'], additionalProperties: false });
});

it('describes the body of a start as one schema per saga kind, discriminated by kind', () => {
  const { oneOf = [], discriminator } = bodyOf('/api/v1/sagas', 'post');
  expect(discriminator?.propertyName).toBe('kind');
  expect(Object.keys(discriminator?.mapping ?? {})).toEqual(oneOf.map((start) => resolved(start).properties?.['kind']?.enum?.[0]));
  expect(Object.keys(discriminator?.mapping ?? {})).toEqual([
    'assign_ip',
    'attach_firewall',
    'attach_volume',
    'create_firewall',
    'create_volume',
    'delete_dns_record',
    'delete_snapshot',
    'delete_volume',
    'demo',
    'destroy_droplet',
    'detach_volume',
    'power_droplet',
    'provision_droplet',
    'release_ip',
    'rename_droplet',
    'reserve_ip',
    'resize_droplet',
    'resize_volume',
    'restore_droplet',
    'set_droplet_backups',
    'snapshot_droplet',
    'tag_resource',
    'unassign_ip',
    'update_firewall',
    'upsert_dns_record',
  ]);
  const droplet = resolved(resolved({ $ref: discriminator?.mapping['provision_droplet'] }).properties?.['input']);
  expect(droplet.required).toEqual(['name', 'size_slug', 'region', 'image']);
  expect(Object.keys(droplet.properties ?? {})).toContain('ssh_keys');
});

it('knows the schema of every validator of an input', () => {
  const controllers = api.app.get(DiscoveryService, { strict: false }).getControllers();
  const parameters = controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as Type<object>).prototype as object;
    return Object.getOwnPropertyNames(prototype).flatMap(
      (name) => (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as Type[],
    );
  });
  const registry = api.app.get(SagaRegistry, { strict: false });
  const inputs = [...parameters, InventoryQuery, ...registry.known().kinds.map((kind) => registry.get(kind).input)];
  const names = inputs.flatMap((input) =>
    getMetadataStorage()
      .getTargetValidationMetadatas(input, '', true, false)
      .map(({ name }) => name),
  );
  const known = new Set([...Object.keys(SCHEMA_OF_VALIDATOR), 'isOptional', undefined]);
  expect(new Set(names).size).toBeGreaterThan(15);
  expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([]);
});

it('refers to schemas that exist', () => {
  const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
  expect(refs.length).toBeGreaterThan(20);
  for (const name of new Set(refs)) expect(document.components.schemas).toHaveProperty(name);
});
