import { Catalog } from '#libs/catalog';
import { SagaApprovals, type SagaPlan, type SagaView } from '#libs/saga';
import { TenantLimits } from '#libs/tenants';
import { createTestDatabase } from '../../support/database';
import { ACME_HEADER, ADMIN, ADMIN_HEADER } from '../../support/principals';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { SeededRandom } from '../../support/seeded-random';
import { UNLIMITED_CALLS } from '../../support/settings';
import { createTestApp, type TestApp } from '../../support/test-app';
import { until } from '../../support/until';
import { asked, planCases, ZONE, type Asked, type Maker } from './plan-cases';

const RUNS = Number(process.env.PLAN_RUNS ?? (process.env.TEST_LONG ? 200 : 2));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const UNLIMITED = {
  max_droplets: null,
  max_vcpus: null,
  max_snapshots: null,
  max_monthly_cost: null,
  approval_over_monthly: null,
  max_destroys_per_hour: null,
  open_sagas: null,
};
/** Sagas that run at the same time. */
const AT_ONCE = 12;

let world: ProvisioningWorld;
let api: TestApp;
let cases: ReturnType<typeof planCases>;
beforeAll(async () => {
  const stored = await createTestDatabase();
  world = await newProvisioningWorld({ SAGA_OPEN_PER_TENANT: '1000' }, stored);
  const provider = { DO_API_URL: world.simulator.url, DO_API_TOKEN: 'dop_v1_simulator', ...UNLIMITED_CALLS };
  api = await createTestApp({ DATABASE_URL: stored.appUrl, ...provider });
  cases = planCases(world);
  await world.get(Catalog).refresh('provisioning');
  await world.get(TenantLimits).replace('acme', UNLIMITED, ADMIN);
  await world.simulator.change({ domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
});
afterAll(async () => {
  await api.close();
  await world.close();
});
afterEach(() => world.simulator.faults([]));

const confirm = (order: Asked, { plan_hash: planHash }: SagaPlan) => world.starts.start({ ...order, planHash, because: ADMIN });

/** Lost, late, refused and repeated writes. Reads of plans are not among them: a plan that cannot read a zone answers that. */
const FAULTS = ['POST', 'PATCH', 'DELETE'].flatMap((method) => [
  { id: `lost-${method}`, match: { method, path: '/v2/*', probability: 0.12 }, effect: { type: 'lose_answer' } },
  { id: `late-${method}`, match: { method, path: '/v2/*', probability: 0.08 }, effect: { type: 'late_commit', ms: 300 } },
  { id: `none-${method}`, match: { method, path: '/v2/*', probability: 0.1 }, effect: { type: 'status', status: 502 } },
]);

async function inGroups<T>(work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < work.length; at += AT_ONCE) results.push(...(await Promise.all(work.slice(at, at + AT_ONCE).map((one) => one()))));
  return results;
}

it(
  `does what its plan shows, to the step, the target and the price, whatever is lost on the way (seed ${SEED}) [TNT-4]`,
  async () => {
    const random = new SeededRandom(SEED);
    const names = Object.keys(cases.makers).flatMap((kind) => Array.from({ length: RUNS }, (_one, nr) => ({ kind, nr: `${nr}` })));
    const made = await inGroups(
      names.map(
        ({ kind, nr }) =>
          () =>
            (cases.makers[kind] as Maker)(nr, random),
      ),
    );
    await cases.sweep();
    const planned = await inGroups(made.map((one) => async () => ({ ...one, plan: await world.starts.plan(one.order) })));
    expect(planned.filter(({ plan }) => plan.refusal).map(({ order, plan }) => [order, plan.refusal])).toEqual([]);
    await world.simulator.faults(FAULTS);
    const ran = await inGroups(
      planned.map((one) => async () => {
        const id = await confirm(one.order, one.plan);
        world.engine.wake();
        return { ...one, saga: await world.ended(id) };
      }),
    );
    const fired = Object.values(await world.simulator.fired());
    await world.simulator.faults([]);
    const completed = ran.filter(({ saga }) => saga.status === 'completed');
    expect(fired.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0);
    expect(completed.length).toBeGreaterThan(names.length * 0.8);
    for (const { order, plan, saga, asPlanned } of completed) {
      const worked = saga.steps.filter(({ status }) => status !== 'skipped').map(({ name }) => name);
      expect({ order, steps: worked }).toEqual({ order, steps: plan.steps.map(({ name }) => name) });
      expect({ order, cost: saga.cost }).toEqual({ order, cost: plan.cost });
      expect({ order, asPlanned: await asPlanned(plan, saga), plan: plan.changes }).toMatchObject({ order, asPlanned: true });
    }
  },
  60_000 + RUNS * 20_000,
);

it('refuses a start whose plan is another one by now, with the new plan, and lets a sweep that changes nothing of it pass [TNT-4]', async () => {
  const droplet = await cases.newDroplet('changed');
  const order = asked('resize_droplet', { resource_id: droplet.resource_id, size_slug: 's-2vcpu-4gb' });
  const plan = await world.starts.plan(order);
  await world.simulator.call('POST', '/v2/tags', { name: 'unrelated' });
  await world.simulator.call('POST', '/v2/tags/unrelated/resources', {
    resources: [{ resource_id: String(droplet.id), resource_type: 'droplet' }],
  });
  await cases.sweep();
  await world.get(Catalog).refresh('provisioning');
  const again = await world.starts.plan(order);
  const ofOneMinute = again.plan_expires_at === plan.plan_expires_at;
  expect(ofOneMinute ? again.plan_hash : plan.plan_hash).toBe(plan.plan_hash);
  await cases.actUpon(droplet, { type: 'power_off' });
  await until(async () => (await cases.sweep(), (await world.resource('droplet', String(droplet.id)))?.status === 'off'), {
    what: 'the state off',
  });
  const refused = await confirm(order, plan).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'plan_changed', category: 'conflict', plan: { kind: 'resize_droplet' } });
  const next = (refused as { plan: SagaPlan }).plan;
  expect(next.steps.map(({ name }) => name)).toEqual(['resize', 'record_size']);
  await world.asOwner(`update provider_sizes set price_monthly = 25 where slug = 's-2vcpu-4gb'`);
  await expect(confirm(order, next)).rejects.toMatchObject({ code: 'plan_changed', plan: { cost: { after_monthly: '25.00' } } });
  await world.get(Catalog).refresh('provisioning');
  await expect(confirm(order, { ...next, plan_hash: 'A'.repeat(43) })).rejects.toMatchObject({ code: 'plan_changed' });
  await world.simulator.faults([{ id: 'hold', match: { method: 'POST', path: '/v2/droplets/*/actions' }, effect: { type: 'hold' } }]);
  await confirm(asked('resize_droplet', order.input, null), await world.starts.plan({ ...order, tenantId: null }));
  await expect(confirm(order, await world.starts.plan(order))).rejects.toMatchObject({ code: 'resource_busy' });
  await world.simulator.faults([]);
});

