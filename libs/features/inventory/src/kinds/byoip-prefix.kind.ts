import { idText, optionalIdText, optionalText, record } from '#libs/digitalocean';
import { defineKind, hourlyAt, optionalSlug } from './kind';

/** Range of a customer's own addresses. Source: `GET /v2/byoip_prefixes`. */
export const byoipPrefixKind = defineKind({
  kind: 'byoip_prefix',
  label: 'Own address range',
  urnTypes: ['byoipprefix'],
  sync: hourlyAt(9),
  lists: [{ path: '/v2/byoip_prefixes', key: 'byoip_prefixes' }],
  fetch: { path: (id) => `/v2/byoip_prefixes/${id}`, key: 'byoip_prefix' },
  price: { billedAs: () => ({ product: 'byoip_prefix', units: '1', plan: null }) },
  invoice: { product: 'BYOIP', phrases: ['(byoip|bring your own ip)( (prefix(es)?|addresses))?'] },
  volatileAttrs: [],
  idField: 'uuid',
  observe: (raw) => {
    const range = record(raw, 'byoip_prefix');
    const prefix = optionalText(range, 'prefix');
    return {
      providerId: idText(range, 'uuid'),
      name: optionalText(range, 'name') ?? prefix,
      region: optionalSlug(range, 'region'),
      status: optionalText(range, 'status')?.toLowerCase() ?? 'active',
      sizeSlug: null,
      attrs: { prefix, advertised: range.advertised === true, project_id: optionalIdText(range, 'project_id') },
      parents: [],
    };
  },
});
