import { idText, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug, parentRefs } from './kind';

/** Network file share. Source: `GET /v2/nfs`, one response for all. It belongs to the networks that mount it. */
export const nfsShareKind = defineKind({
  kind: 'nfs_share',
  label: 'NFS share',
  urnTypes: ['nfs'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/nfs', key: 'shares', unpaged: true }],
  fetch: { path: (id) => `/v2/nfs/${id}`, key: 'share' },
  price: {
    sized: 'some',
    unit: 'gib_month',
    billedAs: ({ sizeSlug, attrs: { size_gib: gib } }) =>
      typeof gib === 'number'
        ? { product: sizeSlug === null ? 'nfs_share' : `nfs_share:${sizeSlug}`, units: String(gib), plan: null }
        : undefined,
  },
  invoice: { product: 'Network File Storage', phrases: ['(network file storage|nfs)( (shares?|storage))?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const share = record(raw, 'share');
    const vpcIds = texts(share, 'vpc_ids').sort();
    return {
      providerId: idText(share, 'id'),
      name: optionalText(share, 'name'),
      region: optionalSlug(share, 'region'),
      status: optionalText(share, 'status')?.toLowerCase() ?? 'active',
      sizeSlug: optionalSlug(share, 'performance_tier'),
      attrs: { size_gib: optionalWholeNumber(share, 'size_gib'), vpc_ids: vpcIds, created_at: optionalTime(share, 'created_at') },
      parents: parentRefs('vpc', vpcIds),
    };
  },
});
