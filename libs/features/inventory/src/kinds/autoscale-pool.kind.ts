import { idText, optionalIdText, optionalRecord, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug } from './kind';

/** Pool of droplets that grows and shrinks. Source: `GET /v2/droplets/autoscale`. Of its template, the user data is not kept. */
export const autoscalePoolKind = defineKind({
  kind: 'autoscale_pool',
  label: 'Autoscale pool',
  urnTypes: ['autoscalepool'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/droplets/autoscale', key: 'autoscale_pools' }],
  fetch: { path: (id) => `/v2/droplets/autoscale/${id}`, key: 'autoscale_pool' },
  price: { free: 'its droplets are billed' },
  volatileAttrs: ['active_resources_count', 'updated_at'],
  observe: (raw) => {
    const pool = record(raw, 'autoscale_pool');
    const template = optionalRecord(pool.droplet_template, 'droplet_template') ?? {};
    const config = optionalRecord(pool.config, 'config') ?? {};
    return {
      providerId: idText(pool, 'id'),
      name: optionalText(pool, 'name'),
      region: optionalSlug(template, 'region'),
      status: optionalText(pool, 'status')?.toLowerCase() ?? 'active',
      sizeSlug: optionalSlug(template, 'size'),
      attrs: {
        min_instances: optionalWholeNumber(config, 'min_instances'),
        max_instances: optionalWholeNumber(config, 'max_instances'),
        target_number_instances: optionalWholeNumber(config, 'target_number_instances'),
        active_resources_count: optionalWholeNumber(pool, 'active_resources_count'),
        tags: texts(template, 'tags').sort(),
        vpc_uuid: optionalIdText(template, 'vpc_uuid'),
        created_at: optionalTime(pool, 'created_at'),
        updated_at: optionalTime(pool, 'updated_at'),
        project_id: optionalIdText(template, 'project_id'),
      },
      parents: [],
    };
  },
});
