import { idText, optionalText, optionalTime, record } from '#libs/digitalocean';
import { defineKind, hourlyAt, optionalSlug } from './kind';

/** Namespace of functions. Source: `GET /v2/functions/namespaces`, one response for all, with the key to the namespace, which is not kept. */
export const functionNamespaceKind = defineKind({
  kind: 'function_namespace',
  label: 'Function namespace',
  urnTypes: ['functionnamespace'],
  sync: hourlyAt(13),
  lists: [{ path: '/v2/functions/namespaces', key: 'namespaces', unpaged: true }],
  fetch: { path: (id) => `/v2/functions/namespaces/${id}`, key: 'namespace' },
  invoice: { product: 'Functions', phrases: ['functions?( (compute|gib[ -]?seconds?))?'] },
  volatileAttrs: ['updated_at'],
  idField: 'namespace',
  observe: (raw) => {
    const namespace = record(raw, 'namespace');
    return {
      providerId: idText(namespace, 'namespace'),
      name: optionalText(namespace, 'label'),
      region: optionalSlug(namespace, 'region'),
      status: 'active',
      sizeSlug: null,
      attrs: { created_at: optionalTime(namespace, 'created_at'), updated_at: optionalTime(namespace, 'updated_at') },
      parents: [],
    };
  },
});
