import { idText, optionalIdText, optionalList, optionalRecord, optionalText, optionalTime, record } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug, parentRefs } from './kind';

/** Models on GPUs of their own. Source: `GET /v2/dedicated-inferences`. Of the specification, only the names of the models are kept. */
export const dedicatedInferenceKind = defineKind({
  kind: 'dedicated_inference',
  label: 'Dedicated inference',
  urnTypes: ['dedicatedinference'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/dedicated-inferences', key: 'dedicated_inferences', mayOmitKey: true }],
  fetch: { path: (id) => `/v2/dedicated-inferences/${id}`, key: 'dedicated_inference' },
  price: { billedAs: () => ({ product: 'dedicated_inference', units: '1', plan: null }) },
  invoice: { product: 'Dedicated Inference', phrases: ['dedicated inferences?( endpoints?)?'] },
  volatileAttrs: ['updated_at'],
  observe: (raw) => {
    const endpoint = record(raw, 'dedicated_inference');
    const spec = optionalRecord(endpoint.spec, 'spec') ?? {};
    const models = optionalList(spec, 'model_deployments').map((one) => optionalText(record(one, 'model_deployments'), 'model_slug'));
    const vpcId = optionalIdText(endpoint, 'vpc_uuid');
    return {
      providerId: idText(endpoint, 'id'),
      name: optionalText(spec, 'name'),
      region: optionalSlug(endpoint, 'region'),
      status: optionalText(endpoint, 'status')?.toLowerCase() ?? 'active',
      sizeSlug: null,
      attrs: {
        models: models.filter((model) => model !== null).sort(),
        created_at: optionalTime(endpoint, 'created_at'),
        updated_at: optionalTime(endpoint, 'updated_at'),
        vpc_uuid: vpcId,
      },
      parents: vpcId === null ? [] : parentRefs('vpc', [vpcId]),
    };
  },
});
