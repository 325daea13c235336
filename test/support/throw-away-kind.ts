import { idText, optionalText, optionalTime, optionalWholeNumber, record } from '#libs/digitalocean';
import { KINDS } from '../../libs/features/inventory/src/kinds/declared-kinds';
import { defineKind, EVERY_QUARTER, optionalSlug, parentRefs, type Kind } from '../../libs/features/inventory/src/kinds/kind';

/** Snapshot of a file share, which the product does not know. Its declaration is all that a test adds: import it before any library. */
export const nfsSnapshotKind = defineKind({
  kind: 'nfs_snapshot',
  label: 'NFS snapshot',
  urnTypes: ['nfssnapshot'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/nfs/snapshots', key: 'snapshots' }],
  fetch: { path: (id) => `/v2/nfs/snapshots/${id}`, key: 'snapshot' },
  price: {
    unit: 'gib_month',
    billedAs: ({ attrs: { size_gib: gib } }) =>
      typeof gib === 'number' ? { product: 'nfs_snapshot', units: String(gib), plan: null } : undefined,
  },
  invoice: { product: 'NFS Snapshots', phrases: ['nfs snapshots?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const snapshot = record(raw, 'snapshot');
    const shareId = optionalText(snapshot, 'share_id');
    return {
      providerId: idText(snapshot, 'id'),
      name: optionalText(snapshot, 'name'),
      region: optionalSlug(snapshot, 'region'),
      status: optionalText(snapshot, 'status')?.toLowerCase() ?? 'available',
      sizeSlug: null,
      attrs: { size_gib: optionalWholeNumber(snapshot, 'size_gib'), created_at: optionalTime(snapshot, 'created_at') },
      parents: shareId === null ? [] : parentRefs('nfs_share', [shareId]),
    };
  },
});
(KINDS as Kind[]).push(nfsSnapshotKind);
