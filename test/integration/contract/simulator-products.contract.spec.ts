import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { PRODUCT_GROUPS } from '../../../apps/simulator/src/endpoints/endpoints';
import { NOT_IN_THE_DEMO } from '../../support/listed-products';
import { HOW_TO_GET, loadOpenApiDocument } from './openapi-document';
import { SCRIPTS, type Walk, WALKS } from './product-walks';
import { type Body, checkedCalls, undriven } from './simulator-calls';

const document = loadOpenApiDocument();
const isWhole = document?.templateOf('/v2/vpc_nat_gateways') !== undefined;
if (!isWhole) {
  const how =
    document === undefined ? HOW_TO_GET : 'The document has only some of the paths of DigitalOcean: set DO_OPENAPI to the whole one.';
  console.warn(how);
  it(`SKIPPED: ${how}`, () => {
    expect(isWhole).toBe(false);
  });
}

type Json = Record<string, unknown>;

(isWhole ? describe : describe.skip)('databases, clusters, apps and the other products against the whole official document', () => {
  let simulator: RunningSimulator;
  /** Ids of prepared objects by the name that the walks give them. */
  const prepared: Record<string, string> = {};
  const call = checkedCalls(() => simulator);
  const control = async (method: string, path: string, body: unknown) => {
    const answer = await fetch(`${simulator.url}/_simulator/${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const settle = () => control('POST', 'clock', { advance_ms: 60_000 });
  const textOf = (value: unknown, field: string) => String((value as Json)[field]);
  /** The object of a response, which is under one key or the response itself. */
  const objectOf = (body: Body): Json => {
    const objects = Object.entries(body ?? {}).filter(
      ([key, value]) => key !== 'links' && typeof value === 'object' && !Array.isArray(value),
    );
    const [only, ...more] = objects.map(([, value]) => value);
    return more.length === 0 && only !== undefined && only !== null ? (only as Json) : body;
  };
  const listOf = async (path: string): Promise<Json[]> => {
    const { body } = await call('GET', `${path}?per_page=200`);
    return (Object.values(body).find((value) => Array.isArray(value)) ?? []) as Json[];
  };
  const filled = <T>(value: T): T => {
    const text = JSON.stringify(value) ?? 'null';
    const named = text
      .replaceAll(/"\{(\w+)\}"/g, (whole, name: string) => (/^\d+$/.test(prepared[name] ?? '') ? String(prepared[name]) : whole))
      .replaceAll(/\{(\w+)\}/g, (_, name: string) => prepared[name] ?? '');
    return value === undefined ? value : (JSON.parse(named) as T);
  };

  beforeAll(async () => {
    simulator = await startSimulator();
    await control('PUT', 'account', { ...NOT_IN_THE_DEMO, limits: { per_minute: 100_000, per_hour: 100_000 } });
    const [first, second] = await listOf('/v2/vpcs');
    const [db] = await listOf('/v2/databases');
    const [cluster] = await listOf('/v2/kubernetes/clusters');
    const [check] = await listOf('/v2/uptime/checks');
    const [namespace] = await listOf('/v2/functions/namespaces');
    const [zone] = await listOf('/v2/domains');
    const kafka = { name: 'walk-kafka', engine: 'kafka', num_nodes: 3, size: 'db-s-2vcpu-4gb', region: 'fra1' };
    const host = { name: 'walk-host', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    Object.assign(prepared, {
      from: day(Date.now() - 5 * 86_400_000),
      to: day(Date.now()),
      vpc: first?.id,
      default: (await listOf('/v2/vpcs')).find((vpc) => vpc.default === true)?.id,
      vpc2: second?.id,
      db: db?.id,
      cluster: cluster?.id,
      check: check?.id,
      namespace: namespace?.namespace,
      zone: zone?.name,
      kafka: objectOf((await call('POST', '/v2/databases', { body: kafka })).body).id,
      droplet: String((await call('POST', '/v2/droplets', { body: host })).body.droplet.id),
    });
    await settle();
  });
  afterAll(() => simulator.close());

  it.each([
    { path: '/v2/databases', id: 'id', under: ['replicas'], deletes: true },
    { path: '/v2/kubernetes/clusters', id: 'id', under: ['node_pools'], deletes: true },
    { path: '/v2/apps', id: 'id', under: ['deployments'], deletes: true },
    { path: '/v2/certificates', id: 'id', under: [], deletes: false },
    { path: '/v2/cdn/endpoints', id: 'id', under: [], deletes: true },
    { path: '/v2/registries', id: 'name', under: ['repositoriesV2'], deletes: false },
    { path: '/v2/reserved_ipv6', id: 'ip', under: [], deletes: true },
    { path: '/v2/vpc_nat_gateways', id: 'id', under: [], deletes: true },
    { path: '/v2/spaces/keys', id: 'access_key', under: [], deletes: true },
    { path: '/v2/uptime/checks', id: 'id', under: ['alerts'], deletes: true },
    { path: '/v2/monitoring/alerts', id: 'uuid', under: [], deletes: true },
    { path: '/v2/vpc_peerings', id: 'id', under: [], deletes: true },
    { path: '/v2/byoip_prefixes', id: 'uuid', under: [], deletes: false },
    { path: '/v2/nfs', id: 'id', under: [], deletes: true },
    { path: '/v2/functions/namespaces', id: 'namespace', under: ['triggers', 'keys'], deletes: false },
    { path: '/v2/droplets/autoscale', id: 'id', under: [], deletes: true },
    { path: '/v2/partner_network_connect/attachments', id: 'id', under: [], deletes: true },
    { path: '/v2/gen-ai/agents', id: 'uuid', under: [], deletes: true },
    { path: '/v2/gen-ai/knowledge_bases', id: 'uuid', under: [], deletes: true },
    { path: '/v2/dedicated-inferences', id: 'id', under: [], deletes: true },
    { path: '/v2/vector-databases', id: 'id', under: [], deletes: true },
  ])('returns documented objects of $path, and deletes one', async ({ path, id, under, deletes }) => {
    const listed = await listOf(path);
    const last = `${path}/${textOf(listed.at(-1), id)}`;
    expect((await call('GET', last)).status).toBe(200);
    for (const inner of under) expect((await call('GET', `${last}/${inner}`)).status).toBe(200);
    if (!deletes || Object.values(prepared).some((kept) => last.endsWith(kept))) return;
    await call('DELETE', last);
    expect((await call('GET', last)).status).toBe(404);
  });

  it.each(WALKS.map((walk) => ({ ...walk, name: walk.path.replaceAll(/\{\w+\}/g, ':id') })))(
    'creates, lists, changes and deletes at $name, with the refusals of the provider',
    async (walk: Walk) => {
      const path = filled(walk.path);
      const made = await call('POST', path, { body: filled(walk.create) });
      expect(made.status).toBe(walk.created);
      const listed = await listOf(path);
      const id = String(objectOf(made.body)[walk.id] ?? listed.at(-1)?.[walk.id]);
      expect(listed.map((one) => String(one[walk.id]))).toContain(id);
      await settle();
      for (const [body, status] of filled(walk.refused ?? []))
        expect({ sent: body, ...(await call('POST', path, { body, refused: true })) }).toMatchObject({ sent: body, status });
      const one = `${path}/${id}`;
      expect(walk.noGet ? 200 : (await call('GET', one)).status).toBe(200);
      for (const [method, below, body, status, then] of filled(walk.steps ?? [])) {
        const answer = await call(method, below === '' ? one : `${one}/${below}`, { body: body ?? undefined, refused: status >= 400 });
        expect({ method, below, status: answer.status }).toEqual({ method, below, status });
        await settle();
        expect(then === undefined ? {} : objectOf((await call('GET', one)).body)).toMatchObject(then ?? {});
      }
      if (walk.deleted === undefined) return;
      expect((await call('DELETE', one)).status).toBe(walk.deleted);
      expect((await call('DELETE', one)).status).toBe(404);
      expect(walk.noGet ? 404 : (await call('GET', one)).status).toBe(404);
      expect((await listOf(path)).map((left) => String(left[walk.id]))).not.toContain(id);
    },
  );

  it('refuses changes of a database and a cluster that are not ready yet', async () => {
    const body = { name: 'early-db', engine: 'pg', num_nodes: 1, size: 'db-s-1vcpu-1gb', region: 'fra1' };
    const db = objectOf((await call('POST', '/v2/databases', { body })).body);
    const size = { size: 'db-s-2vcpu-4gb', num_nodes: 1 };
    expect(await call('PUT', `/v2/databases/${String(db.id)}/resize`, { body: size })).toMatchObject({ status: 412 });
    const pool = { name: 'early', size: 's-2vcpu-4gb', count: 1 };
    const spec = { name: 'early-cluster', region: 'fra1', version: 'latest', node_pools: [pool] };
    const cluster = objectOf((await call('POST', '/v2/kubernetes/clusters', { body: spec })).body);
    const path = `/v2/kubernetes/clusters/${String(cluster.id)}`;
    const more = { ...pool, name: 'more' };
    expect(await call('POST', `${path}/node_pools`, { body: more, refused: true })).toMatchObject({ status: 422 });
    await settle();
    expect((await call('POST', `${path}/node_pools`, { body: more })).status).toBe(201);
    expect((await call('PUT', `/v2/databases/${String(db.id)}/resize`, { body: size })).status).toBe(202);
    await settle();
    for (const { id } of await listOf(`${path}/node_pools`)) await call('DELETE', `${path}/node_pools/${String(id)}`);
    const [last] = await listOf(`${path}/node_pools`);
    expect(await call('DELETE', `${path}/node_pools/${String(last?.id)}`)).toMatchObject({ status: 422 });
  });

  it.each(Object.entries(SCRIPTS))('%s', async (_title, calls) => {
    for (const [method, path, body, status, then] of calls) {
      const where = filled(path);
      const answer = await call(method, where, { body: filled(body), refused: status >= 400, dangerous: then === 'dangerous' });
      expect({ method, where, status: answer.status }).toEqual({ method, where, status });
      if (typeof then === 'object') prepared[then.as] = idIn(answer.body, then.of.split('.'));
      if (!/garbage-collection|apps\/\{app\}\/deployments$/.test(path)) await settle();
    }
  });

  /** The value at a path in the object of a response, or in the first item of its list. */
  function idIn(body: Body, path: readonly string[]): string {
    const items = Object.values(body).find((value) => Array.isArray(value));
    const from = items === undefined ? objectOf(body) : (items as Json[])[0];
    return String(path.reduce<unknown>((at, name) => (at as Json | undefined)?.[name], from));
  }

  it('has called every endpoint of the other products', () => {
    expect(undriven(PRODUCT_GROUPS)).toEqual([]);
  });

  it('answers a documented operation without a route with 501 and its id, and an unknown path with 404', async () => {
    const get = (path: string) => fetch(`${simulator.url}${path}`, { headers: { authorization: `Bearer ${simulator.token}` } });
    const answer = await get('/v2/gen-ai/models');
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 501,
      body: { id: 'not_simulated', operation_id: 'genai_list_models' },
    });
    expect((await get('/v2/nothing')).status).toBe(404);
  });
});
