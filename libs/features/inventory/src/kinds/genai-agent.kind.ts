import { idText, optionalIdText, optionalText, optionalTime, record, texts } from '#libs/digitalocean';
import { defineKind, hourlyAt, nestedText, optionalSlug } from './kind';

/**
 * Agent of the GenAI platform. Source: `GET /v2/gen-ai/agents`. Of its instructions, keys, chatbot and servers nothing is kept. It is billed
 * by use, so no price of a month is known.
 */
export const genaiAgentKind = defineKind({
  kind: 'genai_agent',
  label: 'GenAI agent',
  urnTypes: ['genaiagent'],
  sync: hourlyAt(21),
  lists: [{ path: '/v2/gen-ai/agents', key: 'agents', mayOmitKey: true }],
  fetch: { path: (id) => `/v2/gen-ai/agents/${id}`, key: 'agent' },
  invoice: { product: 'GenAI Platform', phrases: ['(genai|gen-ai|gradient( ai)?)( (platform|agents?|inference|serverless inference))*'] },
  volatileAttrs: ['updated_at'],
  idField: 'uuid',
  observe: (raw) => {
    const agent = record(raw, 'agent');
    return {
      providerId: idText(agent, 'uuid'),
      name: optionalText(agent, 'name'),
      region: optionalSlug(agent, 'region'),
      status:
        nestedText(agent, 'deployment', 'status')
          ?.toLowerCase()
          .replace(/^status_/, '') ?? 'unknown',
      sizeSlug: null,
      attrs: {
        model: nestedText(agent, 'model', 'name'),
        tags: texts(agent, 'tags').sort(),
        created_at: optionalTime(agent, 'created_at'),
        updated_at: optionalTime(agent, 'updated_at'),
        project_id: optionalIdText(agent, 'project_id'),
      },
      parents: [],
    };
  },
});
