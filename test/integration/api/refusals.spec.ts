import { AUDIT_ACTIONS, AUDIT_TARGETS } from '../../../apps/api/src/http/known-words';
import { BOARD_ACTIONS } from '../../../apps/api/src/queue-board/queue-board';
import { DUNNING_ACTIONS, INVOICE_ACTIONS } from '#libs/tenant-billing';
import { readText, sourceFiles } from '../../architecture/source-tree';
import { aSaga, change } from '../../support/factories';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { newTenancyWorld, type TenancyWorld } from '../tenancy/tenancy-world';

interface Answer {
  readonly data: Readonly<Record<string, unknown>>[];
  readonly completeness: Readonly<Record<string, unknown>>;
}
interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors?: { readonly field: string; readonly message: string }[];
}

let world: TenancyWorld;
beforeAll(async () => {
  world = await newTenancyWorld();
});
afterAll(() => world.close());

const get = (path: string, who: Record<string, string> = ADMIN_HEADER) => world.http().get(`/api/v1/${path}`).set(who);
const list = async (path: string, who?: Record<string, string>) => (await get(path, who).expect(200)).body as Answer;
const refused = async (path: string, who?: Record<string, string>) => (await get(path, who).expect(400)).body as Problem;
const problemOf = (body: unknown) => body as Problem;
const idOf = (tenant: string | null, nth = 0) =>
  world.resources.filter((row) => row.tenant === tenant && row.status === 'active')[nth]?.id ?? '';

