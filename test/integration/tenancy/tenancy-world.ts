import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from 'pg';
import type request from 'supertest';
import { Database } from '#libs/database';
import { prepareQueueSchema } from '#libs/queues';
import { createTestDatabase } from '../../support/database';
import { createTestApp } from '../../support/test-app';
import { anEvent, aProject, aResource, insert } from '../../support/factories';

export interface Seeded {
  readonly id: string;
  readonly tenant: string | null;
  readonly status: string;
}

/** The real api on its own database, with resources of two tenants, resources without a tenant, and a suspect sweep. */
export interface TenancyWorld {
  readonly app: NestExpressApplication;
  readonly database: Database;
  /** A superuser connection, which sees every row. */
  readonly owner: Client;
  readonly resources: readonly Seeded[];
  readonly projects: Readonly<Record<string, string>>;
  readonly suspectSweep: string;
  readonly http: () => ReturnType<typeof request>;
  /** An open drift on a managed droplet without a tenant. */
  readonly drift: string;
  /** An open drift that a change in place could revert. */
  readonly revertibleDrift: string;
  readonly driftRule: string;
  readonly attributionRule: string;
  readonly rateOverride: string;
  readonly call: (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string) => request.Test;
  close(): Promise<void>;
}

export async function newTenancyWorld(): Promise<TenancyWorld> {
  const of = await createTestDatabase();
  await prepareQueueSchema(of.ownerUrl);
  const owner = new Client({ connectionString: of.ownerUrl });
  await owner.connect();
  const seeded = await seed(owner);
  const { app, http, becomes, close } = await createTestApp({ DATABASE_URL: of.appUrl, DATABASE_POOL_SIZE: '4' });
  await becomes('/api/v1/audit', 200);
  return {
    app,
    owner,
    ...seeded,
    database: app.get(Database),
    http,
    call: (method, path) => http()[method](path),
    close: async () => {
      await close();
      await owner.end();
      await of.drop();
    },
  };
}

async function seed(
  owner: Client,
): Promise<
  Pick<
    TenancyWorld,
    'resources' | 'projects' | 'suspectSweep' | 'drift' | 'revertibleDrift' | 'driftRule' | 'rateOverride' | 'attributionRule'
  >
> {
  const account = await insert(owner, 'cloud_accounts', { provider_account_id: 'team-1', identified_by: 'team' });
  const projects: Record<string, string> = {};
  for (const name of ['acme', 'globex']) {
    projects[name] = await aProject(owner, { account_id: account, name: `${name} sites`, tenant_id: name, tenant_set_by: 'admin' });
  }
  const resources: Seeded[] = [];
  for (let n = 0; n < 30; n += 1) {
    const owner_ = ['acme', 'globex', null][n % 3] ?? null;
    const status = n >= 24 ? 'deleted' : 'active';
    const row = {
      account_id: account,
      kind: n % 2 === 0 ? 'droplet' : 'volume',
      provider_id: `${1_000 + n}`,
      urn: `do:droplet:${1_000 + n}`,
      name: `${owner_ ?? 'nobody'}-web-${n}`,
      region: 'fra1',
      status,
      attrs: { networks: [`10.0.0.${n}`] },
      tenant_id: owner_,
      owner_override: owner_,
      attributed_by: owner_ ? 'override' : 'fallback',
      cloud_project_id: owner_ && projects[owner_],
      last_seen_at: '2026-02-01T00:00:00Z',
      deleted_at: status === 'deleted' ? '2026-03-01T00:00:00Z' : null,
    };
    const id = await aResource(owner, row);
    resources.push({ id, tenant: owner_, status });
    for (const type of ['discovered', 'updated', 'updated']) {
      await anEvent(owner, id, { tenant_id: owner_, type, changes: { name: { old: null, new: row.name } } });
    }
  }
  const suspectSweep = await insert(owner, 'cloud_sweeps', {
    account_id: account,
    kind: 'droplet',
    trigger: 'schedule',
    status: 'suspect',
    reason: 'too_many_missing',
    missing: ['droplet/1000'],
    lease_until: '2026-03-01T00:00:00Z',
    finished_at: '2026-03-01T00:00:00Z',
  });
  const of = { tenant_id: 'globex', model: '{"type": "free"}', valid_from: '2026-01-01', reason: 'a gift', created_by: 'ops' };
  const rateOverride = await insert(owner, 'rate_overrides', of);
  const attributionRule = await insert(owner, 'attribution_rules', {
    position: 10,
    name_glob: 'no-name-*',
    name_pattern: 'no-name-%',
    tenant_id: 'globex',
    reason: 'theirs',
    created_by: 'ops',
  });
  return { resources, projects, suspectSweep, rateOverride, attributionRule, ...(await seedDrift(owner, resources[2]?.id ?? '')) };
}

/** The live region and name of the droplet differ from its desired state. */
async function seedDrift(owner: Client, resourceId: string): Promise<Pick<TenancyWorld, 'drift' | 'revertibleDrift' | 'driftRule'>> {
  await insert(owner, 'cloud_provisioned', { resource_id: resourceId, spec: { region: 'ams3', name: 'web-1' } });
  const of = { resource_id: resourceId, spec_version: 1, severity: 'high' };
  const drift = await insert(owner, 'cloud_drift', { ...of, field: 'region', expected: '"ams3"', actual: '"fra1"' });
  const revertibleDrift = await insert(owner, 'cloud_drift', { ...of, field: 'name', expected: '"web-1"', actual: '"nobody-web-2"' });
  const driftRule = await insert(owner, 'cloud_drift_rules', { field: 'name', reason: 'names are theirs', created_by: 'ops' });
  return { drift, revertibleDrift, driftRule };
}

/** Adds a resource of Acme that a rule gives to Globex, with the finding of that move. Returns the id of the resource. */
export async function aMoveThatWaits({ owner }: TenancyWorld): Promise<string> {
  const { rows } = await owner.query<{ id: string }>('select id from cloud_accounts');
  const account_id = rows[0]?.id;
  const sold = { name_glob: 'sold-*', name_pattern: 'sold-%', position: 20, reason: 'sold', created_by: 'ops' };
  const rule = await insert(owner, 'attribution_rules', { ...sold, tenant_id: 'globex' });
  const of = { account_id, kind: 'volume', provider_id: 'sold-1', urn: 'do:volume:sold-1', name: 'sold-1' };
  const id = await aResource(owner, { ...of, tenant_id: 'acme', attributed_by: 'rule', attributed_ref: rule });
  const move = { from_tenant_id: 'acme', to_tenant_id: 'globex', attributed_by: 'rule', attributed_ref: rule };
  await owner.query(
    `insert into attribution_findings (resource_id, account_id, from_tenant_id, to_tenant_id, attributed_by, attributed_ref)
     values ($1, $2, $3, $4, $5, $6)`,
    [id, account_id, ...Object.values(move)],
  );
  return id;
}
