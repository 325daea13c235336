import type { Type } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import type { SagaRegistry } from '#libs/saga';
import { ApiInput } from '../http/swagger.decorators';
import { SagaBody } from './sagas.dto';

/** Descriptions of input fields. Their types and limits come from the validators of the input classes, which the libraries own. */
const FIELDS: Readonly<Record<string, { readonly description: string; readonly example?: unknown }>> = {
  action: { description: '`on`, `off`, `shutdown` (the system of the droplet ends by itself) or `reboot`', example: 'off' },
  after_hours: {
    description: 'Power the droplet off at once and destroy it after this number of hours; a cancel before that powers it on again',
    example: 24,
  },
  attach_to: { description: 'Id in the inventory of the droplet to which the new volume is attached' },
  backups: { description: 'Whether the provider makes backups of the droplet', example: false },
  disk: { description: 'Whether to grow the disk too, which cannot be undone', example: false },
  dns_domain: { description: 'Name of the zone', example: 'acme-mail.net' },
  dns_record_data: { description: 'Data of the record', example: '203.0.113.7' },
  dns_record_flags: { description: 'Flags of a CAA record' },
  dns_record_name: { description: 'Name relative to the zone, `@` for the zone itself; the full name is valid too', example: 'www' },
  dns_record_port: { description: 'Port of an SRV record' },
  dns_record_previous_data: { description: 'Selects the record with this data among several of this name and type' },
  dns_record_priority: { description: 'Priority of an MX or SRV record' },
  dns_record_tag: { description: 'Tag of a CAA record' },
  dns_record_ttl: { description: 'Time to live in seconds; all records of one name and type have the same', example: 1800 },
  dns_record_type: { description: 'Type of the record', example: 'A' },
  dns_record_weight: { description: 'Weight of an SRV record' },
  droplet_resource_id: { description: 'Id in the inventory of the droplet that takes part' },
  droplet_resource_ids: { description: 'Ids in the inventory of the droplets of the firewall; a tenant must name one of its own' },
  enabled: { description: 'Whether the provider makes backups of the droplet', example: true },
  expected_name: { description: 'The name that the droplet must have; tenants must give it', example: 'acme-web-02' },
  fields: { description: 'Fields of the desired state to restore', example: ['size_slug'] },
  final_snapshot: { description: 'Take a snapshot right before the destroy; without it nothing is destroyed', example: true },
  filesystem_type: { description: 'File system with which the provider formats the volume; none by default', example: 'ext4' },
  force: { description: 'Release the address although DNS records of its owner point at it', example: false },
  image: { description: "Slug of a public image, or the provider's id of a snapshot or backup", example: 'ubuntu-24-04-x64' },
  inbound_rules: {
    description: 'All rules for incoming traffic, as at the provider; tenants name `addresses` only',
    example: [{ protocol: 'tcp', ports: '22', sources: { addresses: ['203.0.113.0/24'] } }],
  },
  message: { description: 'Output of each `echo` step', example: 'hello' },
  name: { description: 'Name that the resource gets', example: 'acme-web-02' },
  outbound_rules: {
    description: 'All rules for outgoing traffic, as at the provider; tenants name `addresses` only',
    example: [{ protocol: 'tcp', ports: '443', destinations: { addresses: ['0.0.0.0/0', '::/0'] } }],
  },
  plan: { description: 'How often backups are made; weekly by default', example: 'weekly' },
  project_id: {
    description:
      'Id of a project of this service. A tenant with one project may leave it out; the default for an admin is the default project',
  },
  region: { description: 'Region of the provider', example: 'fra1' },
  resource_id: { description: 'Id in the inventory of what the saga works on' },
  size_gib: { description: 'Size of the volume in GiB; a volume only grows', example: 100 },
  size_slug: { description: 'Size of the provider', example: 's-1vcpu-1gb' },
  skip_snapshot: { description: 'Take no snapshot of the present disk first', example: false },
  ssh_keys: { description: 'Ids or fingerprints of SSH keys of the account' },
  steps: { description: 'The steps, in any order, any number of times', example: ['echo', 'wait'] },
  tags: { description: 'Tags, all of them; platform admins only', example: ['web'] },
  user_data: { description: 'Script for the first boot of the droplet; never returned, because it may contain secrets' },
  vpc_uuid: { description: "The provider's id of the private network; platform admins only" },
  wait_ms: { description: 'Duration of each `wait` step in milliseconds', example: 1000 },
};

/** The input class of each saga kind that the API can start, by kind. Declares a description for each of their fields. */
export function describeSagaInputs(registry: SagaRegistry): ReadonlyMap<string, Type<object>> {
  const kinds = registry.known().kinds.filter((kind) => !registry.get(kind).internal);
  const inputs = new Map(kinds.sort().map((kind) => [kind, registry.get(kind).input] as const));
  for (const input of new Set(inputs.values())) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(input, '', true, false);
    for (const field of new Set(rules.map(({ propertyName }) => propertyName))) {
      const { description = '', ...example } = FIELDS[field] ?? {};
      ApiInput(description, example)(input.prototype as object, field);
    }
  }
  return inputs;
}

/** One schema for each saga kind, and the body of a start as their union, discriminated by `kind`. */
export function sagaStartSchemas(
  document: OpenAPIObject,
  inputs: ReadonlyMap<string, Type<object>>,
  pathOf: (name: string | Type<object>) => string,
): Record<string, object> {
  const body = document.components?.schemas?.[SagaBody.name] as { properties: Record<string, object> };
  const ofKind = [...inputs].map(([kind, input]) => ({ kind, name: `Start_${kind}`, input }));
  const starts = ofKind.map(({ kind, name, input }) => {
    const properties = {
      ...body.properties,
      kind: { type: 'string', enum: [kind], description: 'Saga kind' },
      input: { $ref: pathOf(input), description: 'Input of the saga kind' },
    };
    return [name, { type: 'object', required: ['kind', 'input'], properties }] as const;
  });
  const union = {
    ...body,
    properties: { ...body.properties, input: { ...body.properties['input'], additionalProperties: {} } },
    oneOf: ofKind.map(({ name }) => ({ $ref: pathOf(name) })),
    discriminator: { propertyName: 'kind', mapping: Object.fromEntries(ofKind.map(({ kind, name }) => [kind, pathOf(name)])) },
  };
  return { ...Object.fromEntries(starts), [SagaBody.name]: union };
}
