import { billedFields } from './billed-history';

const part = { type: 'service', name: 'web', instance_size: 'apps-s-1vcpu-0.5gb', instance_count: -3 };

it.each([
  { kind: 'managed_db', sizeSlug: 'db-s-1vcpu-1gb', attrs: { num_nodes: -1 } },
  { kind: 'nat_gateway', sizeSlug: null, attrs: { size: -2 } },
  { kind: 'nfs_share', sizeSlug: null, attrs: { size_gib: -50 } },
  { kind: 'custom_image', sizeSlug: null, attrs: { size_gigabytes: 1e-7 } },
  { kind: 'app', sizeSlug: null, attrs: { components: [part] } },
  { kind: 'volume', sizeSlug: null, attrs: { size_gigabytes: -10 } },
  { kind: 'snapshot', sizeSlug: null, attrs: { size_gigabytes: -1 } },
  { kind: 'load_balancer', sizeSlug: null, attrs: { size_unit: -1 } },
])('knows no units of a $kind whose size is no number from zero on (A3) [TRU-3]', ({ kind, sizeSlug, attrs }) => {
  expect(billedFields(kind, { status: 'active', sizeSlug, attrs })).toMatchObject({ units: null });
});

it('knows the units of a size that is one', () => {
  const three = { status: 'online', sizeSlug: 'db-s-1vcpu-1gb', attrs: { num_nodes: 3 } };
  expect(billedFields('managed_db', three)).toEqual({ product: 'managed_db:db-s-1vcpu-1gb', units: '3', plan: null });
});
