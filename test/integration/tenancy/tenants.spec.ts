import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { JWT_SECRET } from '../../support/settings';
import { ADMIN_HEADER, ACME_HEADER, tenantHeader } from '../../support/principals';
import { aProject, aResource, aSaga, insert } from '../../support/factories';
import { hasProgram } from '../../support/needed-program';
import { runArcadia } from '../../support/run-arcadia';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
beforeAll(async () => {
  world = await newTenancyWorld();
});
afterAll(() => world.close());

type Body = Readonly<Record<string, unknown>>;
const get = async (path: string, headers = ADMIN_HEADER, status = 200) =>
  (await world.http().get(`/api/v1/${path}`).set(headers).expect(status)).body as Body & { data: never; code: string };
const post = async (body: Body, status = 201, headers = ADMIN_HEADER) =>
  (await world.http().post('/api/v1/tenants').set(headers).send(body).expect(status)).body as Body & {
    data: never;
    code: string;
    detail: string;
  };
const patch = async (path: string, body: Body, status = 200, headers = ADMIN_HEADER) =>
  (await world.http().patch(`/api/v1/${path}`).set(headers).send(body).expect(status)).body as Body & {
    data: never;
    code: string;
    detail: string;
  };
const start = (headers: typeof ADMIN_HEADER, body: Body) => world.http().post('/api/v1/sagas').set(headers).send(body);
const acmesDroplet = () =>
  world.resources.find(({ tenant, status }, nr) => tenant === 'acme' && status === 'active' && nr % 2 === 0)?.id ?? '';

const acmesDestroy = async () => {
  const { name } = (await get(`inventory/${acmesDroplet()}`)).data as { readonly name: string };
  return { kind: 'destroy_droplet', input: { resource_id: acmesDroplet(), expected_name: name } };
};

