import { idText, optionalIdText, optionalText, optionalTime, optionalWholeNumber, record } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, parentRefs } from './kind';

/** Content delivery for a Spaces bucket, to which it belongs. Source: `GET /v2/cdn/endpoints`. */
export const cdnEndpointKind = defineKind({
  kind: 'cdn_endpoint',
  label: 'CDN endpoint',
  urnTypes: ['cdnendpoint'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/cdn/endpoints', key: 'endpoints' }],
  fetch: { path: (id) => `/v2/cdn/endpoints/${id}`, key: 'endpoint' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  observe: (raw) => {
    const endpoint = record(raw, 'endpoint');
    const origin = optionalText(endpoint, 'origin');
    const certificateId = optionalIdText(endpoint, 'certificate_id');
    const [bucket = '', region = ''] = origin?.split('.') ?? [];
    return {
      providerId: idText(endpoint, 'id'),
      name: optionalText(endpoint, 'custom_domain') ?? optionalText(endpoint, 'endpoint'),
      region: region === '' ? null : region,
      status: 'active',
      sizeSlug: null,
      attrs: {
        origin,
        endpoint: optionalText(endpoint, 'endpoint'),
        custom_domain: optionalText(endpoint, 'custom_domain'),
        certificate_ids: certificateId === null ? [] : [certificateId],
        ttl: optionalWholeNumber(endpoint, 'ttl'),
        created_at: optionalTime(endpoint, 'created_at'),
      },
      parents: bucket === '' ? [] : parentRefs('spaces_bucket', [bucket]),
    };
  },
});
