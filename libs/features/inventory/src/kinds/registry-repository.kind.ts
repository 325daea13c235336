import { idText, MalformedAnswerError, optionalRecord, optionalTime, optionalWholeNumber, record } from '#libs/digitalocean';
import { defineKind, hourlyAt, parentRefs } from './kind';

/**
 * Repository of a container registry. Source: `GET /v2/registries/:name/repositoriesV2`. The provider gives it no id: its id is the names
 * of registry and repository.
 */
export const registryRepositoryKind = defineKind({
  kind: 'registry_repository',
  label: 'Registry repository',
  urnTypes: ['registryrepository'],
  sync: hourlyAt(11),
  lists: [],
  under: { kind: 'container_registry', path: (name) => `/v2/registries/${name}/repositoriesV2`, key: 'repositories', tokenShare: 1 / 20 },
  price: { free: 'its storage is billed with its registry' },
  volatileAttrs: ['manifest_count', 'tag_count', 'updated_at'],
  idField: 'name',
  idUnder: (registry, name) => `${registry}/${name}`,
  observe: (raw, parentId) => {
    const repository = record(raw, 'repository');
    const registry = parentId ?? idText(repository, 'registry_name');
    const name = idText(repository, 'name');
    if (`${registry}/${name}`.length > 255) throw MalformedAnswerError.ofField('name', 'an id');
    const latest = optionalRecord(repository.latest_manifest, 'latest_manifest');
    return {
      providerId: `${registry}/${name}`,
      name,
      region: null,
      status: 'active',
      sizeSlug: null,
      attrs: {
        registry,
        tag_count: optionalWholeNumber(repository, 'tag_count'),
        manifest_count: optionalWholeNumber(repository, 'manifest_count'),
        updated_at: latest && optionalTime(latest, 'updated_at'),
      },
      parents: parentRefs('container_registry', [registry]),
    };
  },
});
