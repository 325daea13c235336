import { CompletenessReader, KindReader } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED_PRODUCTS, type ListedProduct } from '../../support/listed-products';

const platform = { kind: 'platform' } as const;
const productOf = (name: string) => LISTED_PRODUCTS[name] as ListedProduct;
const PROJECT = '00000000-0000-4000-8000-00000000000a';
const DATABASE = String(productOf('managed_db').object.id);

describe('a list that the provider does not let us read', () => {
  let world: World;
  beforeAll(async () => {
    world = await newWorld();
    const { projects } = await world.simulator.account();
    await world.simulator.change({
      projects: [...projects, { ...projects[0], id: PROJECT, name: 'Fern', description: 'tenant:fern', is_default: false }],
      members: [{ project_id: PROJECT, urn: `do:dbaas:${DATABASE}` }],
      databases: [{ ...productOf('managed_db').object, project_id: PROJECT }],
    });
  });
  afterAll(() => world.close());

  it.each([
    { status: 403, reason: 'forbidden_by_provider' },
    { status: 404, reason: 'not_found_at_provider' },
    { status: 412, reason: 'refused_by_provider' },
  ])(
    'is not available after a first $status: no alarm, no part in as_of, and read again after a day [KND-2]',
    async ({ status, reason }) => {
      const body = { id: reason, message: 'no' };
      // Earlier sweeps are now older than the limit after which another kind is stalled.
      await world.database.query(`update cloud_sweeps set started_at = started_at - interval '2 hours'`);
      await world.simulator.faults([{ id: 'closed', match: { path: '/v2/databases' }, effect: { type: 'status', status, body } }]);
      expect(await world.sweep('managed_db')).toMatchObject({ status: 'not_available', reason });
      const { completeness } = await world.inventory.list(platform, {}, { limit: 1 });
      expect(completeness.managed_db).toEqual({ as_of: null, complete: false, reason: `not_available: ${reason}` });
      const kinds = await world.service(KindReader).list(platform);
      expect(kinds.data.find(({ kind }) => kind === 'managed_db')).toMatchObject({ status: 'not_available', last_complete_at: null });
      expect(await world.sweeps.shouldSkip('managed_db')).toBe(true);
      expect((await world.due.find()).map(({ kind }) => kind)).not.toContain('managed_db');
      expect(await world.database.query(`select 1 from events where type like 'sweep.%'`)).toEqual([]);
    },
  );

  it('leaves its members of projects as rows without details, with their tenant [KND-2, INV-11]', async () => {
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    const { data } = await world.inventory.list(platform, { kind: 'managed_db' }, { limit: 10 });
    expect(data).toMatchObject([{ provider_id: DATABASE, tenant_id: 'fern', name: null, attrs: { placeholder: true } }]);
    const complete = world.service(CompletenessReader);
    const { as_of } = await complete.ofKind('project');
    expect(as_of).not.toBeNull();
    expect(await complete.ofKind(['project', 'managed_db'])).toMatchObject({ as_of });
    for (let walk = 0; walk < 2; walk += 1) expect(await world.sweep('project')).toMatchObject({ status: 'complete', struck: 0 });
  });

  it('is read again after a day, and gives these rows their details in place [KND-2]', async () => {
    await world.simulator.faults([]);
    await world.database.query(
      `update cloud_sweeps set started_at = started_at - interval '25 hours', finished_at = finished_at - interval '25 hours' where kind = 'managed_db'`,
    );
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    expect((await world.due.find()).map(({ kind }) => kind)).toContain('managed_db');
    const before = await world.database.query<{ id: string }>(`select id from cloud_resources where kind = 'managed_db'`);
    expect(await world.sweep('managed_db')).toMatchObject({ status: 'complete', discovered: 0, updated: 1 });
    const { data } = await world.inventory.list(platform, { kind: 'managed_db' }, { limit: 10 });
    expect(data).toMatchObject([{ id: before[0]?.id, name: 'fern-db', tenant_id: 'fern', attrs: { engine: 'pg' } }]);
    expect(data[0]?.attrs).not.toHaveProperty('placeholder');
    const types = await world.database.query<{ type: string }>(
      'select type from cloud_resource_events where resource_id = $1 order by seq',
      [before[0]?.id],
    );
    expect(types.filter(({ type }) => type === 'discovered')).toHaveLength(1);
  });

  it('waits with the lists under parents until the parents have been listed', async () => {
    const waiting = async () => (await world.sweeps.waitingForParents('dns_zone')).map(({ kind }) => kind);
    expect(await waiting()).toEqual([]);
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'incomplete', reason: 'parents_not_listed', calls: 0 });
    expect(await waiting()).toEqual(['dns_record']);
    await world.sweep('dns_zone');
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete' });
    expect(await waiting()).toEqual([]);
  });

  it('is refused, not silent, for a kind that the product needs, also when it was never read [KND-2]', async () => {
    await world.simulator.faults([{ id: 'closed', match: { path: '/v2/droplets' }, effect: { type: 'status', status: 403 } }]);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'refused', reason: 'forbidden_by_provider' });
    await world.simulator.faults([]);
  });

  it('costs one call for 200 objects of a parent, and no more [KND-3]', async () => {
    const domain = 'large.example';
    const records = Array.from({ length: 201 }, (_, nr) => ({
      id: 1_900_000_000 + nr,
      domain,
      type: 'A',
      name: `w${nr}`,
      data: '203.0.113.1',
    }));
    await world.simulator.change({ domains: [{ name: domain }], domain_records: records });
    await world.sweep('dns_zone');
    await world.database.query(
      `update cloud_resources set deleted_at = clock_timestamp(), status = 'deleted' where kind = 'dns_zone' and provider_id <> $1`,
      [domain],
    );
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete', calls: 2, seen: 201 });
  });

  it('reads the lists of parents one by one, so that they use no more than their share of a minute [KND-3]', async () => {
    const domains = Array.from({ length: 4 }, (_, nr) => ({ name: `zone-${nr}.example` }));
    await world.simulator.change({ domains, domain_records: [] });
    await world.sweep('dns_zone');
    const slow = await world.another({ DO_RATE_PER_MINUTE: '20', DO_MINUTE_WINDOW_MS: '500' }); // two of its calls in half a second
    const startedAt = performance.now();
    expect(await slow.sweeps.run('dns_record', { trigger: 'manual' })).toMatchObject({ status: expect.any(String) as string });
    expect(performance.now() - startedAt).toBeGreaterThan(700); // five zones: three of them wait for 250 ms
  });
});
