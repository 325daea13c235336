import { idText, optionalIdText, optionalText, optionalTime, record, texts } from '#libs/digitalocean';
import { defineKind, hourlyAt, nestedText, optionalSlug } from './kind';

/** Knowledge base of the GenAI platform. Source: `GET /v2/gen-ai/knowledge_bases`. It is billed by use, so no price of a month is known. */
export const knowledgeBaseKind = defineKind({
  kind: 'knowledge_base',
  label: 'Knowledge base',
  urnTypes: ['knowledgebase'],
  sync: hourlyAt(23),
  lists: [{ path: '/v2/gen-ai/knowledge_bases', key: 'knowledge_bases', mayOmitKey: true }],
  fetch: { path: (id) => `/v2/gen-ai/knowledge_bases/${id}`, key: 'knowledge_base' },
  invoice: { product: 'Knowledge Bases', phrases: ['((genai|gradient( ai)?) )?knowledge bases?( (indexing|storage))?'] },
  volatileAttrs: ['updated_at'],
  idField: 'uuid',
  observe: (raw) => {
    const base = record(raw, 'knowledge_base');
    return {
      providerId: idText(base, 'uuid'),
      name: optionalText(base, 'name'),
      region: optionalSlug(base, 'region'),
      status:
        nestedText(base, 'last_indexing_job', 'phase')
          ?.toLowerCase()
          .replace(/^batch_job_phase_/, '') ?? 'active',
      sizeSlug: null,
      attrs: {
        database_id: optionalIdText(base, 'database_id'),
        tags: texts(base, 'tags').sort(),
        created_at: optionalTime(base, 'created_at'),
        updated_at: optionalTime(base, 'updated_at'),
        project_id: optionalIdText(base, 'project_id'),
      },
      parents: [],
    };
  },
});