it('tells in the plan what stands in the way of a start: a hold, a limit that is reached, an approval [TNT-4, TNT-2]', async () => {
  const droplet = await cases.newDroplet('held');
  const order = asked('snapshot_droplet', { resource_id: droplet.resource_id });
  await world.get(TenantLimits).replace('acme', { ...UNLIMITED, max_snapshots: 0 }, ADMIN);
  const full = await world.starts.plan(order);
  expect(full).toMatchObject({ steps: [{ name: 'take_snapshot' }, { name: 'await_snapshot' }], refusal: { code: 'limit_exceeded' } });
  expect(full.limits).toContainEqual(expect.objectContaining({ limit: 'max_snapshots', allowed: 0, requested: 1, ok: false }));
  await expect(confirm(order, full)).rejects.toMatchObject({ code: 'limit_exceeded' });
  await world.get(TenantLimits).replace('acme', UNLIMITED, ADMIN);
  await world.simulator.faults([{ id: 'hold', match: { method: 'POST', path: '/v2/droplets/*/actions' }, effect: { type: 'hold' } }]);
  const first = await world.start('snapshot_droplet', order.input);
  expect(await world.starts.plan(order)).toMatchObject({ refusal: { code: 'resource_busy' }, holds: [`droplet:${droplet.id}`] });
  await world.simulator.faults([]);
  expect((await world.ended(first)).status).toBe('completed');
});

