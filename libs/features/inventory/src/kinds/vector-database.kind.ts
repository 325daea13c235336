import { idText, optionalIdText, optionalText, optionalTime, record, texts } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug } from './kind';

/** Vector database. Source: `GET /v2/vector-databases`, with the number of all in `total`. */
export const vectorDatabaseKind = defineKind({
  kind: 'vector_database',
  label: 'Vector database',
  urnTypes: ['vectordatabase'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/vector-databases', key: 'vector_dbs', mayOmitKey: true }],
  fetch: { path: (id) => `/v2/vector-databases/${id}`, key: 'vector_db' },
  price: {
    sized: 'all',
    billedAs: ({ sizeSlug }) => (sizeSlug === null ? undefined : { product: `vector_database:${sizeSlug}`, units: '1', plan: null }),
  },
  invoice: { product: 'Vector Databases', phrases: ['(managed )?(vector databases?|weaviate( clusters?)?)'], namedBy: 'group' },
  volatileAttrs: ['updated_at'],
  observe: (raw) => {
    const database = record(raw, 'vector_db');
    return {
      providerId: idText(database, 'id'),
      name: optionalText(database, 'name'),
      region: optionalSlug(database, 'region'),
      status: optionalText(database, 'status')?.toLowerCase() ?? 'active',
      sizeSlug: optionalSlug(database, 'size'),
      attrs: {
        tags: texts(database, 'tags').sort(),
        created_at: optionalTime(database, 'created_at'),
        updated_at: optionalTime(database, 'updated_at'),
        project_id: optionalIdText(database, 'project_id'),
      },
      parents: [],
    };
  },
});
