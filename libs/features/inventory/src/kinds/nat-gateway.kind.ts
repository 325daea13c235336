import { idText, optionalIdText, optionalList, optionalText, optionalTime, optionalWholeNumber, record } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug, parentRefs } from './kind';

/** Gateway through which the members of networks reach the internet. Source: `GET /v2/vpc_nat_gateways`. It belongs to its networks. */
export const natGatewayKind = defineKind({
  kind: 'nat_gateway',
  label: 'NAT gateway',
  urnTypes: ['vpcnatgateway'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/vpc_nat_gateways', key: 'vpc_nat_gateways' }],
  fetch: { path: (id) => `/v2/vpc_nat_gateways/${id}`, key: 'vpc_nat_gateway' },
  price: {
    billedAs: ({ attrs: { size } }) => (typeof size === 'number' ? { product: 'nat_gateway', units: String(size), plan: null } : undefined),
  },
  invoice: { product: 'NAT Gateways', phrases: ['(vpc )?nat gateways?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const gateway = record(raw, 'vpc_nat_gateway');
    const networks = optionalList(gateway, 'vpcs').map((vpc) => optionalIdText(record(vpc, 'vpcs'), 'vpc_uuid'));
    const vpcIds = networks.filter((id) => id !== null).sort();
    return {
      providerId: idText(gateway, 'id'),
      name: optionalText(gateway, 'name'),
      region: optionalSlug(gateway, 'region'),
      status: optionalText(gateway, 'state')?.toLowerCase() ?? 'active',
      sizeSlug: null,
      attrs: {
        type: optionalText(gateway, 'type'),
        size: optionalWholeNumber(gateway, 'size'),
        vpc_ids: vpcIds,
        created_at: optionalTime(gateway, 'created_at'),
        project_id: optionalIdText(gateway, 'project_id'),
      },
      parents: parentRefs('vpc', vpcIds),
    };
  },
});
