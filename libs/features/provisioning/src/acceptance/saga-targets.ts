import { ProjectService } from '#libs/accounts';
import { ResourceRegistrar } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { recordPlaceOf } from '../dns/dns-record.input';

/** The fields by which prepared inputs name what their saga works on. */
interface Targeting {
  readonly resource_id?: unknown;
  readonly zone_id?: unknown;
  readonly project_id?: unknown;
  /** Droplets that take part, where the object does not exist yet. */
  readonly droplet_resource_id?: unknown;
  readonly droplet_resource_ids?: unknown;
  /** Of a late write: the hold of its object. */
  readonly target?: unknown;
}

/** Finds the owner of what a saga works on, who sees the saga also when an admin started it. */
@Injectable()
export class SagaTargets {
  constructor(
    private readonly inventory: ResourceRegistrar,
    private readonly projects: ProjectService,
  ) {}

  /** The owner of the resource or zone, of a create that of its project; null without an owner. */
  async ownerOf({
    resource_id,
    zone_id,
    project_id,
    target,
    droplet_resource_id,
    droplet_resource_ids,
  }: Targeting): Promise<string | null> {
    const id = resource_id ?? zone_id;
    if (typeof id === 'string') return (await this.inventory.findById(id))?.tenant_id ?? null;
    if (typeof project_id === 'string') return (await this.projects.find(project_id))?.tenant_id ?? null;
    const [droplet] = Array.isArray(droplet_resource_ids) ? (droplet_resource_ids as unknown[]) : [droplet_resource_id];
    if (typeof droplet === 'string') return this.ownerOf({ resource_id: droplet });
    return typeof target === 'string' ? this.ownerOfHold(target) : null;
  }

  private async ownerOfHold(hold: string): Promise<string | null> {
    const zone = recordPlaceOf(hold)?.zone;
    const [kind = '', id = ''] = hold.split(':');
    const found =
      zone === undefined
        ? await this.inventory.findByProviderId(kind, id)
        : await this.inventory.findByName({ kind: 'platform' }, 'dns_zone', zone);
    return found?.tenant_id ?? null;
  }
}
