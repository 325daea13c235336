import { ChainSealer } from '#libs/audit';
import { EventLog, EventSequencer, type EventView } from '#libs/events';
import type { ListAnswer } from '#libs/kernel';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { anEvent, change } from '../../support/factories';
import { newTenancyWorld, type TenancyWorld } from '../tenancy/tenancy-world';
import { anEventOf } from './events-world';

/** Names and amounts that a tenant must never read. */
const SECRETS = { admin: 'ada-the-admin', amount: '98765.43', name: 'only-globex-knows' };
const TENANTS = ['acme', 'globex'];

let world: TenancyWorld;
let moved: string;
beforeAll(async () => {
  world = await newTenancyWorld();
  moved = world.resources.find(({ tenant, status }) => tenant === 'acme' && status === 'active')?.id ?? '';
  await resourceEvent('acme', 'of-acme');
  await moveTo('globex');
  await resourceEvent('globex', SECRETS.name);
  await change(world.owner, 'cloud_resources', moved, { name: SECRETS.name });
  await log('globex', {
    resourceId: moved,
    type: 'drift.opened',
    subject: { type: 'drift', id: 'd-1', name: SECRETS.name, kind: 'droplet' },
  });
  await log(null, { type: 'invoice.ingested', actor: null, subject: { type: 'invoice', id: 'i-1' }, data: { amount: SECRETS.amount } });
  await log('acme', {
    actor: { sub: 'acme-user', role: 'tenant' },
    subject: { type: 'saga', id: 's-1', kind: 'demo' },
    type: 'saga.started',
  });
  await log('acme', { type: 'saga.completed', subject: { type: 'saga', id: 's-1', kind: 'demo' } });
  await log('not-registered', { type: 'saga.started', subject: { type: 'saga', id: 's-2', kind: 'demo' } });
  await moveTo('acme');
  await change(world.owner, 'cloud_resources', moved, { name: 'acme-again' });
  await resourceEvent('acme', 'acme-again');
  await world.app.get(ChainSealer, { strict: false }).seal();
  await world.app.get(EventSequencer, { strict: false }).number();
});
afterAll(() => world.close());

const resourceEvent = (tenant: string, name: string) =>
  anEvent(world.owner, moved, { tenant_id: tenant, changes: { name: { old: 'before', new: name } } });
const moveTo = (tenant_id: string) =>
  world.call('patch', `/api/v1/inventory/${moved}`).set(ADMIN_HEADER).send({ tenant_id, reason: 'sold' }).expect(200);
const log = (tenant: string | null, more: Parameters<typeof anEventOf>[2]) =>
  world.app
    .get(EventLog, { strict: false })
    .append(world.database, anEventOf(tenant, 't', { actor: { sub: SECRETS.admin, role: 'platform_admin' }, ...more }));

const get = (path: string, headers: Record<string, string>) => world.http().get(`/api/v1/${path}`).set(headers);

/** All events that a caller gets, page by page. */
async function events(headers: Record<string, string>, query = ''): Promise<EventView[]> {
  const found: EventView[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await get(`events?limit=7${query}${cursor && `&cursor=${cursor}`}`, headers).expect(200);
    const { data, page } = answer.body as ListAnswer<EventView>;
    found.push(...data);
    cursor = page.next_cursor;
  }
  return found;
}

const ofTenant = async (tenant: string, query = '') => (await events(ADMIN_HEADER, query)).filter(({ tenant_id }) => tenant_id === tenant);
const sequences = (found: readonly EventView[]) => found.map(({ sequence }) => sequence);

it.each(TENANTS)('lists the events of the time when things were its own, and no others, to %s [EVT-2, TEN-3]', async (tenant) => {
  const mine = await events(tenantHeader(tenant));
  expect(sequences(mine)).toEqual(sequences(await ofTenant(tenant)));
  expect(new Set(mine.map(({ tenant_id }) => tenant_id))).toEqual(new Set([tenant]));
  const names = mine
    .filter(({ subject, type }) => subject.id === moved && type === 'resource.changed')
    .map(({ data }) => JSON.stringify(data['changes']));
  const expected = tenant === 'acme' ? ['of-acme', 'acme-again'] : [SECRETS.name];
  expect(names.slice(-expected.length)).toEqual(expected.map((name) => JSON.stringify({ name: { new: name, old: 'before' } })));
});

it.each([
  ['&type=resource.changed'],
  ['&type=saga.started,saga.completed'],
  ['&kind=droplet'],
  ['&kind=droplet,demo'],
  ['&resource_id=<moved>'],
  ['&after=3'],
  ['&since=2020-01-01T00:00:00Z'],
  ['&until=2999-01-01T00:00:00Z'],
  ['&since=2998-01-01T00:00:00Z'],
  ['&tenant_id=<own>'],
  ['&type=resource.changed&resource_id=<moved>&after=1'],
])('lists only events of the tenant with the filter %s [EVT-2, TEN-3]', async (filter) => {
  for (const tenant of TENANTS) {
    const query = filter.replace('<moved>', moved).replace('<own>', tenant);
    expect(sequences(await events(tenantHeader(tenant), query))).toEqual(sequences(await ofTenant(tenant, query)));
  }
});

