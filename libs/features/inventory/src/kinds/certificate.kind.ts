import { idText, optionalText, optionalTime, record, texts } from '#libs/digitalocean';
import { canonicalDomain } from '#libs/kernel';
import { defineKind, EVERY_QUARTER, parentRefs } from './kind';

/**
 * TLS certificate. Source: `GET /v2/certificates`, which never returns the private key. It belongs to the tenant of the load balancers
 * and CDN endpoints that use it.
 */
export const certificateKind = defineKind({
  kind: 'certificate',
  label: 'Certificate',
  urnTypes: ['certificate'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/certificates', key: 'certificates' }],
  fetch: { path: (id) => `/v2/certificates/${id}`, key: 'certificate' },
  usedBy: { kinds: ['load_balancer', 'cdn_endpoint'], attr: 'certificate_ids' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  observe: (raw) => {
    const certificate = record(raw, 'certificate');
    return {
      providerId: idText(certificate, 'id'),
      name: optionalText(certificate, 'name'),
      region: null,
      status: optionalText(certificate, 'state') ?? 'active',
      sizeSlug: null,
      attrs: {
        type: optionalText(certificate, 'type'),
        dns_names: texts(certificate, 'dns_names').sort(),
        not_after: optionalTime(certificate, 'not_after'),
        sha1_fingerprint: optionalText(certificate, 'sha1_fingerprint'),
        created_at: optionalTime(certificate, 'created_at'),
      },
      parents: [],
    };
  },
});

/** The zones that may contain a host, the longest first: `www.acme.com` is in `www.acme.com` or in `acme.com`. */
export function zonesOf(host: string): string[] {
  const labels = canonicalDomain(host).split('.');
  const zones = labels.slice(0, -1).map((_, nth) => labels.slice(nth).join('.'));
  return parentRefs('dns_zone', zones);
}
