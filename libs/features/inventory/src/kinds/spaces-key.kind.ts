import { idText, optionalList, optionalText, optionalTime, record, type Fields } from '#libs/digitalocean';
import { defineKind, hourlyAt, parentRefs } from './kind';

/**
 * Key for the object storage. Source: `GET /v2/spaces/keys`. Its id is the access key, which alone opens nothing; the secret key is in the
 * response to its creation only, and is not kept. It belongs to the buckets that it opens.
 */
export const spacesKeyKind = defineKind({
  kind: 'spaces_key',
  label: 'Spaces key',
  urnTypes: ['spaceskey'],
  sync: hourlyAt(7),
  lists: [{ path: '/v2/spaces/keys', key: 'keys' }],
  fetch: { path: (id) => `/v2/spaces/keys/${id}`, key: 'key' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  idField: 'access_key',
  observe: (raw) => {
    const key = record(raw, 'key');
    const grants = optionalList(key, 'grants').map((grant) => grantOf(record(grant, 'grants')));
    const buckets = [...new Set(grants.flatMap(({ bucket }) => bucket ?? []))].sort();
    return {
      providerId: idText(key, 'access_key'),
      name: optionalText(key, 'name'),
      region: null,
      status: 'active',
      sizeSlug: null,
      attrs: {
        grants: grants.sort((one, other) => (`${one.bucket} ${one.permission}` < `${other.bucket} ${other.permission}` ? -1 : 1)),
        created_at: optionalTime(key, 'created_at'),
      },
      parents: parentRefs('spaces_bucket', buckets),
    };
  },
});

function grantOf(grant: Fields) {
  return { bucket: optionalText(grant, 'bucket'), permission: optionalText(grant, 'permission') };
}
