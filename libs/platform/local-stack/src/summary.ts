import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LaunchError } from './local-stack.errors';
import { httpGet, httpSend } from './running-system';

/** The lines that `npm start` prints, in this order, as `name: value`. */
export interface Summary {
  /** Of the console, signed in as a platform admin. */
  readonly console: string;
  readonly api: string;
  readonly docs: string;
  readonly queues: string;
  readonly worker: string;
  /** `off` when a real provider is configured. */
  readonly simulator: string;
  readonly admin_token: string;
  readonly tenant_token: string;
  /** The tenant of `tenant_token`, the other tenants of the demo, and how a token for one of them is made. */
  readonly tenants: string;
  /** Of the API that the simulator plays; `off` when a real provider is configured. */
  readonly simulator_token: string;
  /** The file that has all of this while the system runs. */
  readonly saved_in: string;
  readonly next: string;
  readonly curl: string;
}

export interface RunNote extends Summary {
  readonly database_url: string;
  readonly pids: Record<string, number>;
}

interface SummaryTokens {
  readonly admin: string;
  readonly tenant: string;
}

interface ProjectsPage {
  readonly data?: readonly { readonly id: string; readonly tenant_id: string | null; readonly name: string }[];
}

interface TenantsPage {
  readonly data?: readonly {
    readonly id: string;
    readonly name: string;
    readonly source: string;
    readonly limits?: { readonly approval_over_monthly?: string | null } | null;
    readonly usage?: { readonly resources?: { readonly droplet?: number } };
  }[];
}

interface InventoryPage {
  /** Null until every kind has been swept completely once: before that, resources may still lack their tenant. */
  readonly as_of?: string | null;
}

/** sysexits.h. */
const EX_CONFIG = 78;
/** Long enough for a day with the demo. */
const TOKEN_TTL_S = 12 * 3600;
/** A tenant of the demo that starts nothing new, so that one can see what it then gets. */
const SUSPENDED_TENANT = 'lumen';
/** A tenant of the demo. On a real account `npm run token` creates a token for any tenant. */
const EXAMPLE_TENANT = 'acme';
/** USD a month. No other tenant of the demo has this limit. */
const APPROVAL_OVER = '50.00';
const POLL_MS = 100;

