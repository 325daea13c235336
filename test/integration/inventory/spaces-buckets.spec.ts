import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED_PRODUCTS, type ListedProduct } from '../../support/listed-products';

const platform = { kind: 'platform' } as const;
const productOf = (name: string) => LISTED_PRODUCTS[name] as ListedProduct;
const PROJECT = '00000000-0000-4000-8000-00000000000a';

describe('a bucket of the object storage', () => {
  let world: World;
  let storage: Server;
  /** The buckets of each region; undefined: the storage refuses. */
  const listed: Record<string, string[] | undefined> = { fra1: ['fern-assets'], ams3: ['fern-logs', 'in-no-project'] };
  const buckets = async () => {
    const { data } = await world.inventory.list(platform, { kind: 'spaces_bucket' }, { limit: 10 });
    const rows = data.map(({ name, region, tenant_id, attrs, price }) => ({ name: name ?? '', region, tenant_id, attrs, price }));
    return rows.toSorted((one, other) => one.name.localeCompare(other.name));
  };
  const walk = async () => expect(await world.sweep('project')).toMatchObject({ status: 'complete' });

  beforeAll(async () => {
    storage = createServer(({ url = '', headers: { authorization = '' } }, response) => {
      const names = listed[url.slice(1)];
      if (!names || !/^AWS4-HMAC-SHA256 Credential=DO00EXAMPLE\/\d{8}\/\w+\/s3\/aws4_request, /.test(authorization))
        return response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      const list = names.map((name) => `<Bucket><Name>${name}</Name><CreationDate>2026-03-01T10:00:00.000Z</CreationDate></Bucket>`);
      return response.end(`<ListAllMyBucketsResult><Buckets>${list.join('')}</Buckets></ListAllMyBucketsResult>`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => storage.once('listening', resolve));
    world = await newWorld({ STRIKES_TO_DELETE: '2', PLACEHOLDER_STRIKE_SPACING_MS: '0' }, { empty: true });
    const { projects } = await world.simulator.account();
    const members = ['fern-assets', 'fern-logs', 'fern-site'].map((name) => ({ project_id: PROJECT, urn: `do:space:${name}` }));
    await world.simulator.change({
      projects: [...projects, { ...projects[0], id: PROJECT, name: 'Fern', description: 'tenant:fern', is_default: false }],
      members,
      cdn_endpoints: [{ ...productOf('cdn_endpoint').object, origin: 'fern-site.syd1.digitaloceanspaces.com' }],
    });
  });
  afterAll(async () => {
    storage.close();
    await world.close();
  });

  it('is known from its project, and its region from the endpoint of its content delivery [INV-11]', async () => {
    await world.sweep('cdn_endpoint');
    await walk();
    expect(await buckets()).toMatchObject([
      { name: 'fern-assets', region: null, tenant_id: 'fern', attrs: { placeholder: true } },
      { name: 'fern-logs', region: null, tenant_id: 'fern', attrs: { placeholder: true } },
      { name: 'fern-site', region: 'syd1', tenant_id: 'fern', attrs: {} },
    ]);
    expect(JSON.stringify((await buckets())[0]?.price)).toContain('subscription of the account');
  });

  it('gets its region and age from the object storage, which also lists buckets of no project, once it has keys [INV-1]', async () => {
    const before = await world.database.query<{ id: string }>(`select id from cloud_resources where kind = 'spaces_bucket' order by name`);
    const { port } = storage.address() as AddressInfo;
    const keyed = await world.another({
      SPACES_KEYS: 'DO00EXAMPLE:a-secret-of-the-storage',
      SPACES_URL: `http://127.0.0.1:${port}/{region}`,
      SPACES_REGIONS: 'fra1,ams3',
    });
    const sweep = async () => expect(await keyed.sweeps.run('project', { trigger: 'manual' })).toMatchObject({ status: 'complete' });
    const created_at = '2026-03-01T10:00:00.000Z';
    await sweep();
    const full = [
      { name: 'fern-assets', region: 'fra1', tenant_id: 'fern', attrs: { created_at } },
      { name: 'fern-logs', region: 'ams3', tenant_id: 'fern', attrs: { created_at } },
      { name: 'fern-site', region: 'syd1', tenant_id: 'fern', attrs: {} },
      { name: 'in-no-project', region: 'ams3', tenant_id: null, attrs: { created_at } },
    ];
    expect(await buckets()).toMatchObject(full);
    const after = await world.database.query<{ id: string }>(
      `select id from cloud_resources where kind = 'spaces_bucket' and tenant_id is not null order by name`,
    );
    expect(after).toEqual(before);
    listed.ams3 = undefined; // what is not read is not missing, and keeps what is known of it
    for (let round = 0; round < 3; round += 1) await sweep();
    expect(await buckets()).toHaveLength(4);
    listed.ams3 = ['fern-logs'];
    for (let round = 0; round < 3; round += 1) await sweep();
    expect((await buckets()).map(({ name }) => name)).toEqual(['fern-assets', 'fern-logs', 'fern-site']);
    const stored = await world.database.query<{ text: string }>(`select string_agg(t::text, ' ') as text from cloud_resources t`);
    expect(stored[0]?.text).not.toContain('a-secret-of-the-storage');
  });
});
