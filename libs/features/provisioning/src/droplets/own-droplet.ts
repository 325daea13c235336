import { ResourceRegistrar, ResourceNotFoundError } from '#libs/inventory';
import type { StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { IsUUID } from 'class-validator';

/** Names a droplet by our id of it. */
export class OwnDropletInput {
  @IsUUID()
  readonly resource_id: string;
}

/** An accepted input: what was asked, and the provider's id of the droplet. */
export type WithDroplet<Asked = OwnDropletInput> = Asked & { readonly resource_id: string; readonly droplet_id: string };

/** Finds the droplet that a saga may act on. */
@Injectable()
export class DropletAccess {
  constructor(private readonly inventory: ResourceRegistrar) {}

  /** Throws `ResourceNotFoundError`, also for other tenants' droplets (TEN-6). */
  async withDroplet({ scope, input }: StartCommand<OwnDropletInput>): Promise<WithDroplet> {
    const found = await this.inventory.find(scope, input.resource_id, 'droplet');
    if (!found) throw new ResourceNotFoundError(input.resource_id);
    return { resource_id: input.resource_id, droplet_id: found.provider_id };
  }
}

export const holdsDroplet = ({ droplet_id }: { readonly droplet_id: string }): string[] => [`droplet:${droplet_id}`];
