import { ProjectService } from '#libs/accounts';
import { Catalog } from '#libs/catalog';
import type { Scope } from '#libs/identity';
import { InventoryReader, ResourceNotFoundError, ResourceRegistrar, type RegisteredResource } from '#libs/inventory';
import { domainError, quotedWord, ValidationFailedError, type FieldError } from '#libs/kernel';
import type { StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DropletAccess } from '../droplets/droplet-access';
import type { WithDroplet } from '../droplets/droplet.input';
import { canonicalRules, NO_DROPLET, productValues, type ProductKind } from '../provider/product-calls';
import { isReservedTag } from '../provider/tag-calls';
import { AdminsOnlyError } from '../provisioning.errors';
import type { AcceptedProduct, CreateFirewallInput, CreateVolumeInput, DropletBackupsInput, RenameDropletInput } from './product.input';
import type { ReleaseIpInput, ReserveIpInput, ResizeVolumeInput, RestoreDropletInput, TagResourceInput } from './product.input';
import type { AttachFirewallInput, DetachVolumeInput, OwnResourceInput, UpdateFirewallInput, WithDropletInput } from './product.input';

/** Only this service sets tags of that name. */
export class ReservedTagError extends domainError(
  'reserved_tag',
  'invalid',
  (tag: string) => `The tag ${quotedWord(tag)} is reserved for this service: choose another one`,
) {}
export class VolumeAttachedError extends domainError(
  'volume_attached',
  'conflict',
  (name: string) => `${name} is attached to a droplet: detach it first (detach_volume)`,
) {}
export class VolumeCannotShrinkError extends domainError(
  'volume_cannot_shrink',
  'conflict',
  (now: number, wanted: number) => `The volume has ${now} GiB, and cannot shrink to ${wanted} GiB: create a smaller one and copy the data`,
) {}
export class RegionMismatchError extends domainError(
  'region_mismatch',
  'conflict',
  (what: string, where: string | null, region: string | null) =>
    `The ${what} is in ${where ?? 'no region'}, and the droplet in ${region ?? 'no region'}`,
) {}

type Values = Readonly<Record<string, unknown>>;
type Rules = readonly Values[];

/** Checks the start of a saga on volumes, addresses, firewalls, snapshots and settings of droplets, before any provider call: the owner first. [TEN-6] */
@Injectable()
export class ProductAccess {
  constructor(
    private readonly droplets: DropletAccess,
    private readonly projects: ProjectService,
    private readonly catalog: Catalog,
    private readonly inventory: ResourceRegistrar,
    private readonly reader: InventoryReader,
  ) {}

  async acceptRename({ scope, input: { resource_id, name } }: StartCommand<RenameDropletInput>): Promise<AcceptedProduct> {
    return { ...(await this.target(scope, 'droplet', resource_id)), name, changes: ['name'] };
  }

  async acceptBackups({ scope, input: { resource_id, enabled, plan } }: StartCommand<DropletBackupsInput>): Promise<AcceptedProduct> {
    if (!enabled && plan !== undefined) throw new ValidationFailedError([fieldError('plan', 'has no meaning without backups')]);
    return { ...(await this.target(scope, 'droplet', resource_id)), enabled, ...(plan && { plan }), changes: ['backups'] };
  }

  /** Tags select the targets of firewalls and load balancers of the whole account, so only admins set them. */
  async acceptTags({ scope, input: { resource_id, tags } }: StartCommand<TagResourceInput>): Promise<AcceptedProduct> {
    const found = await this.inventory.findById(resource_id);
    const target = await this.target(scope, found?.kind === 'volume' ? 'volume' : 'droplet', resource_id);
    if (scope.kind === 'tenant') throw new AdminsOnlyError('tags');
    const reserved = tags.find(isReservedTag);
    if (reserved !== undefined) throw new ReservedTagError(reserved);
    return { ...target, tags: [...new Set(tags.map((tag) => tag.toLowerCase()))], changes: ['tags'] };
  }

  /** Throws `ValidationFailedError` for an image that is no backup or snapshot of the droplet. */
  async acceptRestore({ scope, input }: StartCommand<RestoreDropletInput>): Promise<WithDroplet<AcceptedProduct>> {
    const { resource_id, image, skip_snapshot } = input;
    const target = await this.target(scope, 'droplet', resource_id);
    const companions = await this.inventory.findCompanions(scope, target.provider_id);
    for (const kind of ['droplet_backup', 'snapshot'] as const) {
      const found = await this.inventory.findByProviderId(kind, image);
      if (found === undefined || !companions.some(({ id }) => id === found.id)) continue;
      const droplet_id = target.provider_id;
      return { ...target, droplet_id, image, image_kind: kind, ...(skip_snapshot && { skip_snapshot }), changes: ['image'] };
    }
    throw new ValidationFailedError([fieldError('image', 'is no backup or snapshot of this droplet')]);
  }