describe('C4: a word that no list knows is refused', () => {
  it.each([
    ['inventory?kind=droplets', 'kind', 'did you mean droplet?'],
    ['inventory.csv?kind=droplets', 'kind', 'did you mean droplet?'],
    ['inventory?kind=droplet,volumes', 'kind', 'did you mean volume?'],
    ['inventory?status=activ', 'status', 'did you mean active?'],
    ['inventory?region=FRA1', 'region', 'did you mean fra1?'],
    ['drift/unmanaged?kind=droplets', 'kind', 'did you mean droplet?'],
    ['drift?field=size', 'field', 'did you mean size_slug?'],
    ['drift?severity=hihg', 'severity', 'did you mean high?'],
    ['drift-rules?kind=droplets', 'kind', 'did you mean droplet?'],
    ['sagas?status=done', 'status', 'must be one of pending, running,'],
    ['sagas?kind=provision_dropplet', 'kind', 'did you mean provision_droplet?'],
    ['sweeps?status=suspicious', 'status', 'did you mean suspect?'],
    ['billing/cost-lines?kind=droplets', 'kind', 'did you mean droplet?'],
    ['billing/cost-lines?match_reason=unamed', 'match_reason', 'did you mean unnamed?'],
    ['billing/history?type=payment', 'type', 'did you mean Payment?'],
    ['billing/summary?group_by=tenant,kinds', 'group_by', 'did you mean kind?'],
    ['billing/invoices?status=ingest', 'status', 'did you mean ingested?'],
    ['audit?action=owner_sett', 'action', 'did you mean owner_set?'],
    ['audit?target_type=resources', 'target_type', 'did you mean resource?'],
    ['inventory?sort=names', 'sort', 'did you mean name?'],
  ])('%s [TEN-5]', async (path, field, message) => {
    const { code, errors = [], detail } = await refused(path);
    expect({ code, field: errors[0]?.field }).toEqual({ code: 'validation_failed', field });
    expect(errors[0]?.message).toContain(message);
    expect(detail).toContain(message);
  });

  it.each([{ field: 'size' }, { kind: 'droplets' }])('refuses the rule %j, which could never match [TEN-5, DRF-1]', async (match) => {
    const { body } = await world
      .http()
      .post('/api/v1/drift-rules')
      .set(ADMIN_HEADER)
      .send({ ...match, reason: 'x' })
      .expect(400);
    expect(problemOf(body).errors?.[0]?.message).toContain('did you mean');
  });

  it('names the kinds that there are for a sweep, under the code that it had [TEN-5]', async () => {
    const { body } = await world.http().post('/api/v1/sweeps').set(ADMIN_HEADER).send({ kind: 'all' }).expect(400);
    expect(problemOf(body)).toMatchObject({
      code: 'unknown_kind',
      detail: expect.stringContaining('must be one of droplet, dns_zone') as string,
    });
    expect((await refused('sweeps?kind=droplets')).detail).toContain('did you mean droplet?');
  });

  it('knows a kind that only rows have, and only in the scope of their reader [TEN-3, TEN-5, INV-11]', async () => {
    await change(world.owner, 'cloud_resources', idOf('globex', 3), { kind: 'microdroplet' });
    const found = await list('inventory?kind=microdroplet');
    expect(found.data).toHaveLength(1);
    expect(Object.keys(found.completeness)).toEqual(['microdroplet']);
    expect((await list('inventory?kind=microdroplet', tenantHeader('globex'))).data).toHaveLength(1);
    const { errors } = await refused('inventory?kind=microdroplet', tenantHeader('acme'));
    expect(errors?.[0]?.message).not.toContain('microdroplet,');
    await list('inventory?kind=microdroplet'); // a query that was valid for an admin does not become valid for all
    await refused('inventory?kind=microdroplet', tenantHeader('acme'));
  });

  it('knows every action and every target that the product records in the audit log [OPS-9]', () => {
    const texts = sourceFiles('apps', 'libs')
      .filter(({ path, room }) => room !== 'apps/simulator' && !path.endsWith('.spec.ts'))
      .map(({ path }) => readText(path) ?? '');
    const wordsOf = (pattern: RegExp) => texts.flatMap((text) => [...text.matchAll(pattern)].map(([, word]) => word ?? ''));
    const targets = wordsOf(/\btarget(?:: | = )\{ type: '([a-z_]+)'/g);
    expect(targets.length).toBeGreaterThan(20);
    expect(targets.filter((target) => !AUDIT_TARGETS.includes(target))).toEqual([]);
    const recorded = wordsOf(/\baction: '([a-z]+_[a-z_]+)'/g);
    const known = [
      ...recorded.filter((action) => !(DUNNING_ACTIONS as readonly string[]).includes(action)),
      ...Object.values(BOARD_ACTIONS),
      ...INVOICE_ACTIONS,
    ];
    expect(recorded.length).toBeGreaterThan(12);
    expect(known.filter((action) => !AUDIT_ACTIONS.includes(action))).toEqual([]);
  });

  it('leaves open values open: a free text, a period or a time may find nothing [TEN-5]', async () => {
    for (const path of [
      'inventory?q=nothing',
      'billing/cost-lines?period=2020-01',
      'audit?actor=nobody',
      'sagas?since=2099-01-01T00:00:00Z',
    ])
      expect((await list(path)).data).toEqual([]);
  });
});

describe('D2: a refusal says what is wrong, all at once', () => {
  const post = async (path: string, body: string | object, status = 400) =>
    problemOf(
      (await world.http().post(`/api/v1/${path}`).set(ADMIN_HEADER).set('content-type', 'application/json').send(body).expect(status)).body,
    );
  const order = { name: 'web-1', size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' };

  it.each(['abc', '100000000000', '050', '0', '1.5', '+5'])('limit=%s [TEN-5]', async (limit) => {
    expect((await refused(`inventory?limit=${encodeURIComponent(limit)}`)).detail).toBe('limit must be a whole number from 1 to 200');
  });

  it('says that a field is missing, what a tenant id is made of, and what is known [TEN-5]', async () => {
    expect((await post('sweeps', {})).detail).toBe('kind is missing');
    expect((await post('drift-rules', { tenant_id: 42, reason: 'x' })).detail).toContain('text of 1 to 200 characters');
    expect((await post('sagas', { kind: 'provision_dropplet', input: {} })).detail).toContain('did you mean provision_droplet?');
  });

  it('names the position in broken JSON, and quotes nothing of it [TEN-10]', async () => {
    const { code, detail } = await post('sweeps', '{"kind": secret}');
    expect({ code, detail }).toEqual({ code: 'malformed_request', detail: 'The body is not JSON: see line 1, column 10 (position 9)' });
    expect((await post('sweeps', '{"kind":"droplet"')).detail).toContain('not complete JSON');
  });

  it('names an unknown field, a wrong name and a wrong slug in one answer [TEN-5]', async () => {
    await world.owner.query(
      `insert into provider_catalogue (name, taken_at) values ('offers', now()) on conflict (name) do update set taken_at = now()`,
    );
    await world.owner.query(
      `insert into provider_images (slug, name, min_disk_gb, regions, status)
       select slug, slug, 10, array['fra1'], 'available' from unnest(array['ubuntu-20-04-x64', 'ubuntu-24-04-x64']) slug on conflict do nothing`,
    );
    const { errors = [] } = await post('sagas', {
      kind: 'provision_droplet',
      input: { ...order, name: '-bad', image: 'ubuntu-24', colour: 'red' },
    });
    expect(errors.map(({ field }) => field)).toEqual(expect.arrayContaining(['input.colour', 'input.name', 'input.image']));
    expect(errors.find(({ field }) => field === 'input.image')?.message).toContain('did you mean ubuntu-24-04-x64?');
    await world.owner.query(`delete from provider_images; delete from provider_catalogue`);
  });

  it('leads from dry_run in a body to the query parameter, and takes ids of SSH keys as numbers [TEN-5]', async () => {
    expect((await post('sagas', { kind: 'provision_droplet', input: order, dry_run: true })).detail).toContain(
      'query parameter: ?dry_run=true',
    );
    expect((await post('drift/detect', { dry_run: true })).detail).toContain('query parameter');
    await post('sagas?dry_run=true', { kind: 'provision_droplet', input: { ...order, ssh_keys: [512189, '3b:16'] } }, 200);
    expect((await post('sagas?dry_run=true', { kind: 'provision_droplet', input: { ...order, ssh_keys: [-1] } })).detail).toContain(
      'ids or fingerprints',
    );
  });

  it('says that a saga which was rolled back holds nothing [SAG-12]', async () => {
    const id = await aSaga(world.owner, { status: 'rolled_back', wake_at: null, finished_at: new Date() });
    expect((await post(`sagas/${id}/release`, { reason: 'x' }, 409)).detail).toBe('A saga that is rolled_back holds nothing');
  });

  it('shows the form of the header to a caller without a valid token, whatever is wrong [TEN-1]', async () => {
    for (const authorization of ['x.y.z', 'Bearer x.y.z', ADMIN_HEADER.authorization.replace('Bearer ', '')]) {
      const { body } = await get('audit', { authorization }).expect(401);
      expect(problemOf(body).detail).toBe('A valid access token is required, as "Authorization: Bearer <token>"');
    }
  });
});
