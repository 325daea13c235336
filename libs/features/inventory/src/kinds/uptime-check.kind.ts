import { idText, optionalText, record, texts } from '#libs/digitalocean';
import { zonesOf } from './certificate.kind';
import { defineKind, hourlyAt } from './kind';

/** Check whether a target responds. Source: `GET /v2/uptime/checks`. It belongs to the zone of the target's host. */
export const uptimeCheckKind = defineKind({
  kind: 'uptime_check',
  label: 'Uptime check',
  urnTypes: ['uptimecheck'],
  sync: hourlyAt(43),
  lists: [{ path: '/v2/uptime/checks', key: 'checks' }],
  fetch: { path: (id) => `/v2/uptime/checks/${id}`, key: 'check' },
  invoice: { product: 'Uptime Checks', phrases: ['uptime( checks?)?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const check = record(raw, 'check');
    const host = hostOf(optionalText(check, 'target'));
    return {
      providerId: idText(check, 'id'),
      name: optionalText(check, 'name'),
      region: null,
      status: check.enabled === false ? 'disabled' : 'enabled',
      sizeSlug: null,
      attrs: { type: optionalText(check, 'type'), host, regions: texts(check, 'regions').sort() },
      parents: host === null ? [] : zonesOf(host),
    };
  },
});

/** The host of a target. The rest of a URL, which may contain a password or a token, is not kept. */
function hostOf(target: string | null): string | null {
  if (target === null) return null;
  const url = URL.parse(target.includes('://') ? target : `https://${target}`);
  return url === null || url.hostname === '' ? null : url.hostname;
}
