import { Catalog } from '#libs/catalog';
import { ResourceRegistrar, ProjectReader } from '#libs/inventory';
import type { Scope } from '#libs/identity';
import { ValidationFailedError, type FieldError } from '#libs/kernel';
import type { StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { isReservedTag } from '../provider/saga-tags';
import { AdminsOnlyError } from '../provisioning.error';
import type { ProvisionDropletInput } from './provision-droplet.input';

/** Judges an order for a droplet before anything is asked of the provider: ownership first, then the catalogue (TEN-6). */
@Injectable()
export class OrderCheck {
  constructor(
    private readonly catalogue: Catalog,
    private readonly projects: ProjectReader,
    private readonly inventory: ResourceRegistrar,
  ) {}

  /** The order with its project filled in. Throws `AdminsOnlyError` and `ValidationFailedError`. */
  async check({ scope, input }: StartCommand<ProvisionDropletInput>): Promise<ProvisionDropletInput> {
    if (scope.kind === 'tenant' && input.tags) throw new AdminsOnlyError('tags');
    if (scope.kind === 'tenant' && input.vpc_uuid) throw new AdminsOnlyError('vpc_uuid');
    const { project_id, ...ordered } = input;
    const project = await this.projectOf(scope, project_id);
    const errors = [
      ...(input.tags ?? []).filter(isReservedTag).map((tag) => wrong('tags', `must not contain ${tag}: tags of that name are ours`)),
      ...('message' in project ? [project] : []),
      ...(await this.imageErrors(scope, input)),
      ...(await this.catalogueErrors(input)),
    ];
    if (errors.length > 0) throw new ValidationFailedError(errors);
    return { ...ordered, ...('id' in project && project.id !== undefined && { project_id: project.id }) };
  }

  private async projectOf(scope: Scope, asked: string | undefined): Promise<{ id: string | undefined } | FieldError> {
    if (scope.kind === 'platform') {
      if (asked === undefined) return { id: undefined };
      const found = await this.projects.find(asked);
      return found?.provider_id && !found.deleted_at ? { id: found.id } : wrong('project_id', 'is not a project');
    }
    const own = await this.projects.ofTenant(scope.tenantId);
    if (asked !== undefined) return own.some(({ id }) => id === asked) ? { id: asked } : wrong('project_id', 'is not a project of yours');
    if (own.length === 1) return { id: own[0]?.id };
    return wrong('project_id', own.length === 0 ? 'is missing: you have no project yet' : 'is missing: you have several projects');
  }

  /** Ids of private images are not the catalogue's to know: a tenant may use its own snapshots and backups. */
  private async imageErrors(scope: Scope, { image }: ProvisionDropletInput): Promise<FieldError[]> {
    if (!/^\d+$/.test(image) || scope.kind === 'platform') return [];
    const owners = await Promise.all(['snapshot', 'droplet_backup'].map((kind) => this.inventory.findByProviderId(kind, image)));
    return owners.some((found) => found?.tenant_id === scope.tenantId) ? [] : [wrong('image', 'is not a snapshot or backup of yours')];
  }

  private async catalogueErrors({ size_slug: sizeSlug, region, image }: ProvisionDropletInput): Promise<FieldError[]> {
    const problems = await this.catalogue.problemsOf({ sizeSlug, region, image });
    return (problems ?? []).map(({ field, detail }) => wrong(field, detail));
  }
}

const wrong = (field: string, message: string): FieldError => ({ field: `input.${field}`, message });
