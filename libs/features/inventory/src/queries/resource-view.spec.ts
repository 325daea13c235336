import { resourceJson, resourceView, type ResourceRow } from './resource-view';

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
  project_id: null,
  attributed_by: 'override',
  attributed_ref: null,
  attrs: '{"tags": ["a"], "memory": 1024}',
  first_seen_at: '2026-01-01 00:00:00+00',
  last_seen_at: '2026-02-01 00:00:00.5+00',
  stale_strike_count: '0',
  deleted_at: null,
};
const SWEPT_AT = '2026-03-01T00:00:00.000Z';

it('maps a row to the fields of the API', () => {
  expect(resourceView(ROW, null)).toEqual({
    ...ROW,
    attributed_by: undefined,
    attributed_ref: undefined,
    attribution: { by: 'override', ref: null },
    attrs: { tags: ['a'], memory: 1024 },
    first_seen_at: '2026-01-01T00:00:00.000Z',
    last_seen_at: '2026-02-01T00:00:00.500Z',
    stale_strike_count: 0,
  });
});

it.each(['name', 'region', 'provider_id', 'tenant_id', 'attributed_ref', 'status', 'urn', 'size_slug'] as const)(
  'escapes every text of %s in the JSON',
  (field) => {
    for (const text of ['"', '\\', '","id":"x', 'line\nbreak', '\u0001', '\u2028', 'ß\u{1F600}', '']) {
      const view = resourceView({ ...ROW, [field]: text }, null);
      expect(field === 'attributed_ref' ? view.attribution.ref : view[field]).toBe(text);
      expect(Object.keys(view)).toHaveLength(17);
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
  expect(resourceView({ ...ROW, ...change }, SWEPT_AT).last_seen_at).toBe(expected);
  expect(resourceJson({ ...ROW, ...change }, SWEPT_AT)).toContain(`"last_seen_at":"${expected}"`);
});
