import { idText, optionalText, optionalTime, record, texts } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, parentRefs } from './kind';

/** Connection of two networks. Source: `GET /v2/vpc_peerings`. It belongs to the tenant that its networks share. */
export const vpcPeeringKind = defineKind({
  kind: 'vpc_peering',
  label: 'Network peering',
  urnTypes: ['vpcpeering'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/vpc_peerings', key: 'vpc_peerings' }],
  fetch: { path: (id) => `/v2/vpc_peerings/${id}`, key: 'vpc_peering' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  observe: (raw) => {
    const peering = record(raw, 'vpc_peering');
    const vpcIds = texts(peering, 'vpc_ids').sort();
    return {
      providerId: idText(peering, 'id'),
      name: optionalText(peering, 'name'),
      region: null,
      status: optionalText(peering, 'status')?.toLowerCase() ?? 'active',
      sizeSlug: null,
      attrs: { vpc_ids: vpcIds, created_at: optionalTime(peering, 'created_at') },
      parents: parentRefs('vpc', vpcIds),
    };
  },
});
