import { randomUUID } from 'node:crypto';
import type { EventView, ResourceView } from '#libs/inventory';
import type { ListAnswer } from '#libs/kernel';
import { GENUINE_ADMIN } from './forged-tokens';
import { tableContents } from './table-contents';
import { documentedOperations, type Operation } from './operations';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
let operations: Operation[];

beforeAll(async () => {
  world = await newTenancyWorld();
  operations = await documentedOperations(world);
});
afterAll(() => world.close());

const inventory = (query = '') => world.http().get(`/api/v1/inventory${query}`);
const rowsOf = (answer: { body: unknown }) => (answer.body as ListAnswer<ResourceView>).data;
const nextOf = (answer: { body: unknown }) => (answer.body as ListAnswer<ResourceView>).page.next_cursor;
const idsOf = (owner: string | null, status = 'active') =>
  world.resources.filter((row) => row.tenant === owner && row.status === status).map(({ id }) => id);
const one = (owner: string | null) => idsOf(owner)[0] ?? '';

describe('the inventory of a tenant', () => {
  it('lists all rows of the tenant, page by page, and no others [TEN-3]', async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const answer = await inventory(`?limit=3${cursor && `&cursor=${cursor}`}`)
        .set(tenantHeader('acme'))
        .expect(200);
      seen.push(...rowsOf(answer).map((row) => row.id));
      expect(new Set(rowsOf(answer).map((row) => row.tenant_id))).toEqual(new Set(['acme']));
      cursor = nextOf(answer);
    }
    expect(seen.sort()).toEqual(idsOf('acme').sort());
  });

  it.each([
    ['kind=droplet'],
    ['status=active'],
    ['status=deleted'],
    ['region=fra1'],
    ['q=globex'],
    ['q=web'],
    ['q=%25'],
    ['q=10.0.0.'],
    ["q='%20or%20tenant_id%20is%20not%20null%20--"],
    ['updated_since=2020-01-01T00:00:00Z'],
    ['project_id=<globex>'],
    ['tenant_id=acme'],
    ['tenant_id=acme&q=globex'],
  ])('lists only rows of the tenant with the filter %s [TEN-3]', async (filter) => {
    const query = `?limit=200&${filter.replace('<globex>', world.projects['globex'] ?? '')}`;
    const mine = rowsOf(await inventory(query).set(tenantHeader('acme')).expect(200));
    expect(mine.filter((row) => row.tenant_id !== 'acme')).toEqual([]);
    // The filter itself works: an admin finds exactly these rows among others.
    const all = rowsOf(await inventory(query).set(ADMIN_HEADER).expect(200));
    expect(all.filter((row) => row.tenant_id === 'acme').map((row) => row.id)).toEqual(mine.map((row) => row.id));
  });

  it('lists only rows of the tenant with a cursor of another caller [TEN-3]', async () => {
    for (const maker of [ADMIN_HEADER, tenantHeader('globex')]) {
      const cursor = nextOf(await inventory('?limit=1').set(maker).expect(200));
      expect(cursor).not.toBeNull();
      const rows = rowsOf(
        await inventory(`?limit=200&cursor=${cursor ?? ''}`)
          .set(tenantHeader('acme'))
          .expect(200),
      );
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter((row) => row.tenant_id !== 'acme')).toEqual([]);
    }
  });

  it('lists only rows of the tenant whatever the headers claim [TEN-3]', async () => {
    const claims = {
      'x-tenant-id': 'globex',
      'x-tenant': 'globex',
      'x-roles': 'platform_admin',
      'x-forwarded-user': 'ops',
      cookie: `token=${GENUINE_ADMIN}`,
      'x-http-method-override': 'PATCH',
    };
    const rows = rowsOf(
      await inventory('?limit=200')
        .set({ ...claims, ...tenantHeader('acme') })
        .expect(200),
    );
    expect(rows.map((row) => row.id).sort()).toEqual(idsOf('acme').sort());
  });

  it.each(['tenant_id=globex', 'tenant_id=ACME', 'tenant_id=%20acme'])('refuses a filter by another tenant: %s [TEN-3]', async (filter) => {
    const { status } = await inventory(`?${filter}`).set(tenantHeader('acme'));
    expect(status === 403 || status === 400).toBe(true);
    await inventory('?tenant_id=globex').set(tenantHeader('acme')).expect(403);
  });

  it.each([
    'scope=platform',
    'roles=platform_admin',
    'tenant_id=acme&tenant_id=globex',
    'tenant_id[]=globex',
    'access_token=x',
    'as_of=yesterday',
    'unattributed=false',
  ])('refuses a parameter that could widen the scope: %s [TEN-2, TEN-3, TEN-5]', async (query) => {
    const { body } = await inventory(`?${query}`).set(tenantHeader('acme')).expect(400);
    expect(body).toMatchObject({ code: 'validation_failed' });
  });

  it('limits past states, counts and the CSV file to the tenant [TEN-3, TEN-4]', async () => {
    const past = rowsOf(
      await inventory(`?limit=200&as_of=${new Date(Date.now() + 60_000).toISOString()}`)
        .set(tenantHeader('acme'))
        .expect(200),
    );
    expect(past.map((row) => row.id).sort()).toEqual(idsOf('acme').sort());
    expect(rowsOf(await inventory('?unattributed=true').set(tenantHeader('acme')).expect(200))).toEqual([]);
    const { body } = await world.http().get('/api/v1/inventory/summary').set(tenantHeader('acme')).expect(200);
    expect(body).toMatchObject({
      data: { total: idsOf('acme').length, unattributed: 0, by_tenant: [{ tenant_id: 'acme', count: idsOf('acme').length }] },
    });
    const file = await world
      .http()
      .get('/api/v1/inventory.csv')
      .set(tenantHeader('acme'))
      .expect(200)
      .expect('content-type', /text\/csv/);
    const ids = file.text
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => String(line.split(',')[0]));
    expect(ids.sort()).toEqual(idsOf('acme').sort());
    await world.http().get('/api/v1/inventory.csv?tenant_id=globex').set(tenantHeader('acme')).expect(403);
    await world.http().get('/api/v1/inventory.csv').expect(401);
  });

  it('refuses a body that could widen the scope [TEN-2, TEN-3]', async () => {
    const { body } = await inventory().set(tenantHeader('acme')).send({ tenant_id: 'globex' }).expect(400);
    expect(body).toMatchObject({ errors: [{ field: 'tenant_id' }] });
  });

  it('returns the same 404 for a resource of another tenant, without a tenant, and that does not exist [TEN-3]', async () => {
    for (const path of ['', '/events']) {
      const answers = [one('globex'), one(null), idsOf('globex', 'deleted')[0] ?? '', randomUUID()].map((id) =>
        world.http().get(`/api/v1/inventory/${id}${path}`).set(tenantHeader('acme')).expect(404),
      );
      const bodies = (await Promise.all(answers)).map(({ text, headers }) => text.replaceAll(String(headers['x-request-id']), ''));
      expect(new Set(bodies).size).toBe(1);
      await world
        .http()
        .get(`/api/v1/inventory/${one('acme')}${path}`)
        .set(tenantHeader('acme'))
        .expect(200);
      await world
        .http()
        .get(`/api/v1/inventory/${one('globex')}${path}`)
        .set(ADMIN_HEADER)
        .expect(200);
    }
  });

  it('returns only those events of a resource that happened while the tenant owned it [TEN-3, INV-13]', async () => {
    const moved = idsOf('acme').at(-1) ?? '';
    await world.http().patch(`/api/v1/inventory/${moved}`).set(ADMIN_HEADER).send({ tenant_id: 'globex', reason: 'sold' }).expect(200);
    await world.http().get(`/api/v1/inventory/${moved}`).set(tenantHeader('acme')).expect(404);
    const types = async (who: object) => {
      const { body } = await world
        .http()
        .get(`/api/v1/inventory/${moved}/events`)
        .set(who as Record<string, string>)
        .expect(200);
      return (body as ListAnswer<EventView>).data.map((event) => event.type);
    };
    expect(await types(tenantHeader('acme'))).toEqual(['updated', 'updated', 'discovered']);
    expect(await types(tenantHeader('globex'))).not.toContain('discovered');
    expect(await types(ADMIN_HEADER)).toEqual(['attributed', 'updated', 'updated', 'discovered']);
    await world.http().patch(`/api/v1/inventory/${moved}`).set(ADMIN_HEADER).send({ tenant_id: 'acme' }).expect(200);
  });
});

describe('operations of the platform admin', () => {
  it('returns 403 to a tenant, whether the object exists or not, and changes nothing [TEN-3]', async () => {
    const before = await tableContents(world);
    const functions = operations.filter(({ adminOnly }) => adminOnly);
    expect(functions.length).toBeGreaterThanOrEqual(8);
    for (const { method, path } of functions) {
      for (const id of [
        one('acme'),
        world.projects['acme'] ?? '',
        world.suspectSweep,
        world.drift,
        world.driftRule,
        randomUUID(),
        'no-id',
      ]) {
        const call = world.http()[method](path.replace('{id}', id)).set(tenantHeader('acme'));
        const { body } = await (method === 'get' ? call : call.send({ tenant_id: 'acme', kind: 'droplet', reason: 'mine' })).expect(403);
        expect(body).toMatchObject({ code: 'platform_admin_required' });
      }
    }
    expect(await tableContents(world)).toEqual(before);
  });
});
