import { idText, optionalRecord, optionalWholeNumber, record } from '#libs/digitalocean';
import { defineKind, hourlyAt } from './kind';

/** Tag. Source: `GET /v2/tags`. Its id is its name, of which the provider ignores the letter case. It has no owner. */
export const tagKind = defineKind({
  kind: 'tag',
  label: 'Tag',
  urnTypes: ['tag'],
  sync: hourlyAt(37),
  lists: [{ path: '/v2/tags', key: 'tags' }],
  fetch: { path: (name) => `/v2/tags/${name}`, key: 'tag' },
  price: { free: 'free of charge' },
  volatileAttrs: ['resource_count'],
  idField: 'name',
  observe: (raw) => {
    const tag = record(raw, 'tag');
    const name = idText(tag, 'name');
    const resources = optionalRecord(tag.resources, 'resources');
    return {
      providerId: name,
      name,
      region: null,
      status: 'active',
      sizeSlug: null,
      attrs: { resource_count: resources && optionalWholeNumber(resources, 'count') },
      parents: [],
    };
  },
});
