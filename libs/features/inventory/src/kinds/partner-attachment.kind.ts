import { idText, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind, hourlyAt, optionalSlug, parentRefs } from './kind';

/** Private line to another network. Source: `GET /v2/partner_network_connect/attachments`. It belongs to its networks. */
export const partnerAttachmentKind = defineKind({
  kind: 'partner_attachment',
  label: 'Partner attachment',
  urnTypes: ['partner_attachment'],
  sync: hourlyAt(17),
  lists: [{ path: '/v2/partner_network_connect/attachments', key: 'partner_attachments' }],
  fetch: { path: (id) => `/v2/partner_network_connect/attachments/${id}`, key: 'partner_attachment' },
  price: {
    sized: 'all',
    billedAs: ({ attrs: { bandwidth_mbps: mbps } }) =>
      typeof mbps === 'number' ? { product: `partner_attachment:${mbps}`, units: '1', plan: null } : undefined,
  },
  invoice: { product: 'Partner Network Connect', phrases: ['partner (network connect|attachments?)( attachments?)?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const attachment = record(raw, 'partner_attachment');
    const vpcIds = texts(attachment, 'vpc_ids').sort();
    return {
      providerId: idText(attachment, 'id'),
      name: optionalText(attachment, 'name'),
      region: optionalSlug(attachment, 'region'),
      status: optionalText(attachment, 'state')?.toLowerCase() ?? 'active',
      sizeSlug: null,
      attrs: {
        bandwidth_mbps: optionalWholeNumber(attachment, 'connection_bandwidth_in_mbps'),
        naas_provider: optionalText(attachment, 'naas_provider'),
        vpc_ids: vpcIds,
        created_at: optionalTime(attachment, 'created_at'),
      },
      parents: parentRefs('vpc', vpcIds),
    };
  },
});
