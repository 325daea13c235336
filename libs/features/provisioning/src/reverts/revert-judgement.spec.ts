import { whyNot, type RevertQuestion } from './revert-judgement';

const ask = (field: string, ordered: unknown, rest: Partial<RevertQuestion> = {}) =>
  whyNot({ field, ordered, diskGb: 25, orderedDiskGb: 25, backups: 0, ...rest });

it.each([
  { what: 'a size with the same disk', why: ask('size_slug', 's-1vcpu-1gb') },
  { what: 'a size with a larger disk, which is not taken', why: ask('size_slug', 's-2vcpu-4gb', { orderedDiskGb: 80 }) },
  { what: 'a size that the catalogue does not know: the provider will say', why: ask('size_slug', 'c-2', { orderedDiskGb: undefined }) },
  { what: 'a name', why: ask('name', 'web-1') },
  { what: 'tags', why: ask('tags', ['web', 'env:prod']) },
  { what: 'no tags', why: ask('tags', []) },
  { what: 'backups on', why: ask('backups', true, { backups: 2 }) },
  { what: 'backups off', why: ask('backups', false) },
])('DRF-5: can revert $what', ({ why }) => {
  expect(why).toBeUndefined();
});

it.each([
  { field: 'region', why: ask('region', 'fra1'), reason: /region/ },
  { field: 'image', why: ask('image', 'ubuntu-24-04-x64'), reason: /overwrite/ },
  { field: 'missing', why: ask('missing', 'present'), reason: /anew/ },
  { field: 'vcpus', why: ask('vcpus', 2), reason: /cannot change vcpus/ },
  { field: 'a smaller disk', why: ask('size_slug', 's-1vcpu-1gb', { diskGb: 80 }), reason: /80 GB cannot shrink/ },
  { field: 'a size that is none', why: ask('size_slug', 5), reason: /no such size_slug/ },
  { field: 'a name that is none', why: ask('name', 'not a name'), reason: /no such name/ },
  { field: 'tags that are none', why: ask('tags', ['a b']), reason: /no such tags/ },
  { field: 'backups off while there are some', why: ask('backups', false, { backups: 2 }), reason: /may delete the 2/ },
  { field: 'half a backup', why: ask('backups', 'weekly'), reason: /on or off/ },
])('DRF-5: refuses $field with a reason', ({ why, reason }) => {
  expect(why).toMatch(reason);
});