it('starts a destroy under the plan that its person has read before typing the name [TNT-4]', async () => {
  const { resource_id, name } = await cases.newDroplet('typed');
  const plan = await world.starts.plan(asked('destroy_droplet', { resource_id }, null));
  const id = await confirm(asked('destroy_droplet', { resource_id, expected_name: name }, null), plan);
  world.engine.wake();
  expect((await world.ended(id)).status).toBe('completed');
});

it('approves the plan that was asked for, and not another one [TNT-3, TNT-4]', async () => {
  const approver = { by: { sub: 'grace', role: 'platform_admin' } };
  await world.get(TenantLimits).replace('acme', { ...UNLIMITED, approval_over_monthly: '10.00' }, ADMIN);
  const order = asked('provision_droplet', { ...ORDER, name: 'approved', size_slug: 's-2vcpu-2gb' });
  const plan = await world.starts.plan(order);
  expect(plan.approval).toMatchObject({ required: true });
  const id = await confirm(order, plan);
  await world.asOwner(`update provider_sizes set price_monthly = price_monthly + 1 where slug = 's-2vcpu-2gb'`);
  const refused = await world
    .get(SagaApprovals)
    .approve(id, approver)
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'plan_changed', plan: { kind: 'provision_droplet', cost: { source: 'catalog' } } });
  await world.get(Catalog).refresh('provisioning');
  await world.get(SagaApprovals).approve(id, approver);
  world.engine.wake();
  expect(await world.ended(id)).toMatchObject({ status: 'completed', cost: plan.cost });
  await world.get(TenantLimits).replace('acme', UNLIMITED, ADMIN);
});

it('approves no start whose target has got another owner since it was asked for [TNT-3, TNT-4]', async () => {
  const droplet = await cases.newDroplet('moved');
  await world.get(TenantLimits).replace('acme', { ...UNLIMITED, approval_over_monthly: '10.00' }, ADMIN);
  const order = asked('resize_droplet', { resource_id: droplet.resource_id, size_slug: 's-2vcpu-4gb' }, null);
  const plan = await world.starts.plan(order);
  expect(plan.approval).toMatchObject({ required: true });
  const id = await confirm(order, plan);
  const giveTo = (tenant: string) =>
    world.asOwner('update cloud_resources set tenant_id = $2 where id = $1', [droplet.resource_id, tenant]);
  const approve = () => world.get(SagaApprovals).approve(id, { by: { sub: 'grace', role: 'platform_admin' } });
  await giveTo('globex');
  await expect(approve()).rejects.toMatchObject({ code: 'plan_changed', message: expect.stringContaining('another owner') as unknown });
  await giveTo('acme');
  await approve();
  world.engine.wake();
  expect(await world.ended(id)).toMatchObject({ status: 'completed', tenant_id: 'acme' });
  await world.get(TenantLimits).replace('acme', UNLIMITED, ADMIN);
});

it('costs what the provider then bills for a whole month, to the cent [TNT-4]', async () => {
  await world.simulator.setDroplets([]);
  const orders = [{ name: 'plain' }, { name: 'backed-up', backups: true }, { name: 'large', size_slug: 's-4vcpu-8gb' }];
  const costs = new Map<string, string | null>();
  for (const one of orders) {
    const order = asked('provision_droplet', { ...ORDER, ...one });
    const plan = await world.starts.plan(order);
    expect((await world.ended(await confirm(order, plan))).status).toBe('completed');
    costs.set(one.name, plan.cost.after_monthly);
  }
  const [large] = await cases.live('large');
  const resource = await world.resource('droplet', String(large?.id));
  const order = asked('resize_droplet', { resource_id: resource?.id ?? '', size_slug: 's-8vcpu-16gb' });
  const plan = await world.starts.plan(order);
  expect((await world.ended(await confirm(order, plan))).status).toBe('completed');
  costs.set('large', plan.cost.after_monthly);
  await world.simulator.change({ invoice_seed: { seed: 1, scale: 11, tenants: 1, start_ms: Date.now() + 150 * 86_400_000 } });
  const list = (await world.simulator.call('GET', '/v2/customers/my/invoices')) as { invoices: { invoice_uuid: string }[] };
  const { invoice_items: lines } = (await world.simulator.call(
    'GET',
    `/v2/customers/my/invoices/${list.invoices[0]?.invoice_uuid}?per_page=200`,
  )) as { invoice_items: { product: string; description: string; resource_id?: string; amount: string }[] };
  // Lines of other machines of the same name have other ids; lines of backups have none.
  const ids = new Map((await world.simulator.droplets()).map(({ id, name }) => [String(id), name]));
  const nameOf = ({ resource_id: id, product, description }: (typeof lines)[number]) =>
    product === 'Droplet Backups' ? description.split(' ')[0] : ids.get(id ?? '');
  const cents = (name: string) =>
    lines.filter((line) => nameOf(line) === name).reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0);
  for (const { name } of orders) expect({ name, billed: cents(name) }).toEqual({ name, billed: Math.round(Number(costs.get(name)) * 100) });
});

