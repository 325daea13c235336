import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { answered, type Schemas } from '../session/client';
import { EXIT, Failure } from '../session/failure';
import type { Story } from './story';

/** One part of the demo. It leaves the account as it found it, but for invoices, which nothing undoes. */
export interface Chapter {
  readonly name: string;
  readonly play: (story: Story, stage: Stage) => Promise<void>;
}

/** What later chapters use of earlier ones. */
export interface Stage {
  droplet?: { readonly id: string; readonly providerId: string; readonly name: string };
}

const ORDERED_SIZE = 's-1vcpu-2gb';
const OTHER_SIZE = 's-2vcpu-4gb';
const IMAGE = 'ubuntu-24-04-x64';

interface ProviderDroplet {
  readonly id: number;
  readonly name: string;
  readonly size_slug: string;
  readonly status: string;
  /** While an action runs. */
  readonly locked: boolean;
}

export const CHAPTERS: readonly Chapter[] = [
  { name: 'overview', play: overview },
  { name: 'limit', play: limit },
  { name: 'crash', play: crash },
  { name: 'drift', play: drift },
  { name: 'half-list', play: halfList },
  { name: 'month', play: month },
];

async function overview(story: Story): Promise<void> {
  await story.chapter(
    'What exists, who owns it, what it costs',
    'One DigitalOcean account, twelve customers. Every resource has an owner, or is listed as having none.',
  );
  await story.arcadia(['tenants', 'ls', '--fields', 'id,name,status,usage.resources.droplet,usage.monthly_run_rate']);
  await story.arcadia(['cost', 'summary', '--basis', 'accrued', '--group-by', 'kind']);
}

/** The tenant that has as many droplets as it may have, or more. */
async function fullTenant(story: Story): Promise<{ id: string; projectId: string }> {
  const { data } = await answered(story.admin.GET('/api/v1/tenants', { params: { query: { limit: 200 } } }));
  const full = data.find(
    ({ status, limits, usage }) =>
      status === 'active' && typeof limits?.max_droplets === 'number' && Number(usage?.resources['droplet'] ?? 0) >= limits.max_droplets,
  );
  const { data: projects } = await answered(story.admin.GET('/api/v1/projects', { params: { query: { limit: 200 } } }));
  const project = projects.find(({ tenant_id }) => tenant_id === full?.id);
  if (!full || !project) throw new Failure(EXIT.failed, 'No tenant of the demo account is at its limit of droplets', 'demo_failed');
  return { id: full.id, projectId: project.id };
}

async function limit(story: Story): Promise<void> {
  const { id, projectId } = await fullTenant(story);
  await story.chapter(
    'A limit refuses',
    `The tenant ${id} has all the droplets that it may have. One more is refused before anything is created, and the refusal says what to do.`,
  );
  await story.arcadia(['tenants', 'limits', id, '--fields', 'max_droplets,max_monthly_cost,changed_by']);
  await story.arcadia(['order', 'provision_droplet', '--set', 'name=one-too-many', ...order(), `project_id=${projectId}`], {
    exit: EXIT.conflict,
  });
}

const order = () => [`size_slug=${ORDERED_SIZE}`, 'region=fra1', `image=${IMAGE}`];

async function crash(story: Story, stage: Stage): Promise<void> {
  await story.chapter(
    'A crash in the middle of an order',
    'acme orders a droplet. The worker is killed while it creates it. Another one continues, and there is exactly one droplet.',
  );
  const name = `shop-${story.now().toString(36)}`;
  const key = randomUUID();
  await story.arcadia(['order', 'provision_droplet', '--set', `name=${name}`, ...order(), '--dry-run'], { asTenant: true });
  await story.arcadia(['order', 'provision_droplet', '--set', `name=${name}`, ...order(), '--idempotency-key', key], { asTenant: true });
  const saga = await story.until('the order', async () => {
    const query = { kind: 'provision_droplet', q: name, limit: 1 };
    return (await answered(story.admin.GET('/api/v1/sagas', { params: { query } }))).data[0];
  });
  await story.until('the first step of the order', async () => {
    const { data } = await answered(story.admin.GET('/api/v1/sagas/{id}', { params: { path: { id: saga.id } } }));
    return data.steps.some(({ status }) => status !== 'planned');
  });
  const { worker } = story.pids;
  if (worker === undefined) throw new Failure(EXIT.failed, 'npm start runs no worker', 'demo_failed');
  await story.command(`kill -9 ${worker}`, 'the worker');
  process.kill(worker, 'SIGKILL');
  await story.arcadia(['saga', 'watch', saga.id, '--timeout', '3m']);
  const living = (await allDroplets(story)).filter((droplet) => droplet.name === name);
  await story.claim(living.length === 1, `the provider has ${living.length} droplet named ${name}`);
  const [droplet] = living;
  const known = await story.until('the droplet in the inventory', async () => {
    const query = { kind: 'droplet', provider_id: String(droplet?.id), limit: 1 };
    return (await answered(story.admin.GET('/api/v1/inventory', { params: { query } }))).data[0];
  });
  stage.droplet = { id: known.id, providerId: String(droplet?.id), name };
}

