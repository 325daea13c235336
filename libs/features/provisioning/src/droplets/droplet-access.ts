import { ProjectService } from '#libs/accounts';
import { Catalog } from '#libs/catalog';
import { InventoryReader, ResourceRegistrar, ResourceNotFoundError } from '#libs/inventory';
import type { Scope } from '#libs/identity';
import { ValidationFailedError, type FieldError } from '#libs/kernel';
import type { StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { isReservedTag } from '../provider/tag-calls';
import { AdminsOnlyError, DiskCannotShrinkError, NameMismatchError } from '../provisioning.errors';
import { findDiskObstacle, type AcceptedResize, type OwnDropletInput, type ProvisionDropletInput } from './droplet.input';
import type { AcceptedDestroy, DestroyDropletInput, PowerDropletInput, ResizeDropletInput, WithDroplet } from './droplet.input';

/** Checks the start of a droplet saga before any provider call: the owner first, then the stored catalog. [TEN-6] */
@Injectable()
export class DropletAccess {
  constructor(
    private readonly catalog: Catalog,
    private readonly projects: ProjectService,
    private readonly inventory: ResourceRegistrar,
    private readonly reader: InventoryReader,
  ) {}

  /** Throws `ResourceNotFoundError`, also for droplets of other tenants. [TEN-6] */
  async acceptDroplet({ scope, input }: StartCommand<OwnDropletInput>): Promise<WithDroplet> {
    const found = await this.findDroplet(scope, input.resource_id);
    return { resource_id: input.resource_id, droplet_id: found.provider_id };
  }

  /**
   * Throws `ResourceNotFoundError`, `ValidationFailedError` when a tenant gives no name, and `NameMismatchError` when the droplet has another
   * name than the expected one.
   */
  async acceptDestroy({ scope, input }: StartCommand<DestroyDropletInput>): Promise<AcceptedDestroy> {
    const { resource_id, expected_name: expected, final_snapshot, after_hours } = input;
    const found = await this.findDroplet(scope, resource_id);
    if (expected === undefined && scope.kind === 'tenant')
      throw new ValidationFailedError([fieldError('expected_name', 'is missing: give the name of the droplet that is to be destroyed')]);
    if (expected !== undefined && expected !== found.name) throw new NameMismatchError(expected, found.name);
    const options = { ...(final_snapshot && { final_snapshot }), ...(after_hours && { after_hours }) };
    return { resource_id, ...(expected !== undefined && { expected_name: expected }), ...options, droplet_id: found.provider_id };
  }

  /** Throws `ResourceNotFoundError`, also for droplets of other tenants. */
  async acceptPower({ scope, input: { resource_id, action } }: StartCommand<PowerDropletInput>): Promise<WithDroplet<PowerDropletInput>> {
    const found = await this.findDroplet(scope, resource_id);
    return { resource_id, action, droplet_id: found.provider_id };
  }

  /**
   * Throws `ResourceNotFoundError`, `ValidationFailedError` when the catalog does not offer the size in the droplet's region, and
   * `DiskCannotShrinkError`.
   */
  async acceptResize({ scope, input }: StartCommand<ResizeDropletInput>): Promise<AcceptedResize> {
    const found = await this.findDroplet(scope, input.resource_id);
    const size_slug = input.size_slug.toLowerCase();
    const problems = found.region ? await this.catalog.problemsOf({ sizeSlug: size_slug, region: found.region }) : undefined;
    if (problems?.length) throw new ValidationFailedError(problems.map(({ detail }) => fieldError('size_slug', detail)));
    const { disk: diskGb } = (await this.reader.get(scope, input.resource_id)).attrs;
    const newDiskGb = (await this.catalog.size(size_slug))?.diskGb;
    const obstacle = findDiskObstacle(size_slug, typeof diskGb === 'number' ? diskGb : null, newDiskGb);
    if (obstacle !== undefined) throw new DiskCannotShrinkError(obstacle);
    const { resource_id, disk } = input;
    return { resource_id, size_slug, ...(disk !== undefined && { disk }), droplet_id: found.provider_id };
  }

  /** Returns the order with its project. Throws `AdminsOnlyError` and `ValidationFailedError`. */
  async acceptOrder({ scope, input }: StartCommand<ProvisionDropletInput>): Promise<ProvisionDropletInput> {
    if (scope.kind === 'tenant' && input.tags) throw new AdminsOnlyError('tags');
    if (scope.kind === 'tenant' && input.vpc_uuid) throw new AdminsOnlyError('vpc_uuid');
    const { project_id, ...order } = inLowerCase(input);
    const project = await this.findProject(scope, project_id);
    const errors = [
      ...(input.tags ?? [])
        .filter(isReservedTag)
        .map((tag) => fieldError('tags', `must not contain ${tag}: tags of that name are reserved for this service`)),
      ...('message' in project ? [project] : []),
      ...(await this.imageErrors(scope, order)),
      ...(await this.catalogErrors(order)),
    ];
    if (errors.length > 0) throw new ValidationFailedError(errors);
    return { ...order, ...('id' in project && project.id !== undefined && { project_id: project.id }) };
  }

  private async findDroplet(scope: Scope, resourceId: string) {
    const found = await this.inventory.find(scope, resourceId, 'droplet');
    if (!found) throw new ResourceNotFoundError();
    return found;
  }

  /** The project of an order: that of the id, or the only one of a tenant. A problem of the input is returned. */
  async findProject(scope: Scope, projectId: string | undefined): Promise<{ id: string | undefined } | FieldError> {
    if (scope.kind === 'platform') {
      if (projectId === undefined) return { id: undefined };
      const found = await this.projects.find(projectId);
      return found?.provider_id && !found.deleted_at ? { id: found.id } : fieldError('project_id', 'is not a project');
    }
    const own = await this.projects.listByTenant(scope.tenantId);
    if (projectId !== undefined)
      return own.some(({ id }) => id === projectId) ? { id: projectId } : fieldError('project_id', 'is not a project of yours');
    if (own.length === 1) return { id: own[0]?.id };
    return fieldError('project_id', own.length === 0 ? 'is missing: you have no project yet' : 'is missing: you have several projects');
  }

  /** The catalog contains public images only. A tenant may also use the ids of its own snapshots, backups and custom images. */
  private async imageErrors(scope: Scope, { image }: Pick<ProvisionDropletInput, 'image'>): Promise<FieldError[]> {
    if (!/^\d+$/.test(image) || scope.kind === 'platform') return [];
    const kinds = ['snapshot', 'droplet_backup', 'custom_image'];
    const found = await Promise.all(kinds.map((kind) => this.inventory.findByProviderId(kind, image)));
    const own = found.find((one) => one?.tenant_id === scope.tenantId);
    if (!own) return [fieldError('image', 'is not a snapshot, backup or custom image of yours')];
    return own.kind !== 'custom_image' || own.status === 'available' ? [] : [fieldError('image', `cannot be used: it is ${own.status}`)];
  }

  /** The problems of the catalog's fields in an order that is wrong elsewhere. A field that is missing has none. */
  async findOrderProblems({ size_slug, region, image }: Readonly<Record<string, unknown>>): Promise<FieldError[]> {
    const given: Readonly<Record<string, unknown>> = { size_slug, region, image };
    const slug = (value: unknown) => (typeof value === 'string' ? value : '');
    const order = { sizeSlug: slug(size_slug), region: slug(region), image: typeof image === 'string' ? image : undefined };
    const problems = (await this.catalog.problemsOf(order)) ?? [];
    return problems.filter(({ field }) => given[field] !== undefined).map(({ field, detail }) => fieldError(field, detail));
  }

  private async catalogErrors({ size_slug: sizeSlug, region, image }: Omit<ProvisionDropletInput, 'project_id'>): Promise<FieldError[]> {
    const problems = await this.catalog.problemsOf({ sizeSlug, region, image });
    return (problems ?? []).map(({ field, detail }) => fieldError(field, detail));
  }
}

/** Slugs and fingerprints have no capitals at the provider, whatever the case in which they are sent. Pure. */
function inLowerCase(input: ProvisionDropletInput): ProvisionDropletInput {
  const { size_slug, region, image, ssh_keys } = input;
  const lower = { size_slug: size_slug.toLowerCase(), region: region.toLowerCase(), image: image.toLowerCase() };
  return Object.assign({}, input, lower, ssh_keys && { ssh_keys: ssh_keys.map((key) => key.toLowerCase()) });
}

/** The hold of a saga on a droplet: no other saga may change it meanwhile. */
export const dropletHolds = ({ droplet_id }: { readonly droplet_id: string }): string[] => [`droplet:${droplet_id}`];

const fieldError = (field: string, message: string): FieldError => ({ field: `input.${field}`, message });