  async acceptCreateVolume({ scope, input }: StartCommand<CreateVolumeInput>): Promise<AcceptedProduct> {
    const { name, size_gib, attach_to, filesystem_type } = input;
    const region = input.region.toLowerCase();
    const project = await this.droplets.findProject(scope, input.project_id);
    const regionErrors = await this.regionErrors(region);
    const errors = [...('message' in project ? [project] : []), ...regionErrors];
    if (errors.length > 0) throw new ValidationFailedError(errors);
    const droplet = attach_to === undefined ? undefined : await this.droplet(scope, attach_to, 'volume', region);
    return {
      kind: 'volume',
      name,
      size_gib,
      region,
      ...(filesystem_type && { filesystem_type }),
      ...('id' in project && project.id !== undefined && { project_id: project.id }),
      ...(droplet && { attach_to: droplet.id, droplet_id: droplet.provider_id }),
    };
  }

  /** Throws `VolumeAttachedError` for a volume of another droplet, and `RegionMismatchError`. */
  async acceptAttach({ scope, input }: StartCommand<WithDropletInput>): Promise<AcceptedProduct> {
    const volume = await this.find(scope, 'volume', input.resource_id);
    const droplet = await this.droplet(scope, input.droplet_resource_id, 'volume', volume.region);
    const attached = (await this.valuesOf(volume)).droplet_id;
    if (attached !== NO_DROPLET && attached !== droplet.provider_id) throw new VolumeAttachedError(volume.name ?? volume.id);
    return { ...targetOf('volume', volume), droplet_resource_id: droplet.id, droplet_id: droplet.provider_id, changes: ['droplet_ids'] };
  }

  async acceptDetach({ scope, input: { resource_id, droplet_resource_id } }: StartCommand<DetachVolumeInput>): Promise<AcceptedProduct> {
    const volume = await this.find(scope, 'volume', resource_id);
    const { droplet_id: attached } = await this.valuesOf(volume);
    const expected = droplet_resource_id === undefined ? undefined : await this.find(scope, 'droplet', droplet_resource_id);
    if (expected && attached !== NO_DROPLET && attached !== expected.provider_id)
      throw new ValidationFailedError([fieldError('droplet_resource_id', 'is not the droplet of the volume')]);
    const isAttached = typeof attached === 'string' && attached !== NO_DROPLET;
    return { ...targetOf('volume', volume), changes: ['droplet_ids'], ...(isAttached && { droplet_id: attached }) };
  }

  /** Throws `VolumeCannotShrinkError`. */
  async acceptResizeVolume({ scope, input: { resource_id, size_gib } }: StartCommand<ResizeVolumeInput>): Promise<AcceptedProduct> {
    const volume = await this.find(scope, 'volume', resource_id);
    const { size_gigabytes: now } = await this.valuesOf(volume);
    if (typeof now === 'number' && size_gib < now) throw new VolumeCannotShrinkError(now, size_gib);
    return { ...targetOf('volume', volume), size_gib, changes: ['size_gigabytes'] };
  }

  /** Throws `VolumeAttachedError`. */
  async acceptDeleteVolume({ scope, input }: StartCommand<OwnResourceInput>): Promise<AcceptedProduct> {
    const volume = await this.find(scope, 'volume', input.resource_id);
    if ((await this.valuesOf(volume)).droplet_id !== NO_DROPLET) throw new VolumeAttachedError(volume.name ?? volume.id);
    return targetOf('volume', volume);
  }

  async acceptDeleteSnapshot({ scope, input }: StartCommand<OwnResourceInput>): Promise<AcceptedProduct> {
    return this.target(scope, 'snapshot', input.resource_id);
  }

  /** The address goes to the project by which its owner is known. An accepted input, which a redrive prepares again, has both places. */
  async acceptReserve({ scope, input }: StartCommand<ReserveIpInput & Pick<AcceptedProduct, 'droplet_id'>>): Promise<AcceptedProduct> {
    const { droplet_resource_id } = input;
    const isAccepted = input.droplet_id !== undefined;
    if (!isAccepted && (input.region === undefined) === (droplet_resource_id === undefined))
      throw new ValidationFailedError([fieldError('region', 'or droplet_resource_id must be given, and not both')]);
    const droplet = droplet_resource_id === undefined ? undefined : await this.find(scope, 'droplet', droplet_resource_id);
    const region = (droplet ? (droplet.region ?? '') : (input.region ?? '')).toLowerCase();
    const project = await this.droplets.findProject(scope, input.project_id);
    const errors = [...('message' in project ? [project] : []), ...(await this.regionErrors(region))];
    if (errors.length > 0) throw new ValidationFailedError(errors);
    const projectId = 'id' in project ? project.id : undefined;
    const uuid = projectId === undefined ? undefined : (await this.projects.find(projectId))?.provider_id;
    return {
      kind: 'floating_ip',
      region,
      ...(projectId !== undefined && { project_id: projectId }),
      ...(uuid && { project_uuid: uuid }),
      ...(droplet && { droplet_resource_id: droplet.id, droplet_id: droplet.provider_id }),
    };
  }