async function allDroplets(story: Story): Promise<readonly ProviderDroplet[]> {
  const { droplets } = await story.provider<{ droplets: ProviderDroplet[] }>('GET', 'droplets?per_page=200');
  return droplets;
}

async function drift(story: Story, { droplet }: Stage): Promise<void> {
  if (!droplet) return;
  await story.chapter(
    'A resize behind your back',
    `Somebody opens DigitalOcean’s control panel and makes ${droplet.name} twice as large. No saga asked for it.`,
  );
  await inPanel(story, droplet.providerId, { type: 'power_off' });
  await inPanel(story, droplet.providerId, { type: 'resize', size: OTHER_SIZE });
  await inPanel(story, droplet.providerId, { type: 'power_on' });
  await story.say(
    'Sweeps run by themselves every minute; here they are requested. The provider’s list of actions names what made the difference.',
  );
  await sweep(story, 'action', 'complete');
  await sweep(story, 'droplet', 'complete');
  const found = await story.until('the drift and its cause', async () => {
    await answered(story.admin.POST('/api/v1/drift/detect', { body: {} }));
    const query = { resource_id: droplet.id, status: 'open', field: 'size_slug', limit: 1 } as const;
    const [first] = (await answered(story.admin.GET('/api/v1/drift', { params: { query } }))).data;
    return first?.cause ? first : undefined;
  });
  const fields = 'resource_name,field,expected,actual,monthly_price_delta,severity,cause.action,cause.at,cause.ours';
  await story.arcadia(['drift', 'ls', '--resource-id', droplet.id, '--status', 'open', '--fields', fields]);
  await story.arcadia(['drift', 'revert', found.id, '--dry-run']);
  await story.arcadia(['drift', 'revert', found.id, '--reason', 'not agreed with acme', '--wait', '--timeout', '5m']);
  const now = (await allDroplets(story)).find(({ id }) => String(id) === droplet.providerId);
  await story.claim(now?.size_slug === ORDERED_SIZE && now.status === 'active', `${droplet.name} runs as ${now?.size_slug} again`);
}

/** An action that no saga of ours requested. */
async function inPanel(story: Story, id: string, body: { readonly type: string; readonly size?: string }): Promise<void> {
  const path = `droplets/${id}/actions`;
  await story.command(`curl -X POST ${story.system.simulator}/v2/${path} -d '${JSON.stringify(body)}'`, 'somebody in the control panel');
  await story.provider('POST', path, body);
  await story.until(body.type, async () => {
    const { droplet } = await story.provider<{ droplet: ProviderDroplet }>('GET', `droplets/${id}`);
    const expected = body.size === undefined || droplet.size_slug === body.size;
    return expected && !droplet.locked && droplet.status === (body.type === 'power_on' ? 'active' : 'off');
  });
}

/** Requests a sweep and waits for its end. */
async function sweep(story: Story, kind: string, status: Schemas['SweepResponse']['status']): Promise<Schemas['SweepResponse']> {
  await story.command(`arcadia sweep run ${kind}`);
  const { data: requested } = await answered(story.admin.POST('/api/v1/sweeps', { body: { kind, reason: 'guided demo' } }));
  const ended = await story.until(`the sweep of ${kind}`, async () => {
    const { data } = await answered(story.admin.GET('/api/v1/sweeps/{id}', { params: { path: { id: requested.id } } }));
    return data.status === 'running' ? undefined : data;
  });
  await story.claim(ended.status === status, `the sweep of ${kind} is ${ended.status}: seen ${ended.seen}, deleted ${ended.deleted}`);
  return ended;
}

