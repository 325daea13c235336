import { randomUUID } from 'node:crypto';
import { AuditLog } from '#libs/audit';
import { ACME_HEADER, ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { aProject, aResource, aSaga, insert } from '../../support/factories';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
let accountId: string;
beforeAll(async () => {
  world = await newTenancyWorld();
  [accountId] = (await world.owner.query<{ id: string }>('select id from cloud_accounts')).rows.map(({ id }) => id) as [string];
  await world.owner.query(`
    insert into provider_catalogue (name, taken_at) values ('offers', now());
    insert into provider_sizes (slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available) values
      ('s-1vcpu-1gb', 1024, 1, 25, 6, 0.00893, '{fra1,nyc3}', true), ('s-2vcpu-4gb', 4096, 2, 80, 24, 0.03571, '{fra1}', true),
      ('c-2', 4096, 2, 25, 42, 0.0625, '{nyc3}', true), ('g-2vcpu-8gb', 8192, 2, 25, 63, 0.09375, '{fra1}', false);
    insert into provider_regions (slug, name, available) values ('fra1', 'Frankfurt 1', true), ('nyc3', 'New York 3', false);
    insert into provider_images (slug, name, min_disk_gb, regions, status) values
      ('debian-12-x64', '12 x64', 7, '{fra1}', 'available'), ('ubuntu-24-04-x64', '24.04 (LTS) x64', 7, '{fra1,nyc3}', 'available');
  `);
});
afterAll(() => world.close());

const aDroplet = (tenant: string | null, more: Record<string, unknown> = {}) =>
  aResource(world.owner, {
    account_id: accountId,
    tenant_id: tenant,
    owner_override: tenant,
    attributed_by: tenant ? 'override' : 'fallback',
    ...more,
  });
const patch = (id: string, headers: Record<string, string>, body: object) =>
  world.http().patch(`/api/v1/inventory/${id}`).set(headers).send(body);
const row = async (id: string) =>
  ((await world.http().get(`/api/v1/inventory/${id}`).set(ADMIN_HEADER).expect(200)).body as { data: Record<string, unknown> }).data;
const bulk = (body: object, query = '') => world.http().post(`/api/v1/inventory/bulk${query}`).set(ADMIN_HEADER).send(body);
const get = (path: string, headers: Record<string, string> = ACME_HEADER) => world.http().get(`/api/v1/${path}`).set(headers);
const slugs = (answer: { body: unknown }) => (answer.body as { data: { slug: string }[] }).data.map(({ slug }) => slug);

describe('a change of a resource by a tenant', () => {
  it('protects its own, shows that in rows and CSV, and is 404 for others [TNT-5, TEN-3]', async () => {
    const id = await aDroplet('acme');
    const { body } = await patch(id, ACME_HEADER, { protected: true, reason: 'the shop' }).expect(200);
    expect(body).toMatchObject({ data: { id, protected: true, protected_by: 'tenant' } });
    const list = (await get('inventory?protected=true').expect(200)).body as { data: { id: string }[] };
    expect(list.data.map((one) => one.id)).toEqual([id]);
    const csv = (await get('inventory.csv?protected=true').expect(200)).text.split('\r\n');
    expect(csv[0]?.split(',').slice(-2)).toEqual(['protected', 'protected_by']);
    expect(csv[1]?.split(',').slice(-2)).toEqual(['true', 'tenant']);
    await patch(id, tenantHeader('globex'), { protected: false }).expect(404);
    await patch(id, ADMIN_HEADER, { protected: true }).expect(200);
    expect((await patch(id, ACME_HEADER, { protected: false }).expect(403)).body).toMatchObject({ code: 'protected_by_admin' });
    await patch(id, ADMIN_HEADER, { protected: false }).expect(200);
  });

  it.each([{ tenant_id: 'globex' }, { tenant_id: null }, { unassigned: true }])(
    'is refused as a whole when it names an owner: %p [TEN-3]',
    async (owner) => {
      const id = await aDroplet('acme');
      expect((await patch(id, ACME_HEADER, { ...owner, protected: true }).expect(403)).body).toMatchObject({ code: 'admins_only' });
      expect(await row(id)).toMatchObject({ tenant_id: 'acme', protected: false });
    },
  );

  it('needs something to change, and an admin may send both in one transaction [OPS-9]', async () => {
    const id = await aDroplet('acme');
    await patch(id, ADMIN_HEADER, { reason: 'nothing' }).expect(400);
    await patch(id, ADMIN_HEADER, { tenant_id: 'globex', unassigned: true, protected: true }).expect(400);
    expect(await row(id)).toMatchObject({ protected: false });
    await patch(id, ADMIN_HEADER, { tenant_id: 'globex', protected: true }).expect(200);
    expect(await row(id)).toMatchObject({ tenant_id: 'globex', protected: true, protected_by: 'admin' });
  });
});

describe('a change of many resources', () => {
  it('changes those that it can, says why of each other, and writes one audit entry with the list [OPS-9]', async () => {
    const [free, managed, gone] = [
      await aDroplet('acme'),
      await aDroplet('acme'),
      await aDroplet('acme', { status: 'deleted', deleted_at: new Date() }),
    ];
    await insert(world.owner, 'cloud_provisioned', { resource_id: managed, spec: { name: 'x' } });
    const unknown = randomUUID();
    const ids = [free, managed, gone, unknown];
    const skipped = [
      { id: managed, code: 'already_managed' },
      { id: gone, code: 'resource_gone' },
      { id: unknown, code: 'resource_not_found' },
    ];
    const planned = await bulk({ ids, action: 'adopt' }, '?dry_run=true').expect(200);
    expect(planned.body).toEqual({ data: { matched: 4, changed: 1, skipped } });
    await get(`inventory/${free}/desired-state`).expect(404);
    expect((await bulk({ ids, action: 'adopt', reason: 'all of them' }).expect(200)).body).toEqual(planned.body);
    expect((await get(`inventory/${free}/desired-state`).expect(200)).body).toMatchObject({
      data: { spec: { power: 'on' }, spec_version: 1 },
    });
    const { entries } = await world.app.get(AuditLog).list({ actions: ['inventory_bulk_changed'] }, { limit: 10 });
    expect(entries).toMatchObject([{ actor: 'ops', reason: 'all of them', details: { action: 'adopt', changed: [free], skipped } }]);
    expect((await bulk({ ids: [free], action: 'adopt' }).expect(200)).body).toMatchObject({ data: { changed: 0 } });
  });

  it('assigns by a filter, only to a registered tenant, and the former one loses them at once [TNT-1, INV-13]', async () => {
    const ids = [await aDroplet(null, { name: 'lost-1' }), await aDroplet(null, { name: 'lost-2' })];
    const filter = { kind: 'droplet', q: 'lost-' };
    expect((await bulk({ filter, action: 'assign', tenant_id: 'glbex' }).expect(400)).body).toMatchObject({ code: 'unknown_tenant' });
    expect((await bulk({ filter, action: 'assign', tenant_id: 'globex' }).expect(200)).body).toEqual({
      data: { matched: 2, changed: 2, skipped: [] },
    });
    for (const id of ids) expect(await row(id)).toMatchObject({ tenant_id: 'globex', attribution: { by: 'override' } });
    expect((await bulk({ filter, action: 'assign', tenant_id: 'globex' }).expect(200)).body).toMatchObject({ data: { changed: 0 } });
    await bulk({ filter, action: 'assign', tenant_id: null }).expect(200);
    for (const id of ids) expect(await row(id)).toMatchObject({ tenant_id: null });
  });

  it('protects and releases, also what a tenant has protected', async () => {
    const id = await aDroplet('acme', { name: 'kept-1' });
    await patch(id, ACME_HEADER, { protected: true }).expect(200);
    expect((await bulk({ ids: [id], action: 'protect' }).expect(200)).body).toMatchObject({ data: { changed: 1 } });
    expect(await row(id)).toMatchObject({ protected_by: 'admin' });
    expect((await bulk({ ids: [id], action: 'protect' }).expect(200)).body).toMatchObject({
      data: { skipped: [{ id, code: 'already_protected' }] },
    });
    await bulk({ filter: { protected: 'true', q: 'kept-1' }, action: 'unprotect' }).expect(200);
    expect(await row(id)).toMatchObject({ protected: false });
  });

  it('protects nothing that a saga is destroying already, and says so [TNT-5]', async () => {
    const id = await aDroplet('acme', { provider_id: 'being-destroyed' });
    const begun = { kind: 'destroy_droplet', steps: ['destroy_droplet'], tenant_id: 'acme', status: 'running', pivot_passed: true };
    const saga_id = await aSaga(world.owner, begun);
    await insert(world.owner, 'saga_holds', { resource: 'droplet:being-destroyed', saga_id });
    expect((await bulk({ ids: [id], action: 'protect' }).expect(200)).body).toMatchObject({
      data: { changed: 0, skipped: [{ id, code: 'resource_busy' }] },
    });
    expect((await patch(id, ACME_HEADER, { protected: true }).expect(409)).body).toMatchObject({ code: 'resource_busy' });
    expect(await row(id)).toMatchObject({ protected: false });
  });

  it.each([
    [{ action: 'protect' }, 'ids'],
    [{ action: 'protect', filter: {} }, 'filter'],
    [{ action: 'protect', filter: { kind: 'dropplet' } }, 'filter.kind'],
    [{ action: 'protect', filter: { kind: 'droplet', sort: 'name' } }, 'filter.sort'],
    [{ action: 'protect', filter: { colour: 'red' } }, 'filter.colour'],
    [{ action: 'assign', filter: { kind: 'droplet' } }, 'tenant_id'],
    [{ action: 'protect', filter: { kind: 'droplet' }, tenant_id: 'acme' }, 'tenant_id'],
    [{ action: 'burn', filter: { kind: 'droplet' } }, 'action'],
  ])('refuses %j [TEN-5]', async (body, field) => {
    expect((await bulk(body).expect(400)).body).toMatchObject({ code: 'validation_failed', errors: [{ field }] });
  });

  it('takes ten thousand ids in one request, and is for admins', async () => {
    const { body } = await bulk({ ids: Array.from({ length: 10_000 }, () => randomUUID()), action: 'protect' }, '?dry_run=true').expect(
      200,
    );
    expect(body).toMatchObject({ data: { matched: 10_000, changed: 0 } });
    await world
      .http()
      .post('/api/v1/inventory/bulk')
      .set(ACME_HEADER)
      .send({ filter: { kind: 'droplet' }, action: 'adopt' })
      .expect(403);
  });
});

describe('the desired state of a resource', () => {
  it('is replaced while its version is the one that was read [DRF-4]', async () => {
    const id = await aDroplet('acme');
    const put = (spec: object, expected_version: number) =>
      world.http().put(`/api/v1/inventory/${id}/desired-state`).set(ADMIN_HEADER).send({ spec, expected_version });
    expect((await get(`inventory/${id}/desired-state`).expect(404)).body).toMatchObject({ code: 'desired_state_not_found' });
    expect((await put({ name: 'web-1', power: 'on' }, 0).expect(200)).body).toMatchObject({ data: { spec_version: 1 } });
    expect((await put({ name: 'web-2' }, 0).expect(409)).body).toMatchObject({ code: 'desired_state_moved_on' });
    expect((await put({ name: 'web-2', tags: ['a'] }, 1).expect(200)).body).toMatchObject({
      data: { spec: { name: 'web-2', tags: ['a'] }, spec_version: 2 },
    });
    const answers = await Promise.all([1, 2, 3].map((nth) => put({ name: `web-${nth}` }, 2)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect((await get(`inventory/${id}/desired-state`).expect(200)).body).toMatchObject({ data: { resource_id: id, spec_version: 3 } });
    await get(`inventory/${id}/desired-state`, tenantHeader('globex')).expect(404);
    await world.http().put(`/api/v1/inventory/${id}/desired-state`).set(ACME_HEADER).send({ spec: {}, expected_version: 3 }).expect(403);
  });

  it.each([
    [{}, 'spec'],
    [{ colour: 'red' }, 'spec.colour'],
    [{ power: 'active' }, 'spec.power'],
    [{ backups: 'yes' }, 'spec.backups'],
    [{ tags: ['managed-by-arcadia-cloud'] }, 'spec.tags'],
    [{ name: 5 }, 'spec.name'],
  ])('refuses the values %j [TEN-5]', async (spec, field) => {
    const id = await aDroplet('acme');
    const { body } = await world
      .http()
      .put(`/api/v1/inventory/${id}/desired-state`)
      .set(ADMIN_HEADER)
      .send({ spec, expected_version: 0 })
      .expect(400);
    expect(body).toMatchObject({ errors: [{ field }] });
  });
});

describe('what a tenant can order', () => {
  it.each([
    ['', ['c-2', 'g-2vcpu-8gb', 's-1vcpu-1gb', 's-2vcpu-4gb']],
    ['?sort=-price', ['g-2vcpu-8gb', 'c-2', 's-2vcpu-4gb', 's-1vcpu-1gb']],
    ['?family=s', ['s-1vcpu-1gb', 's-2vcpu-4gb']],
    ['?region=fra1', ['s-1vcpu-1gb', 's-2vcpu-4gb']],
    ['?min_vcpus=2&max_monthly=42', ['c-2', 's-2vcpu-4gb']],
    ['?min_memory_mib=8192', ['g-2vcpu-8gb']],
  ])('are the sizes of the catalog with their list prices: sizes%s', async (query, expected) => {
    const answer = await get(`catalog/sizes${query}`).expect(200);
    expect(slugs(answer)).toEqual(expected);
    expect((answer.body as { as_of: string }).as_of).toMatch(/Z$/);
  });

  it('tells a tenant which sizes its limits allow, and an admin nothing of the kind [TNT-2]', async () => {
    const allowed = async (headers: Record<string, string>) =>
      ((await get('catalog/sizes', headers).expect(200)).body as { data: { allowed?: boolean }[] }).data.map((size) => size.allowed);
    expect(await allowed(ACME_HEADER)).toEqual([true, true, true, true]);
    await world
      .http()
      .put('/api/v1/tenants/acme/limits')
      .set(ADMIN_HEADER)
      .send({ allowed_sizes: ['s-*'], allowed_regions: ['nyc3'], reason: 'small' })
      .expect(200);
    expect(await allowed(ACME_HEADER)).toEqual([false, false, true, true]);
    expect((await get('catalog/regions').expect(200)).body).toMatchObject({
      data: [
        { slug: 'fra1', allowed: false },
        { slug: 'nyc3', allowed: true },
      ],
    });
    expect(await allowed(ADMIN_HEADER)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('shows what a size costs at the list, page by page', async () => {
    const first = (await get('catalog/sizes?limit=3').expect(200)).body as { data: unknown[]; page: { next_cursor: string } };
    expect(first.data[2]).toMatchObject({
      slug: 's-1vcpu-1gb',
      family: 's',
      memory_mib: 1024,
      price: { monthly: '6.00', hourly: '0.00893', source: 'catalog' },
    });
    const second = await get(`catalog/sizes?limit=3&cursor=${first.page.next_cursor}`).expect(200);
    expect(slugs(second)).toEqual(['s-2vcpu-4gb']);
    expect(slugs(await get('catalog/regions').expect(200))).toEqual(['fra1', 'nyc3']);
    for (const wrong of ['family=zz', 'region=fra9', 'max_monthly=cheap', 'sort=colour', 'min_vcpus=-1'])
      await get(`catalog/sizes?${wrong}`).expect(400);
  });

  it('are public images, and its own snapshots, backups and custom images, of droplets only [TEN-3]', async () => {
    const of = (kind: string, tenant: string, name: string, resource_type?: string) =>
      aDroplet(tenant, {
        kind,
        name,
        status: 'available',
        attrs: { regions: ['fra1'], min_disk_size: 25, ...(resource_type && { resource_type }) },
      });
    await of('snapshot', 'acme', 'shop-before', 'droplet');
    await of('snapshot', 'acme', 'shop-volume', 'volume');
    await of('droplet_backup', 'acme', 'shop-backup');
    await of('snapshot', 'globex', 'shop-other', 'droplet');
    await of('custom_image', 'acme', 'shop-upload');
    await of('custom_image', 'globex', 'shop-foreign');
    const names = async (query: string, headers?: Record<string, string>) =>
      (
        (await get(`catalog/images${query}`, headers).expect(200)).body as { data: { image: string; name: string; type: string }[] }
      ).data.map(({ type, name }) => `${type} ${name}`);
    expect(await names('')).toEqual([
      'public 12 x64',
      'public 24.04 (LTS) x64',
      'snapshot shop-before',
      'backup shop-backup',
      'custom shop-upload',
    ]);
    expect(await names('?q=SHOP')).toEqual(['snapshot shop-before', 'backup shop-backup', 'custom shop-upload']);
    expect(await names('?q=shop', ADMIN_HEADER)).toContain('snapshot shop-other');
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await get(`catalog/images?limit=1${cursor && `&cursor=${cursor}`}`).expect(200);
      const { data, page } = body as { data: { name: string }[]; page: { next_cursor: string | null } };
      seen.push(...data.map(({ name }) => name));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(['12 x64', '24.04 (LTS) x64', 'shop-before', 'shop-backup', 'shop-upload']);
  });

  it('may be of its own custom image once that is available; that of another tenant is as unknown as none [TEN-6]', async () => {
    const of = (tenant: string, provider_id: string, status = 'available') =>
      aDroplet(tenant, { kind: 'custom_image', name: 'upload', provider_id, status, attrs: { regions: ['fra1'], min_disk_size: 25 } });
    await of('acme', '880001');
    await of('acme', '880002', 'pending');
    await of('globex', '880003');
    const problems = async (image: string) => {
      const input = { name: 'shop', size_slug: 's-1vcpu-1gb', region: 'fra1', image, project_id: world.projects['acme'] };
      const order = world.http().post('/api/v1/sagas?dry_run=true').set(ACME_HEADER);
      return ((await order.send({ kind: 'provision_droplet', input })).body as { errors?: { field: string; message: string }[] }).errors;
    };
    const unknown = [{ field: 'input.image', message: 'is not a snapshot, backup or custom image of yours' }];
    expect(await problems('880001')).toBeUndefined();
    expect(await problems('880002')).toEqual([{ field: 'input.image', message: 'cannot be used: it is pending' }]);
    expect(await problems('880003')).toEqual(unknown);
    expect(await problems('880009')).toEqual(unknown);
  });

  it('goes into its own projects, of which it learns id and name [TEN-3]', async () => {
    const id = await aProject(world.owner, {
      account_id: accountId,
      name: 'Acme blog',
      tenant_id: 'acme',
      tenant_set_by: 'admin',
      classification: 'good customer',
    });
    const { body } = await get('projects').expect(200);
    expect(body).toMatchObject({
      data: [
        { id: world.projects['acme'], name: 'acme sites' },
        { id, name: 'Acme blog' },
      ].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)),
    });
    expect(JSON.stringify(body)).not.toMatch(/good customer|globex/);
    expect(((await get('projects?q=blog').expect(200)).body as { data: unknown[] }).data).toEqual([{ id, name: 'Acme blog' }]);
    await get('projects?tenant_id=globex').expect(403);
    await get('projects?classification=good%20customer').expect(403);
    await get(`projects/${id}`).expect(403);
  });
});
