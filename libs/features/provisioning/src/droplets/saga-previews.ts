import { Catalog } from '#libs/catalog';
import { InventoryReader, ResourceNotFoundError, type ResourceView } from '#libs/inventory';
import type { SagaPreview } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { hasSizeAlready, type AcceptedDestroy, type AcceptedResize, type PowerDropletInput, type WithDroplet } from './droplet.input';

type Preview = Partial<SagaPreview>;

/** The settings that a revert restores, with the values that they get. */
type Restored = Readonly<Record<'size_slug' | 'name' | 'tags' | 'backups' | 'power', unknown>> & {
  readonly resource_id: string;
  readonly fields: readonly ('size_slug' | 'name' | 'tags' | 'backups' | 'power')[];
};

/** The provider gives no time for a resize; moving a large disk to another machine takes longest (docs/digitalocean-facts.md 4.7). */
const RESIZE_OUTAGE = 'about 2 minutes, longer when the provider moves a large disk';

/** Describes what the sagas on droplets would change, from stored data alone. */
@Injectable()
export class SagaPreviews {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly catalog: Catalog,
  ) {}

  async ofResize({ resource_id, size_slug, disk }: AcceptedResize): Promise<Preview> {
    const droplet = await this.find(resource_id);
    if (!droplet) return {};
    const newDiskGb = (await this.catalog.size(size_slug))?.diskGb;
    const diskGb = diskOf(droplet);
    const warnings = warningsAbout(droplet);
    if (hasSizeAlready({ size_slug, disk }, { sizeSlug: droplet.size_slug, diskGb }, newDiskGb)) return { nothing_to_do: true, warnings };
    const grown = disk === true ? [{ field: 'disk', from: diskGb, to: newDiskGb ?? null }] : [];
    return {
      changes: [{ field: 'size_slug', from: droplet.size_slug, to: size_slug }, ...grown],
      off_for: outageOf(droplet),
      irreversible: disk === true ? [`The disk grows to ${newDiskGb ?? 'the disk of the new size'} GB and cannot shrink again`] : [],
      warnings,
    };
  }

  async ofDestroy({ resource_id, after_hours, final_snapshot }: AcceptedDestroy): Promise<Preview> {
    const droplet = await this.find(resource_id);
    return {
      off_for: after_hours ? `${after_hours} hours, then it is destroyed` : null,
      changes: [{ field: 'status', from: droplet?.status ?? null, to: 'deleted' }],
      irreversible: [
        `The droplet is destroyed with the data on its disk; its snapshots stay${final_snapshot ? ', a last one is taken before' : ''}`,
      ],
      warnings: droplet ? warningIfUnlisted(droplet) : [],
    };
  }

  async ofPower({ resource_id, action }: WithDroplet<PowerDropletInput>): Promise<Preview> {
    const droplet = await this.find(resource_id);
    if (!droplet) return {};
    const from = powerIn(droplet.status);
    const warnings = warningIfUnlisted(droplet);
    if (action === 'reboot') return { off_for: 'about a minute', warnings };
    const to = action === 'on' ? 'on' : 'off';
    if (from === to) return { nothing_to_do: true, warnings };
    return { changes: [{ field: 'power', from, to }], off_for: to === 'off' ? 'until it is switched on again' : null, warnings };
  }

  async ofSnapshot({ resource_id }: WithDroplet): Promise<Preview> {
    const droplet = await this.find(resource_id);
    return { warnings: droplet ? warningIfUnlisted(droplet) : [] };
  }

  async ofRevert(input: Restored): Promise<Preview> {
    const droplet = await this.find(input.resource_id);
    if (!droplet) return {};
    const { tags, features } = droplet.attrs as { tags?: string[]; features?: string[] };
    const { status } = droplet;
    const live = {
      power: powerIn(status),
      size_slug: droplet.size_slug,
      name: droplet.name,
      tags: tags ?? [],
      backups: features?.includes('backups') === true,
    };
    return {
      changes: input.fields.map((field) => ({ field, from: live[field], to: input[field] })),
      off_for: input.fields.includes('size_slug') ? outageOf(droplet) : null,
      warnings: warningsAbout(droplet),
    };
  }

  private async find(resourceId: string): Promise<ResourceView | undefined> {
    return this.inventory.get({ kind: 'platform' }, resourceId).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundError) return undefined;
      throw error;
    });
  }
}

const powerIn = (status: string): string => (status === 'active' ? 'on' : status);

function diskOf({ attrs }: ResourceView): number | null {
  return typeof attrs.disk === 'number' ? attrs.disk : null;
}

const outageOf = ({ status }: ResourceView): string | null => (status === 'off' ? null : RESIZE_OUTAGE);

function warningsAbout(droplet: ResourceView): string[] {
  return [...warningIfUnlisted(droplet), ...(droplet.status === 'off' ? ['The droplet is off now, and stays off'] : [])];
}

function warningIfUnlisted({ stale_strike_count: strikes }: ResourceView): string[] {
  return strikes > 0 ? ['The last complete sweep did not list this droplet: it has probably been deleted'] : [];
}