const order = { kind: 'provision_droplet', input: { name: 'web-9', size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' } };

it('registers a tenant once, whatever the letter case, and lists it with what it has', async () => {
  const { data } = await post({ id: 'Initech', name: 'Initech Ltd', contact_email: 'ops@initech.example', notes: 'pays late' });
  expect(data).toMatchObject({
    id: 'Initech',
    status: 'active',
    source: 'admin',
    closed_at: null,
    usage: { resources: {}, vcpus: 0, monthly_run_rate: '0.00' },
    limits: { max_droplets: 20 },
  });
  for (const id of ['Initech', 'initech']) expect(await post({ id }, 409)).toMatchObject({ code: 'tenant_exists' });
  for (const id of ['unknown', 'default', ' x', 'x\u0007', ''])
    expect(await post({ id }, 400)).toMatchObject({ code: 'validation_failed' });
  expect((await get('tenants/acme')).data).toMatchObject({
    usage: { resources: { droplet: 4, volume: 4 }, open_drift: 0, running_sagas: 0 },
  });
  expect(await get('tenants/acmee', ADMIN_HEADER, 404)).toMatchObject({ code: 'tenant_not_found' });
});

it('narrows and orders the list of tenants, page by page', async () => {
  const ids = async (query: string) => {
    const found: string[] = [];
    for (let cursor = ''; ;) {
      const page = (await get(`tenants?limit=3${query}${cursor}`)) as unknown as {
        data: { id: string }[];
        page: { next_cursor: string | null };
      };
      found.push(...page.data.map(({ id }) => id));
      if (page.page.next_cursor === null) return found;
      cursor = `&cursor=${page.page.next_cursor}`;
    }
  };
  const known = await ids('');
  expect(known.length).toBeGreaterThan(10);
  expect(await ids('&sort=-id')).toEqual(known.toReversed());
  await patch('tenants/zed', { name: 'Aardvark 100% Ltd', notes: 'first in the book' });
  expect((await ids('&sort=name'))[0]).toBe('zed');
  expect(await ids('&sort=-name')).toHaveLength(known.length);
  expect(await ids('&sort=-created_at')).toEqual((await ids('&sort=created_at')).toReversed());
  expect(await ids('&q=AARDVARK')).toEqual(['zed']);
  expect(await ids('&q=100%25')).toEqual(['zed']);
  await patch('tenants/dora', { status: 'suspended' });
  expect(await ids('&status=suspended,closed')).toEqual(['dora']);
  expect(await get('tenants?status=asleep', ADMIN_HEADER, 400)).toMatchObject({ code: 'validation_failed' });
});

it('assigns nothing to an id that is not registered or to a tenant that leaves, and names the nearest one [TNT-1]', async () => {
  const paths = [`inventory/${acmesDroplet()}`, `projects/${world.projects['globex'] ?? ''}`];
  await patch('tenants/fern', { status: 'offboarding' });
  for (const path of paths) {
    expect(await patch(path, { tenant_id: 'Acme' }, 400)).toMatchObject({
      code: 'unknown_tenant',
      detail: expect.stringContaining('acme') as string,
    });
    expect(await patch(path, { tenant_id: 'fern' }, 409)).toMatchObject({ code: 'tenant_not_active' });
    expect(await patch(path, { tenant_id: 'acme', unassigned: true }, 400)).toMatchObject({ code: 'validation_failed' });
    for (const [effective_from, reason] of [
      ['2999-01-01T00:00:00Z', 'x'],
      ['2026-01-01T00:00:00Z', ''],
    ]) {
      expect(await patch(path, { tenant_id: 'acme', effective_from, reason }, 400)).toMatchObject({ code: 'validation_failed' });
    }
  }
  expect((await patch(paths[0] ?? '', { unassigned: true, effective_from: '2026-01-01T00:00:00Z', reason: 'ours' })).data).toMatchObject({
    tenant_id: null,
    attribution: { by: 'override', ref: null },
  });
  expect((await get(`inventory/${acmesDroplet()}?`)).data).toMatchObject({ tenant_id: null });
  await patch(paths[0] ?? '', { tenant_id: 'acme' });
});

it('gives a token of an unregistered tenant no rows and refuses its changes [TNT-1]', async () => {
  const stranger = tenantHeader('acmee');
  await aSaga(world.owner, { tenant_id: 'acmee' });
  for (const path of ['inventory', 'sagas']) expect(await get(path, stranger)).toMatchObject({ data: [] });
  expect((await start(stranger, order).expect(403)).body).toMatchObject({ code: 'tenant_not_registered' });
  expect((await get('me', stranger)).data).toMatchObject({
    tenant: { id: 'acmee', name: null, status: null },
    usage: null,
    permissions: [],
  });
});

it('lets a suspended tenant read and start nothing; an admin starts for it with an override and a reason', async () => {
  const destroy = await acmesDestroy();
  expect((await patch('tenants/acme?dry_run=true', { status: 'suspended' })).data).toMatchObject({
    stops: ['new_starts'],
    resources: 8,
    refused: null,
  });
  expect((await get('tenants/acme')).data).toMatchObject({ status: 'active' });
  await patch('tenants/acme', { status: 'suspended', reason: 'unpaid' });
  expect(await get('inventory', ACME_HEADER)).toMatchObject({
    data: expect.arrayContaining([expect.objectContaining({ tenant_id: 'acme' })]) as unknown,
  });
  for (const headers of [ACME_HEADER, ADMIN_HEADER])
    expect((await start(headers, destroy).expect(409)).body).toMatchObject({ code: 'tenant_not_active' });
  expect((await get('me', ACME_HEADER)).data).toMatchObject({
    tenant: { status: 'suspended' },
    permissions: ['inventory.read', 'sagas.cancel', 'sagas.read'],
  });
  await patch('tenants/acme', { status: 'active' });
  expect((await get('me', ACME_HEADER)).data).toMatchObject({
    permissions: expect.arrayContaining(['sagas.order', 'sagas.start']) as unknown,
    usage: { resources: { droplet: 4 }, last_invoiced: null },
    limits: { open_sagas: 50 },
  });
});

it('refuses new orders of a tenant while they are blocked, and nothing else', async () => {
  await patch('tenants/acme', { orders_blocked_reason: 'invoice 2026-10 is unpaid' });
  const input = { ...order.input, project_id: world.projects['acme'] };
  expect((await start(ACME_HEADER, { ...order, input }).expect(409)).body).toMatchObject({
    code: 'orders_blocked',
    detail: expect.stringContaining('2026-10') as string,
  });
  expect((await get('me', ACME_HEADER)).data).toMatchObject({
    permissions: ['inventory.read', 'sagas.cancel', 'sagas.read', 'sagas.start'],
  });
  await start(ACME_HEADER, await acmesDestroy()).expect(202);
  await patch('tenants/acme', { orders_blocked_reason: null });
});

it('closes a tenant only when it has nothing; its token then reads and starts nothing', async () => {
  const account = await world.database.query<{ id: string }>('select id from cloud_accounts');
  await patch('tenants/cedar', { status: 'active', name: 'Cedar' });
  const resource = await aResource(world.owner, { account_id: account[0]?.id, tenant_id: 'cedar' });
  const saga = await aSaga(world.owner, { tenant_id: 'cedar' });
  const project = await aProject(world.owner, { account_id: account[0]?.id, tenant_id: 'cedar' });
  const refused = { code: 'tenant_not_empty', detail: expect.stringContaining('1 living resource, 1 project, 1 open saga') as string };
  expect((await patch('tenants/cedar?dry_run=true', { status: 'closed' })).data).toMatchObject({
    stops: ['reads', 'new_starts', 'new_ownership'],
    refused,
  });
  expect(await patch('tenants/cedar', { status: 'closed' }, 409)).toMatchObject(refused);
  await world.owner.query(`update cloud_resources set status = 'deleted', deleted_at = now() where id = $1`, [resource]);
  await world.owner.query(`update cloud_projects set deleted_at = now() where id = $1`, [project]);
  await world.owner.query(`update saga_runs set status = 'completed', wake_at = null, finished_at = now() where id = $1`, [saga]);
  expect((await patch('tenants/cedar', { status: 'closed' })).data).toMatchObject({
    status: 'closed',
    closed_at: expect.any(String) as string,
  });
  const cedar = tenantHeader('cedar');
  expect(await get('inventory?status=deleted', cedar, 403)).toMatchObject({ code: 'tenant_closed' });
  expect((await start(cedar, order).expect(409)).body).toMatchObject({ code: 'tenant_not_active' });
  expect(await world.database.asTenant('cedar', (tx) => tx.query('select 1 from cloud_resources'))).toEqual([]);
  expect((await get('me', cedar)).data).toMatchObject({ tenant: { status: 'closed' }, permissions: [] });
  expect(await patch('tenants/cedar', { status: 'suspended' }, 409)).toMatchObject({ code: 'tenant_status_refused' });
});

it('tells the feed of events what happened to a tenant, without what is for admins', async () => {
  await patch('tenants/served', { name: 'Served Ltd', orders_blocked_reason: 'secret quarrel', reason: 'secret plan' });
  const rows = await world.database.query(
    `select type, tenant_id, actor, subject_type, subject_name, data from events where subject_id = 'served'`,
  );
  expect(rows).toEqual([
    {
      type: 'tenant.changed',
      tenant_id: 'served',
      actor: 'ops',
      subject_type: 'tenant',
      subject_name: 'Served Ltd',
      data: { status: 'active', previous_status: 'active', orders_blocked: true },
    },
  ]);
});

it('tells an admin who it is, and lists ids that differ in letter case only', async () => {
  expect((await get('me')).data).toMatchObject({
    sub: 'ops',
    role: 'platform_admin',
    tenant: null,
    usage: null,
    permissions: expect.arrayContaining(['tenants.manage']) as unknown,
  });
  await insert(world.owner, 'tenants', { id: 'BIRD', name: 'BIRD', source: 'admin' });
  const twins = ['BIRD', 'bird'].map((id) => ({ id, reason: 'differs_by_case', project_id: null, project_name: null }));
  expect(await get('tenants/unknown')).toMatchObject({ data: twins });
});

const SAMPLES = [
  { language: 'js', name: 'sign-token.mjs', program: process.execPath, install: '', requiredBy: '' },
  { language: 'python', name: 'sign_token.py', program: 'python3', install: 'apt-get install python3', requiredBy: '' },
  {
    language: 'elixir',
    name: 'sign_token.exs',
    program: 'elixir',
    install: 'apt-get install elixir erlang-jose erlang-jiffy',
    requiredBy: 'REQUIRE_ELIXIR',
  },
];
const runnable = SAMPLES.filter(({ language, program, install, requiredBy }) =>
  hasProgram({ command: [program, '--version'], neededFor: `the sample of tokens.md for ${language}`, install, requiredBy }),
);

it.each(runnable)('accepts a token that the sample of tokens.md for $language signs', async ({ language, name, program }) => {
  const page = readFileSync(join(__dirname, '../../../docs/tokens.md'), 'utf8');
  const sample = new RegExp(`\`\`\`${language}\\n(.+?)\`\`\``, 's').exec(page)?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'sign-token-'));
  const file = join(folder, name);
  writeFileSync(file, sample);
  const env = { PATH: process.env.PATH, JWT_SECRET };
  const { stdout } = await promisify(execFile)(program, [file, 'acme', 'ada@acme.example'], { env });
  rmSync(folder, { recursive: true });
  const { data } = await get('me', { authorization: `Bearer ${stdout.trim()}` });
  expect(data).toMatchObject({ sub: 'ada@acme.example', role: 'tenant', tenant: { id: 'acme' } });
});

