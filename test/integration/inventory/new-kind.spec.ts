/**
 * A kind that only this file declares. The libraries read the list of kinds when they are loaded, so the declaration is imported first.
 * @loads-anew
 */
import { nfsSnapshotKind } from '../../support/throw-away-kind';
import { DriftDetectionService } from '#libs/drift';
import { OwnershipService, SweepService } from '#libs/inventory';
import { BalanceSnapshots } from '#libs/provider-billing';
import { LISTED, listing } from '../../support/listed-objects';
import { LISTED_PRODUCTS } from '../../support/listed-products';
import { ADMIN, ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';
import { newBillingWorld, type BillingWorld } from '../billing/billing-world';

const KIND = nfsSnapshotKind.kind;
const share = LISTED_PRODUCTS.nfs_share?.object ?? {};
const snapshot = {
  id: '8a1f0a52-6f0e-4a9e-9d0e-5b7c2f6d3e11',
  name: 'before-the-move',
  share_id: share.id,
  region: 'fra1',
  size_gib: 50,
  status: 'ACTIVE',
  created_at: '2026-03-01T10:00:00Z',
};

interface Row {
  readonly id: string;
  readonly name: string;
  readonly price: unknown;
}

/** What CONTRIBUTING promises of a new kind: its declaration is enough for everything below. */
describe('a kind of which nothing is known but its declaration', () => {
  let world: BillingWorld;
  let api: TestApp;
  beforeAll(async () => {
    world = await newBillingWorld({ STRIKES_TO_DELETE: '3', STRIKE_SPACING_MS: '0', DELETION_LAG_MS: '0' });
    await world.get(BalanceSnapshots).takeSnapshot(); // binds the account
    await world.simulator.withoutLags();
    await world.simulator.change({ nfs_shares: [share] });
    api = await createTestApp({ DATABASE_URL: world.stored.appUrl });
    await provider(snapshot);
    await sweep('nfs_share');
  });
  afterAll(async () => {
    await api.close();
    await world.close();
  });

  const sweep = (kind: string) => world.get(SweepService).run(kind, { trigger: 'manual' });
  const provider = (...objects: readonly object[]) =>
    world.simulator.faults([
      {
        id: 'listed',
        match: { method: 'GET', path: '/v2/nfs/snapshots' },
        effect: { type: 'status', status: 200, body: { snapshots: objects, links: {}, meta: { total: objects.length } } },
      },
      { id: 'gone', match: { method: 'GET', path: `/v2/nfs/snapshots/${snapshot.id}` }, effect: { type: 'status', status: 404 } },
    ]);
  const get = async (path: string, who = ADMIN_HEADER) => (await api.http().get(`/api/v1/${path}`).set(who).expect(200)).body as unknown;
  const rows = async (who = ADMIN_HEADER) => ((await get(`inventory?kind=${KIND}`, who)) as { data: Row[] }).data;
  const events = async () =>
    (
      await world.database.query<{ type: string }>(
        'select e.type from cloud_resource_events e join cloud_resources r on r.id = e.resource_id where r.kind = $1 order by e.seq',
        [KIND],
      )
    ).map(({ type }) => type);

  it('is swept into a row with its tenant, once, and is named among the kinds [INV-1, INV-2, INV-12]', async () => {
    expect(await sweep(KIND)).toMatchObject({ status: 'complete', reason: null, discovered: 1 });
    expect(await sweep(KIND)).toMatchObject({ status: 'complete', updated: 0, struck: 0 });
    expect(await events()).toEqual(['discovered']);
    const [{ id } = { id: '' }] = await world.database.query<{ id: string }>(`select id from cloud_resources where kind = 'nfs_share'`);
    await world.get(OwnershipService).setOwner(id, 'acme', { ...ADMIN, reason: 'theirs' });
    expect(await rows(tenantHeader('acme'))).toMatchObject([{ name: snapshot.name, tenant_id: 'acme', attribution: { by: 'parent', ref: id } }]); // prettier-ignore
    expect(await get('inventory/kinds')).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ kind: KIND, label: 'NFS snapshot', has_list: true, count: 1, status: 'available' })]) as unknown }); // prettier-ignore
  });

  it('has the price of the list once an administrator has set it, in its unit [PRC-1]', async () => {
    expect(await rows()).toMatchObject([{ price: { unpriced: 'no_rate' } }]);
    const prices = [{ product: KIND, amount: '0.05', origin: 'price list of March 2026' }];
    const put = (body: object) => api.http().put('/api/v1/catalog/list-prices').set(ADMIN_HEADER).send(body);
    const set = await put({ prices, reason: 'a new product' }).expect(200);
    expect(set.body).toMatchObject({ data: [{ product: KIND, unit: 'gib_month' }] });
    expect(await rows()).toMatchObject([{ price: { monthly: '2.50' } }]);
    await put({ prices: [{ ...prices[0], product: 'nfs_snapshots' }], reason: 'a misspelt product' }).expect(400);
  });

  it('gets the lines of its own product, and no line of another product with the same name, in lines and costs (B3) [BIL-7]', async () => {
    const [{ id } = { id: '' }] = await rows();
    const ofDroplet = { ...LISTED.snapshot?.object, name: snapshot.name };
    await world.simulator.faults([listing('snapshot', [ofDroplet])]);
    expect(await sweep('snapshot')).toMatchObject({ status: 'complete', discovered: 1 });
    await provider(snapshot);
    const month = new Date().toISOString().slice(0, 7);
    const times = { start_time: `${month}-01T00:00:00Z`, end_time: `${month}-28T00:00:00Z`, hours: '648' };
    const line = (product: string, amount: string) => ({ product, description: snapshot.name, amount, ...times });
    const items = [
      line('NFS Snapshots', '2.50'),
      line('nfs  snapshot', '0.25'),
      line('Droplet Snapshots', '1.00'),
      line('Network File Storage', '4.00'),
      line('NFS Snapshot Backups', '8.00'),
    ];
    await world.simulator.change({ invoices: [{ invoice_uuid: 'nfs', invoice_period: month, items }] });
    await world.ingestAll();
    const lines = (await world.lines()).map(({ product, kind, resource_id, tenant_id, match }) => ({
      product,
      kind,
      its: resource_id === id,
      tenant_id,
      by: match.method ?? match.reason,
    }));
    expect(lines.sort((one, other) => one.product.localeCompare(other.product, 'en', { sensitivity: 'variant' }))).toEqual([
      { product: 'Droplet Snapshots', kind: 'snapshot', its: false, tenant_id: null, by: 'name' },
      { product: 'Network File Storage', kind: 'nfs_share', its: false, tenant_id: null, by: 'name_never_seen' },
      { product: 'nfs  snapshot', kind: KIND, its: true, tenant_id: 'acme', by: 'name' },
      { product: 'NFS Snapshot Backups', kind: 'other', its: false, tenant_id: null, by: 'unknown_product' },
      { product: 'NFS Snapshots', kind: KIND, its: true, tenant_id: 'acme', by: 'name' },
    ]);
    const shown = (await get(`billing/cost-lines?kind=${KIND}`)) as { data: { resource_id: string }[] };
    expect(shown.data.map(({ resource_id }) => resource_id)).toEqual([id, id]);
    expect(await get(`costs?period=${month}&basis=invoiced&kind=${KIND}&group_by=tenant,product`)).toMatchObject({
      data: {
        amount: '2.75',
        groups: [
          { tenant: 'acme', product: 'NFS Snapshots', amount: '2.50' },
          { tenant: 'acme', product: 'nfs  snapshot', amount: '0.25' },
        ],
      },
    });
  });

  it('drifts from its desired state, which it gets by adoption [DRF-1]', async () => {
    const [row] = await rows();
    await api.http().post(`/api/v1/inventory/${row?.id}/adopt`).set(ADMIN_HEADER).send({ reason: 'ours' }).expect(200);
    await provider({ ...snapshot, name: 'renamed-behind-our-back' });
    expect(await sweep(KIND)).toMatchObject({ status: 'complete', updated: 1 });
    await api.app.get(DriftDetectionService, { strict: false }).run();
    const drifts = (await get(`drift?kind=${KIND}`)) as { data: object[] };
    expect(drifts.data).toMatchObject([
      { resource_id: row?.id, field: 'name', expected: snapshot.name, actual: 'renamed-behind-our-back', status: 'open' },
    ]);
  });

  it('is deleted once three complete lists lack it [INV-3]', async () => {
    await provider({ ...snapshot, id: '8a1f0a52-6f0e-4a9e-9d0e-5b7c2f6d3e12' });
    for (const deleted of [0, 0, 1]) expect(await sweep(KIND)).toMatchObject({ status: 'complete', struck: 1, deleted });
    expect(await events()).toEqual(expect.arrayContaining(['deleted']));
  });
});