export function summaryText(summary: Summary): string {
  return Object.entries(summary)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** The line `tenants`. Without a demo only the example is known. */
export async function describeTenants(apiUrl: string, adminToken: string, isDemo: boolean): Promise<string> {
  const response = isDemo ? await httpGet(`${apiUrl}/api/v1/projects?limit=200`, adminToken) : undefined;
  const projects = response?.status === 200 ? ((JSON.parse(response.body) as ProjectsPage).data ?? []) : [];
  const others = [...new Set(projects.flatMap(({ tenant_id }) => tenant_id ?? []))].filter((tenant) => tenant !== EXAMPLE_TENANT).sort();
  const example = others[0] ?? '<id>';
  const known = isDemo ? `${EXAMPLE_TENANT} (tenant_token)` : `${EXAMPLE_TENANT} (tenant_token, an example)`;
  return `${[known, ...others].join(', ')}; a token for another one: npm run --silent token -- --tenant ${example}`;
}

/**
 * Gives the tenants of the demo the names of their projects and limits, and suspends one of them, as an admin does on the first day. A tenant
 * that has a name already is left alone, so that a later start changes nothing. Returns whether it found tenants without a name.
 */
export async function prepareDemoTenants(apiUrl: string, adminToken: string): Promise<boolean> {
  const read = readerOf(apiUrl, adminToken);
  const { data: tenants = [] } = (await read('tenants?limit=200')) as TenantsPage;
  const unnamed = tenants.filter(({ id, name, source }) => source === 'description' && name === id);
  if (unnamed.length === 0) return false;
  const { data: projects = [] } = (await read('projects?limit=200')) as ProjectsPage;
  await limitDemoTenants(apiUrl, adminToken, tenants);
  for (const { id } of unnamed) {
    const name = projects.find(({ tenant_id }) => tenant_id === id)?.name ?? id;
    const suspended = id === SUSPENDED_TENANT ? { status: 'suspended', notes: 'The demo shows what a suspended tenant can do.' } : {};
    await httpSend('PATCH', `${apiUrl}/api/v1/tenants/${encodeURIComponent(id)}`, adminToken, {
      name,
      ...suspended,
      reason: 'demo account',
    });
  }
  return true;
}

/** The tenants of the demo that get limits: one has room for one more droplet, the next has one more than it may have, the third may order only with approval. */
function limitedTenants(tenants: NonNullable<TenantsPage['data']>): NonNullable<TenantsPage['data']> {
  return tenants.filter((tenant) => ![EXAMPLE_TENANT, SUSPENDED_TENANT].includes(tenant.id) && dropletsOf(tenant) >= 2).slice(0, 3);
}

const dropletsOf = ({ usage }: NonNullable<TenantsPage['data']>[number]): number => usage?.resources?.droplet ?? 0;

async function limitDemoTenants(apiUrl: string, adminToken: string, tenants: NonNullable<TenantsPage['data']>): Promise<void> {
  const [near, above, ordering] = limitedTenants(tenants);
  if (!near || !above || !ordering) return;
  const limit = (id: string, limits: object) =>
    httpSend('PUT', `${apiUrl}/api/v1/tenants/${encodeURIComponent(id)}/limits`, adminToken, { ...limits, reason: 'demo account' });
  await limit(near.id, { max_droplets: dropletsOf(near) + 1 });
  await limit(above.id, { max_droplets: dropletsOf(above) - 1 });
  await limit(ordering.id, { approval_over_monthly: APPROVAL_OVER, max_monthly_cost: null, max_vcpus: null, max_droplets: null });
}

/**
 * Places the order of the demo that awaits approval, as soon as the catalog is stored: without it no price is known, and the order would not
 * wait. It is asked for by `operator`, so another person approves it. Nothing is changed at the provider.
 */
export async function orderForApproval(apiUrl: string, adminToken: string, isStopping: () => boolean): Promise<void> {
  const read = readerOf(apiUrl, adminToken);
  const { data: tenants = [] } = (await read('tenants?limit=200')) as TenantsPage;
  const { data: projects = [] } = (await read('projects?limit=200')) as ProjectsPage;
  const ordering = tenants.find(({ limits }) => limits?.approval_over_monthly === APPROVAL_OVER);
  const project_id = projects.find(({ tenant_id }) => tenant_id === ordering?.id)?.id;
  if (project_id === undefined) return; // without a project the order would have no owner, and no limits
  const order = (size_slug: string) => ({
    kind: 'provision_droplet',
    input: { name: 'render-01', size_slug, region: 'fra1', image: 'ubuntu-24-04-x64', project_id },
    reason: 'demo account',
  });
  // An unknown size is refused once the catalog is stored.
  const isPriced = async () => (await httpSend('POST', `${apiUrl}/api/v1/sagas?dry_run=true`, adminToken, order('s-none')))?.status === 400;
  while (!isStopping() && !(await isPriced())) await sleep(POLL_MS);
  if (!isStopping()) await httpSend('POST', `${apiUrl}/api/v1/sagas`, adminToken, order('s-8vcpu-16gb'));
}

/** Reads a route. A refusal reads as an empty object. */
function readerOf(apiUrl: string, adminToken: string): (path: string) => Promise<unknown> {
  return async (path) => {
    const response = await httpGet(`${apiUrl}/api/v1/${path}`, adminToken);
    return response?.status === 200 ? JSON.parse(response.body) : {};
  };
}

export function runFile(dataDir: string): string {
  return join(dataDir, 'run.json');
}

/** The file is readable by our account alone, because it contains tokens and a password. It appears whole or not at all. */
export function writeRunNote(dataDir: string, note: RunNote): void {
  const draft = `${runFile(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, runFile(dataDir));
}

/** The time that the summary waits for the first inventory. */
export const FIRST_INVENTORY_LIMIT_MS = 10_000;

/** Waits until every kind of the demo account was listed, so that resources have their tenants. Returns whether they are, after `withinMs` at the latest. */
export async function waitForFirstInventory(
  apiUrl: string,
  adminToken: string,
  isStopping: () => boolean,
  withinMs: number,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (!isStopping() && Date.now() < deadline) {
    const response = await httpGet(`${apiUrl}/api/v1/inventory?limit=1`, adminToken);
    if (response?.status === 200 && (JSON.parse(response.body) as InventoryPage).as_of) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/**
 * Runs this file as a process of its own: signing needs libraries that the launcher should not keep in memory all day. It checks the whole
 * configuration of the processes on the way. Throws LaunchError `launch_configuration_invalid`, with all of its problems.
 */
export async function mintSummaryTokens(env: NodeJS.ProcessEnv): Promise<SummaryTokens> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [__filename], { env });
    return JSON.parse(stdout) as SummaryTokens;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code !== EX_CONFIG) throw error;
    throw new LaunchError('launch_configuration_invalid', (stderr ?? '').trim());
  }
}

async function printTokens(): Promise<void> {
  const [{ accessToken, PLATFORM_ADMIN_ROLE }, { ConfigError, openConfig }] = await Promise.all([
    import('#libs/identity'),
    import('#libs/config'),
  ]);
  const { config } = await openConfig(process.env).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(error.message);
    return process.exit(EX_CONFIG);
  });
  const { identity } = config;
  const tokens: SummaryTokens = {
    admin: accessToken(identity, { role: PLATFORM_ADMIN_ROLE }, TOKEN_TTL_S),
    tenant: accessToken(identity, { tenantId: EXAMPLE_TENANT }, TOKEN_TTL_S),
  };
  process.stdout.write(JSON.stringify(tokens));
}

if (require.main === module) void printTokens(); // a rejection ends the process with its message on standard error