describe('the routes of plans', () => {
  const post = (path: string, body: object, header = ACME_HEADER, key?: string) => {
    const request = api.http().post(`/api/v1/${path}`).set(header);
    return (key === undefined ? request : request.set('idempotency-key', key)).send(body);
  };
  const KEYS = 'approval changes cost creates destroys downtime holds kind leaves limits plan_expires_at plan_hash steps warnings'.split(
    ' ',
  );

  it('answer 200 with the whole plan for every kind, and a start under its hash is accepted [TNT-4]', async () => {
    const { resource_id } = await cases.newDroplet('by-http');
    const orders: [string, Record<string, unknown>][] = [
      ['provision_droplet', { ...ORDER, name: 'by-http-2' }],
      ['destroy_droplet', { resource_id, expected_name: 'by-http', after_hours: 2 }],
      ['power_droplet', { resource_id, action: 'reboot' }],
      ['snapshot_droplet', { resource_id }],
      ['resize_droplet', { resource_id, size_slug: 's-2vcpu-4gb' }],
      ['upsert_dns_record', cases.record('by-http', '203.0.113.1')],
      ['delete_dns_record', cases.record('by-http', '203.0.113.1')],
      ['demo', { steps: ['echo'] }],
    ];
    for (const [kind, input] of orders) {
      const { status, body } = await post('sagas?dry_run=true', { kind, input });
      expect({ kind, status, keys: Object.keys((body as { data: object }).data).sort() }).toEqual({ kind, status: 200, keys: KEYS });
    }
    const [kind, input] = orders[4] ?? ['', {}];
    const { plan_hash } = ((await post('sagas?dry_run=true', { kind, input })).body as { data: SagaPlan }).data;
    const started = await post('sagas', { kind, input, plan_hash }, ACME_HEADER, 'once');
    expect(started).toMatchObject({ status: 202, body: { data: { cost: { delta_monthly: '18.00' } } } });
    const { id } = (started.body as { data: SagaView }).data;
    const repeated = await post('sagas', { kind, input, reason: 'again', plan_hash: 'B'.repeat(43) }, ACME_HEADER, 'once');
    expect(repeated).toMatchObject({ status: 202, body: { data: { id } } });
    const busy = await post('sagas?dry_run=true', { kind, input }, ADMIN_HEADER);
    expect(busy).toMatchObject({ status: 200, body: { data: { refused: { status: 409, code: 'resource_busy' } } } });
    world.engine.wake();
    await world.ended(id);
    const changed = await post('sagas', { kind, input: { ...input, size_slug: 's-4vcpu-8gb' }, plan_hash });
    expect(changed).toMatchObject({ status: 409, body: { code: 'plan_changed', plan: { kind, cost: { after_monthly: '48.00' } } } });
    expect(Object.keys((changed.body as { plan: object }).plan).sort()).toEqual(KEYS);
  });

  it('refuse invalid input with 400 and unknown things with 404, planned or not, and what only the state refuses in the plan [TNT-4]', async () => {
    const { resource_id } = await cases.newDroplet('refused');
    const wrong: [number, string, Record<string, unknown>][] = [
      [400, 'provision_droplet', { ...ORDER, size_slug: 's-unknown' }],
      [400, 'resize_droplet', { resource_id, size_slug: 's-unknown' }],
      [400, 'upsert_dns_record', cases.record('x', 'not an address')],
      [404, 'destroy_droplet', { resource_id: '00000000-0000-4000-8000-0000000000ff' }],
    ];
    for (const [status, kind, input] of wrong)
      for (const query of ['', '?dry_run=true']) expect(await post(`sagas${query}`, { kind, input })).toMatchObject({ status });
    expect(await post('sagas', { kind: 'demo', input: { steps: ['echo'] }, plan_hash: 'short' })).toMatchObject({ status: 400 });
    const order = { kind: 'resize_droplet', input: { resource_id, size_slug: 's-1vcpu-512mb-10gb' } };
    const refused = ((await post('sagas?dry_run=true', order)).body as { data: { refused: object } }).data;
    expect(refused).toMatchObject({ steps: [], refused: { status: 409, code: 'disk_cannot_shrink' } });
    expect(await post('sagas', order)).toMatchObject({ status: 409, body: { code: 'disk_cannot_shrink' } });
    const destroy = (expected_name: string) => ({ kind: 'destroy_droplet', input: { resource_id, expected_name } });
    const protect = (on: boolean) => api.http().patch(`/api/v1/inventory/${resource_id}`).set(ACME_HEADER).send({ protected: on });
    expect(await protect(true)).toMatchObject({ status: 200 });
    for (const [code, body] of [
      ['name_mismatch', destroy('another')],
      ['resource_protected', destroy('refused')],
    ] as const) {
      const planned = await post('sagas?dry_run=true', body);
      expect(planned).toMatchObject({ status: 200, body: { data: { refused: { status: 409, code } } } });
      expect(await post('sagas', body)).toMatchObject({ status: 409, body: { code } });
    }
    expect(await protect(false)).toMatchObject({ status: 200 });
    expect((await post('sagas?dry_run=true', destroy('refused'))).body).not.toHaveProperty('data.refused');
  });
});