async function halfList(story: Story): Promise<void> {
  await story.chapter(
    'Half a list deletes nothing',
    'The provider answers with half of the droplets, and says that this is all. It happens.',
  );
  const before = await living(story);
  const { rules } = await story.simulator<{ rules: object[] }>('GET', 'faults');
  const fault = { id: 'demo-half-a-list', match: { method: 'GET', path: '/v2/droplets' }, effect: { type: 'hide', body: { ratio: 0.5 } } };
  await story.command(`curl -X PUT ${story.system.simulator}/_simulator/faults -d '${JSON.stringify({ rules: [fault] })}'`);
  await story.simulator('PUT', 'faults', { rules: [fault] });
  try {
    await sweep(story, 'droplet', 'suspect');
  } finally {
    await story.simulator('PUT', 'faults', { rules: rules.map(withoutCounts) });
  }
  await story.arcadia(['sweep', 'ls', '--kind', 'droplet', '--limit', '1', '--fields', 'status,seen,missing,deleted,reason']);
  const after = await living(story);
  await story.claim(after === before, `the inventory still has ${after} droplets; an admin could release the sweep, had they really gone`);
  await sweep(story, 'droplet', 'complete');
}

/** A rule as it was given: the report of the simulator also counts. */
function withoutCounts(rule: object): object {
  const { id, match, times, effect } = rule as Record<string, unknown>;
  return { id, match, ...(times !== undefined && { times }), effect };
}

async function living(story: Story): Promise<number> {
  const { data } = await answered(story.admin.GET('/api/v1/inventory/summary'));
  return data.by_kind.find(({ kind }) => kind === 'droplet')?.count ?? 0;
}

async function month(story: Story): Promise<void> {
  await story.chapter(
    'A month becomes an invoice',
    'The provider’s invoices are reconciled to the cent, each line has its owner and a price of ours. A draft is approved and issued.',
  );
  const query = { status: 'draft', sort: '-period', limit: 200 } as const;
  const drafts = (await answered(story.admin.GET('/api/v1/tenant-invoices', { params: { query } }))).data;
  const draft = drafts.find(({ actions, period }) => period !== null && (actions as readonly string[]).includes('approve'));
  if (draft) {
    await story.arcadia(['pnl', String(draft.period)]);
    await story.arcadia(['invoice', 'lines', draft.id, '--limit', '5']);
    await story.arcadia(['invoice', 'approve', draft.id, '--reason', 'checked'], {});
    await story.arcadia(['invoice', 'issue', draft.id, '--reason', 'end of the month'], {});
    return verify(story, draft.id);
  }
  const issued = { status: 'issued', sort: '-period', limit: 1 } as const;
  const [last] = (await answered(story.admin.GET('/api/v1/tenant-invoices', { params: { query: issued } }))).data;
  if (!last)
    throw new Failure(EXIT.failed, 'The demo account has no draft and no issued invoice yet: wait a minute after npm start', 'demo_failed');
  await story.say('Every draft has been issued already; here is the last invoice.');
  await verify(story, last.id);
}

async function verify(story: Story, id: string): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'arcadia-demo-')), 'invoice.pdf');
  await story.arcadia(['invoice', 'pdf', id, '--to', file]);
  await story.say('The file has its own proof. Anybody can compute each figure again, without us:');
  await story.command(`npm run invoice:verify -- ${file}`);
  const entry = entryPoint(__dirname);
  if (entry === undefined) return story.say('(This is a command of the repository, which is not here.)');
  const verified = await promisify(execFile)(process.execPath, [entry, 'invoice:verify', file]).catch((error: unknown) => {
    throw new Failure(EXIT.failed, `The invoice is not verified: ${String(error)}`, 'demo_failed');
  });
  await story.say(`${verified.stdout}${verified.stderr}`.trim());
  await story.claim(verified.stdout.startsWith('verified'), 'the invoice is verified');
}

/** The entry point of the repository, when the command runs inside it. */
function entryPoint(folder: string): string | undefined {
  const file = join(folder, 'apps/cli/entry.mjs');
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : entryPoint(dirname(folder));
}

/** Destroys what the demo ordered. */
export async function cleanUp(story: Story, { droplet }: Stage): Promise<void> {
  if (!droplet) return;
  await story.chapter('Afterwards', `acme destroys ${droplet.name} again.`);
  const destroy = [
    'order',
    'destroy_droplet',
    '--set',
    `resource_id=${droplet.id}`,
    `expected_name=${droplet.name}`,
    '--reason',
    'end of the demo',
    '--yes',
  ];
  await story.arcadia([...destroy, '--wait', '--timeout', '5m'], { asTenant: true });
  const left = (await allDroplets(story)).filter(({ name }) => name === droplet.name);
  await story.claim(left.length === 0, 'nothing of it is left at the provider');
}