it('answers the command line: lists with all their rows, changes with their audit entry, refusals with their exit code', async () => {
  const ARCADIA_API = await world.app.getUrl();
  const arcadia = async (line: string, { authorization } = ADMIN_HEADER) => {
    const env = { ARCADIA_API, ARCADIA_TOKEN: authorization.replace('Bearer ', '') };
    const { out, err, exitCode } = await runArcadia(line.split(' '), { env });
    return { rows: out.split('\n').filter(Boolean), err, exitCode };
  };
  const lists = [
    'inventory ls --kind droplet',
    'tenants ls',
    'saga ls --status failed',
    'drift ls --status open',
    'sweep ls --status suspect',
  ];
  for (const line of [
    ...lists,
    'provider-invoice ls',
    'cost lines',
    'audit ls',
    'cost summary',
    `inventory history ${acmesDroplet()}`,
    'me',
  ]) {
    expect({ line, ...(await arcadia(line)) }).toMatchObject({ line, err: '', exitCode: 0 });
  }
  const living = world.resources.filter(({ status }) => status === 'active').map(({ id }) => id);
  expect((await arcadia('inventory ls -o name')).rows.sort()).toEqual(expect.arrayContaining(living));
  expect((await arcadia('sweep ls --status suspect --exit-code -o name')).exitCode).toBe(3);

  expect(await arcadia('tenants create stark --name Stark --reason contract-12 -o name')).toMatchObject({ rows: ['stark'], exitCode: 0 });
  const limits = 'tenants limits stark --fields max_droplets,max_monthly_cost,inherited';
  const set = await arcadia(`${limits} --set max_droplets=40 max_monthly_cost=none --reason contract-12`);
  expect(set.rows[0]).toMatch(/^40\t\t\["max_vcpus",/);
  expect((await arcadia(`tenants limits stark --set max_droplets=inherit --fields max_droplets,max_monthly_cost`)).rows).toEqual(['20\t']);
  expect(await arcadia(`inventory assign ${acmesDroplet()} --tenant stark --fields tenant_id`)).toMatchObject({
    rows: ['stark'],
    exitCode: 0,
  });
  expect((await arcadia(`audit ls --target-id ${acmesDroplet()} --limit 1 --fields action`)).rows).toEqual(['owner_set']);
  await arcadia(`inventory assign ${acmesDroplet()} --tenant acme`);
  expect((await arcadia(`drift ignore ${world.drift} --for 30d --reason moved --fields field,expires_at`)).exitCode).toBe(0);

  expect(await arcadia('sweep run droplet', ACME_HEADER)).toMatchObject({
    exitCode: 4,
    err: expect.stringContaining('platform_admin_required') as string,
  });
  expect((await arcadia(`inventory get ${world.suspectSweep}`)).exitCode).toBe(5);
  expect((await arcadia('tenants create stark')).exitCode).toBe(6);
  expect(await arcadia('inventory ls --kind dropet')).toMatchObject({ exitCode: 2, err: expect.stringContaining('droplet') as string });
});