  async acceptAssign({ scope, input }: StartCommand<WithDropletInput>): Promise<AcceptedProduct> {
    const address = await this.find(scope, 'floating_ip', input.resource_id);
    const droplet = await this.droplet(scope, input.droplet_resource_id, 'address', address.region);
    return { ...targetOf('floating_ip', address), droplet_resource_id: droplet.id, droplet_id: droplet.provider_id };
  }

  async acceptUnassign({ scope, input }: StartCommand<OwnResourceInput>): Promise<AcceptedProduct> {
    return this.target(scope, 'floating_ip', input.resource_id);
  }

  async acceptRelease({ scope, input: { resource_id, force } }: StartCommand<ReleaseIpInput>): Promise<AcceptedProduct> {
    return { ...(await this.target(scope, 'floating_ip', resource_id)), ...(force && { force }) };
  }

  async acceptCreateFirewall({ scope, input }: StartCommand<CreateFirewallInput>): Promise<AcceptedProduct> {
    const { name, droplet_resource_ids: ids = [] } = input;
    const rules = acceptRules(scope, input);
    if (scope.kind === 'tenant' && ids.length === 0)
      throw new ValidationFailedError([
        fieldError('droplet_resource_ids', 'must name a droplet of yours: a firewall belongs to the tenant of its droplets'),
      ]);
    return { kind: 'firewall', name, ...rules, ...(await this.dropletsOf(scope, ids)) };
  }

  async acceptUpdateFirewall({ scope, input }: StartCommand<UpdateFirewallInput>): Promise<AcceptedProduct> {
    const target = await this.target(scope, 'firewall', input.resource_id);
    return { ...target, ...acceptRules(scope, input), changes: ['inbound_rules', 'outbound_rules'] };
  }

  async acceptAttachFirewall({ scope, input }: StartCommand<AttachFirewallInput>): Promise<AcceptedProduct> {
    return { ...(await this.target(scope, 'firewall', input.resource_id)), ...(await this.dropletsOf(scope, input.droplet_resource_ids)) };
  }

  private async dropletsOf(scope: Scope, ids: readonly string[]): Promise<Pick<AcceptedProduct, 'droplet_ids' | 'droplet_resource_ids'>> {
    if (ids.length === 0) return {};
    const found = await Promise.all([...new Set(ids)].map((id) => this.find(scope, 'droplet', id)));
    return { droplet_resource_ids: found.map(({ id }) => id), droplet_ids: found.map(({ provider_id }) => provider_id) };
  }

  private async target(scope: Scope, kind: Target, resourceId: string) {
    return targetOf(kind, await this.find(scope, kind, resourceId));
  }

  /** Throws `ResourceNotFoundError`, also for resources of other tenants. [TEN-6] */
  private async find(scope: Scope, kind: Target, resourceId: string): Promise<RegisteredResource> {
    const found = await this.inventory.find(scope, resourceId, kind);
    if (!found) throw new ResourceNotFoundError();
    return found;
  }

  private async droplet(scope: Scope, resourceId: string, what: string, region: string | null): Promise<RegisteredResource> {
    const found = await this.find(scope, 'droplet', resourceId);
    if (found.region !== region) throw new RegionMismatchError(what, region, found.region);
    return found;
  }

  private async valuesOf({ id, kind }: RegisteredResource): Promise<Values> {
    return productValues(kind as ProductKind, await this.reader.get({ kind: 'platform' }, id));
  }

  private async regionErrors(region: string): Promise<FieldError[]> {
    return (await this.catalog.hasRegion(region)) === false ? [fieldError('region', 'is no region of the catalog')] : [];
  }
}

type Target = NonNullable<AcceptedProduct['kind']>;

const targetOf = (kind: Target, { id, provider_id }: RegisteredResource) => ({ kind, resource_id: id, provider_id });

/** Rules in canonical form. A tenant names addresses only, because other words select machines of the whole account. */
function acceptRules(scope: Scope, { inbound_rules: inbound, outbound_rules: outbound }: { inbound_rules: Rules; outbound_rules: Rules }) {
  if (inbound.length + outbound.length === 0)
    throw new ValidationFailedError([fieldError('inbound_rules', 'or outbound_rules must have a rule')]);
  const peers = [...inbound, ...outbound].flatMap(({ sources, destinations }) => Object.keys((sources ?? destinations ?? {}) as Values));
  const other = peers.find((field) => field !== 'addresses');
  if (scope.kind === 'tenant' && other !== undefined) throw new AdminsOnlyError(other);
  return { inbound_rules: canonicalRules(inbound), outbound_rules: canonicalRules(outbound) };
}

const fieldError = (field: string, message: string): FieldError => ({ field: `input.${field}`, message });
