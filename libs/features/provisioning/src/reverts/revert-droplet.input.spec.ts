import { findRevertObstacle, type FieldRevert } from './revert-droplet.input';

const obstacle = (field: string, ordered: unknown, rest: Partial<FieldRevert> = {}) =>
  findRevertObstacle({ field, ordered, diskGb: 25, orderedDiskGb: 25, backups: 0, ...rest });

it.each([
  { what: 'a size with the same disk', found: obstacle('size_slug', 's-1vcpu-1gb') },
  { what: 'a size with a larger disk, which it does not use', found: obstacle('size_slug', 's-2vcpu-4gb', { orderedDiskGb: 80 }) },
  {
    what: 'a size that the catalog does not contain, which the provider will judge',
    found: obstacle('size_slug', 'c-2', { orderedDiskGb: undefined }),
  },
  { what: 'a name', found: obstacle('name', 'web-1') },
  { what: 'tags', found: obstacle('tags', ['web', 'env:prod']) },
  { what: 'an empty list of tags', found: obstacle('tags', []) },
  { what: 'backups that should be on', found: obstacle('backups', true, { backups: 2 }) },
  { what: 'backups that should be off', found: obstacle('backups', false) },
])('allows a revert of $what [DRF-5]', ({ found }) => {
  expect(found).toBeUndefined();
});

it.each([
  { what: 'the region', found: obstacle('region', 'fra1'), reason: /region/ },
  { what: 'the image', found: obstacle('image', 'ubuntu-24-04-x64'), reason: /overwrite/ },
  { what: 'a deleted droplet', found: obstacle('missing', 'present'), reason: /anew/ },
  { what: 'a field that the provider cannot change', found: obstacle('vcpus', 2), reason: /cannot change vcpus/ },
  { what: 'a size with a smaller disk', found: obstacle('size_slug', 's-1vcpu-1gb', { diskGb: 80 }), reason: /80 GB cannot shrink/ },
  { what: 'a size that is not a slug', found: obstacle('size_slug', 5), reason: /no such size_slug/ },
  { what: 'an invalid name', found: obstacle('name', 'not a name'), reason: /no such name/ },
  { what: 'invalid tags', found: obstacle('tags', ['a b']), reason: /no such tags/ },
  { what: 'backups that should be off while some exist', found: obstacle('backups', false, { backups: 2 }), reason: /may delete the 2/ },
  { what: 'backups with a value other than on or off', found: obstacle('backups', 'weekly'), reason: /on or off/ },
])('refuses a revert of $what with a reason [DRF-5]', ({ found, reason }) => {
  expect(found).toMatch(reason);
});