it.each([...TENANTS, 'platform'])('lists the newest first to %s when asked to, page by page [EVT-2]', async (who) => {
  const headers = who === 'platform' ? ADMIN_HEADER : tenantHeader(who);
  expect(sequences(await events(headers, '&sort=-sequence'))).toEqual(sequences(await events(headers)).toReversed());
});

it('writes operator instead of the name of an admin to a tenant, also in the filter, and no amounts and names of others [EVT-2, TEN-3]', async () => {
  const headers = tenantHeader('acme');
  const mine = await events(headers);
  expect(mine.find(({ type }) => type === 'saga.completed')).toMatchObject({ actor: 'operator', source: 'api' });
  expect(mine.find(({ type }) => type === 'saga.started')).toMatchObject({ actor: 'acme-user' });
  expect(await events(headers, `&actor=${SECRETS.admin}`)).toEqual([]);
  expect(sequences(await events(headers, '&actor=operator'))).toEqual(sequences(mine.filter(({ actor }) => actor === 'operator')));
  expect(sequences(await events(headers, '&actor=acme-user'))).toEqual(sequences(mine.filter(({ actor }) => actor === 'acme-user')));
  const csv = (await get('events.csv', headers).expect(200)).text;
  expect(csv.split('\r\n').filter((line) => line !== '')).toHaveLength(mine.length + 1);
  for (const secret of Object.values(SECRETS)) expect(`${JSON.stringify(mine)}${csv}`).not.toContain(secret);
  const all = JSON.stringify(await events(ADMIN_HEADER));
  for (const secret of Object.values(SECRETS)) expect(all).toContain(secret);
});

it('names a resource to its present owner, and to a former one only as its own events name it [EVT-2]', async () => {
  const nameOf = async (tenant: string) =>
    new Set(
      (await events(tenantHeader(tenant)))
        .filter(({ subject, type }) => subject.id === moved && !type.startsWith('resource.moved_'))
        .map(({ subject }) => subject.name),
    );
  expect(await nameOf('acme')).toEqual(new Set(['acme-again']));
  expect(await nameOf('globex')).toEqual(new Set([SECRETS.name]));
});

it('shows an event about two owners to admins only, and to each owner its own side without the other one and its names [EVT-2, INV-13]', async () => {
  const moves = (await events(ADMIN_HEADER, `&type=resource.attributed&resource_id=${moved}`)).map(({ tenant_id, actor }) => [
    tenant_id,
    actor,
  ]);
  expect(moves).toEqual([
    [null, 'ops'],
    [null, 'ops'],
  ]);
  for (const tenant of TENANTS) {
    expect(await events(tenantHeader(tenant), `&type=resource.attributed&resource_id=${moved}`)).toEqual([]);
    const own = await events(tenantHeader(tenant), `&type=resource.moved_out,resource.moved_in&resource_id=${moved}`);
    const sides = own.map(({ type, actor, tenant_id }) => [type, actor, tenant_id]);
    const [out, into] = [['resource.moved_out', 'operator', tenant], ['resource.moved_in', 'operator', tenant]]; // prettier-ignore
    expect(sides).toEqual(tenant === 'acme' ? [out, into] : [into, out]);
    const ofOther = tenant === 'acme' ? [SECRETS.name, 'globex'] : ['acme'];
    for (const word of ofOther) expect(JSON.stringify(own)).not.toContain(word);
  }
});

it('lets row security hide the events of others where a query forgets the tenant [EVT-2, TEN-4]', async () => {
  for (const table of ['events', 'event_numbers']) {
    const tenantsOf = `select distinct tenant_id from ${table} order by 1`;
    expect((await world.database.query(tenantsOf)).length).toBeGreaterThan(2);
    expect(await world.database.asTenant('acme', (tx) => tx.query(tenantsOf))).toEqual([{ tenant_id: 'acme' }]);
    expect(await world.database.withoutScope((tx) => tx.query(tenantsOf))).toEqual([]);
  }
  expect(await ofTenant('not-registered')).toHaveLength(1);
  expect(await events(tenantHeader('not-registered'))).toEqual([]); // the query asks for its events, and the database knows no such tenant
});

it('refuses another tenant, unknown words and numbers that are none, with the nearest word [TEN-2, TEN-5]', async () => {
  const headers = tenantHeader('acme');
  await get('events?tenant_id=globex', headers).expect(403);
  await get('events.csv?tenant_id=globex', headers).expect(403);
  const { body } = await get('events?type=saga.complete', headers).expect(400);
  expect(JSON.stringify(body)).toContain('saga.completed');
  for (const query of [
    'kind=drplet',
    'after=-1',
    'after=1.5',
    'after=9007199254740993',
    'resource_id=1',
    'since=yesterday',
    'color=red',
    'limit=0',
    'cursor=x',
  ])
    await get(`events?${query}`, headers).expect(400);
});
