import { idText, optionalText, record } from '#libs/digitalocean';
import { defineKind, hourlyAt } from './kind';

/** Public SSH key that new droplets can get. Source: `GET /v2/account/keys`. Of the key itself only the fingerprint is kept. */
export const sshKeyKind = defineKind({
  kind: 'ssh_key',
  label: 'SSH key',
  urnTypes: ['sshkey'],
  sync: hourlyAt(29),
  lists: [{ path: '/v2/account/keys', key: 'ssh_keys' }],
  fetch: { path: (id) => `/v2/account/keys/${id}`, key: 'ssh_key' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  observe: (raw) => {
    const key = record(raw, 'ssh_key');
    return {
      providerId: idText(key, 'id'),
      name: optionalText(key, 'name'),
      region: null,
      status: 'active',
      sizeSlug: null,
      attrs: { fingerprint: optionalText(key, 'fingerprint') },
      parents: [],
    };
  },
});