it('writes nothing for a plan, in the database or at the provider, but what the reads of DNS records count [TNT-4]', async () => {
  const droplet = await cases.newDroplet('watched');
  await cases.addRecord('watched', '203.0.113.9');
  const drained = world.engine.drain();
  world.engine.abandon();
  await drained;
  const tables = (await world.asOwner(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')`,
  )) as { name: string }[];
  await world.asOwner(`create table statements_seen (name text);
    grant insert on statements_seen to public;
    create function note_statement() returns trigger language plpgsql as $$
      begin insert into statements_seen values (tg_relid::regclass::text || ' ' || tg_op); return null; end $$;`);
  for (const { name } of tables)
    await world.asOwner(
      `create trigger seen before insert or update or delete or truncate on ${name} for each statement execute function note_statement()`,
    );
  const calls = (await world.simulator.calls()).at(-1)?.seq ?? 0;
  for (const order of [
    asked('provision_droplet', { ...ORDER, name: 'never' }),
    asked('destroy_droplet', { resource_id: droplet.resource_id, expected_name: droplet.name, final_snapshot: true }),
    asked('power_droplet', { resource_id: droplet.resource_id, action: 'off' }),
    asked('snapshot_droplet', { resource_id: droplet.resource_id }),
    asked('resize_droplet', { resource_id: droplet.resource_id, size_slug: 's-2vcpu-4gb' }),
    asked('revert_droplet', { resource_id: droplet.resource_id, fields: ['name'] }, null),
    ...['upsert_dns_record', 'delete_dns_record'].map((kind) => asked(kind, cases.record('watched', '203.0.113.9'))),
    asked('demo', { steps: ['echo', 'fail'] }),
  ])
    expect(await world.starts.plan(order)).toMatchObject({ kind: order.kind, plan_hash: expect.stringMatching(/^[\w-]{43}$/) as unknown });
  const seen = (await world.asOwner('select distinct name from statements_seen')) as { name: string }[];
  expect(seen.filter(({ name }) => !/^provider_(tokens|calls) /.test(name))).toEqual([]);
  const sent = (await world.simulator.calls(calls)).map(({ method, path }) => `${method} ${path}`);
  expect(sent).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^GET \/v2\/domains\/.*records/) as unknown));
});
