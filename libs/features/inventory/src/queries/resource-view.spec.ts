import type { Resource } from '../entities/resource.entity';
import { resourceJson, resourceView, rfc3339, type ResourceRow, type ResourceView } from './resource-view';

const ROW: ResourceRow = {
  id: '01a1fe2c-a6ae-770b-b360-6bd7d8cf133a',
  provider: 'digitalocean',
  kind: 'droplet',
  provider_id: '1',
  urn: 'do:droplet:1',
  name: 'web',
  region: null,
  status: 'active',
  size_slug: null,
  tenant_id: 'acme',
  cloud_project_id: null,
  attributed_by: 'override',
  attributed_ref: null,
  attrs: '{"tags": ["a"], "memory": 1024}',
  first_seen_at: '2026-01-01 00:00:00+00',
  last_seen_at: '2026-02-01 00:00:00.5+00',
  stale_strike_count: '0',
  deleted_at: null,
  protected_by: null,
  product: null,
  units: null,
  plan: null,
  monthly: null,
};
const PRICE = '{"unpriced":"unknown_size"}';
/** The same row as a repository returns it. */
const RESOURCE: Resource = {
  id: ROW.id,
  accountId: '01a1fe2c-a6ae-770b-b360-6bd7d8cf1300',
  provider: ROW.provider,
  kind: ROW.kind,
  providerId: ROW.provider_id,
  urn: ROW.urn,
  name: ROW.name,
  region: ROW.region,
  status: ROW.status,
  sizeSlug: ROW.size_slug,
  attrs: { tags: ['a'], memory: 1024 },
  parents: [],
  contentHash: 'hash',
  ownerOverride: 'acme',
  tenantId: ROW.tenant_id,
  cloudProjectId: ROW.cloud_project_id,
  attributedBy: 'override',
  attributedRef: ROW.attributed_ref,
  firstSeenAt: new Date(ROW.first_seen_at),
  lastSeenAt: new Date(ROW.last_seen_at),
  recordedAt: new Date(ROW.last_seen_at),
  changedAt: new Date(ROW.last_seen_at),
  staleStrikeCount: 0,
  lastStrikeAt: null,
  deletedAt: null,
  listedBy: null,
  protectedBy: null,
};
const SWEPT_AT = '2026-03-01T00:00:00.000Z';

const parsed = (row: ResourceRow, sweptAt: string | null): ResourceView => JSON.parse(resourceJson(row, PRICE, sweptAt, 3)) as ResourceView;

it('maps a row to the fields of the API', () => {
  expect(parsed(ROW, null)).toEqual({
    ...ROW,
    attributed_by: undefined,
    attributed_ref: undefined,
    cloud_project_id: undefined,
    project_id: null,
    attribution: { by: 'override', ref: null },
    attrs: { tags: ['a'], memory: 1024 },
    first_seen_at: '2026-01-01T00:00:00.000Z',
    last_seen_at: '2026-02-01T00:00:00.500Z',
    stale_strike_count: 0,
    missing: null,
    protected: false,
    price: { unpriced: 'unknown_size' },
    product: undefined,
    units: undefined,
    plan: undefined,
    monthly: undefined,
  });
});

it('maps an entity to the bytes that the list returns for its row', () => {
  const compact = { ...ROW, attrs: JSON.stringify(RESOURCE.attrs) };
  const project = '01a1fe2c-a6ae-770b-b360-6bd7d8cf1311';
  const cases: [Partial<Resource>, Partial<ResourceRow>][] = [
    [{}, {}],
    [
      { name: '"', region: 'fra1' },
      { name: '"', region: 'fra1' },
    ],
    [
      { attributedBy: 'project', attributedRef: project },
      { attributed_by: 'project', attributed_ref: project },
    ],
    [
      { cloudProjectId: project, tenantId: null },
      { cloud_project_id: project, tenant_id: null },
    ],
    [{ staleStrikeCount: 2 }, { stale_strike_count: '2' }],
    [{ protectedBy: 'admin' }, { protected_by: 'admin' }],
    [
      { status: 'deleted', deletedAt: new Date('2026-02-02T00:00:00.25Z') },
      { status: 'deleted', deleted_at: '2026-02-02 00:00:00.25+00' },
    ],
  ];
  for (const [entity, row] of cases)
    for (const sweptAt of [null, SWEPT_AT])
      expect(
        JSON.stringify({ ...resourceView(Object.assign({}, RESOURCE, entity), sweptAt, 3), price: JSON.parse(PRICE) as unknown }),
      ).toBe(resourceJson({ ...compact, ...row }, PRICE, sweptAt, 3));
});

it.each(['name', 'region', 'provider_id', 'tenant_id', 'attributed_ref', 'status', 'urn', 'size_slug'] as const)(
  'escapes every text of %s in the JSON',
  (field) => {
    for (const text of ['"', '\\', '","id":"x', 'line\nbreak', '\u0001', '\u2028', 'ß\u{1F600}', '']) {
      const view = parsed({ ...ROW, [field]: text }, null);
      expect(field === 'attributed_ref' ? view.attribution.ref : view[field]).toBe(text);
      expect(Object.keys(view)).toHaveLength(21);
    }
  },
);

it.each([
  ['a row without strikes that the last complete sweep knew', {}, SWEPT_AT],
  ['a row with strikes', { stale_strike_count: '1' }, '2026-02-01T00:00:00.500Z'],
  ['a tombstone', { deleted_at: '2026-02-02 00:00:00+00' }, '2026-02-01T00:00:00.500Z'],
  ['a row first seen since that sweep', { first_seen_at: '2026-03-01 00:00:00+00' }, '2026-02-01T00:00:00.500Z'],
  ['a row seen since that sweep', { last_seen_at: '2026-03-02 00:00:00+00' }, '2026-03-02T00:00:00.000Z'],
])('returns the right last_seen_at for %s', (_what, change, expected) => {
  expect(parsed({ ...ROW, ...change }, SWEPT_AT).last_seen_at).toBe(expected);
  expect(resourceJson({ ...ROW, ...change }, PRICE, SWEPT_AT, 3)).toContain(`"last_seen_at":"${expected}"`);
});

it.each([
  ['a row without strikes', {}, null],
  ['a row with strikes', { stale_strike_count: '2' }, { strikes: 2, of: 3, since: '2026-02-01T00:00:00.500Z' }],
  ['a tombstone', { stale_strike_count: '3', deleted_at: '2026-02-02 00:00:00+00' }, null],
])('says of %s whether it is missing and how far that is proven (C5) [TRU-1]', (_what, change, missing) => {
  expect(parsed({ ...ROW, ...change }, SWEPT_AT).missing).toEqual(missing);
});

it.each([
  ['2026-07-01 12:00:00+00', '2026-07-01T12:00:00.000Z'],
  ['2026-07-01 12:00:00.5+00', '2026-07-01T12:00:00.500Z'],
  ['2026-07-01 12:00:00.12+00', '2026-07-01T12:00:00.120Z'],
  ['2026-07-01 12:00:00.123+00', '2026-07-01T12:00:00.123Z'],
  ['1999-12-31 23:59:59.999999+00', '1999-12-31T23:59:59.999Z'],
])('converts the time %s as Date does', (written, text) => {
  expect(rfc3339(written)).toBe(text);
  expect(new Date(written.replace(' ', 'T').replace('+00', 'Z')).toISOString()).toBe(text);
});
