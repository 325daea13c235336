import { Catalog } from '#libs/catalog';
import { ResourceRegistrar, ResourceNotFoundError } from '#libs/inventory';
import { ValidationFailedError } from '#libs/kernel';
import type { StartCommand, SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { holdsDroplet } from './own-droplet';
import { PowerOffStep, PowerOnStep } from './power.steps';
import { RecordSizeStep } from './record-size.step';
import { ResizeDropletInput, type AcceptedResize } from './resize-droplet.input';
import { ResizeStep, ResizeWithDiskStep } from './resize.steps';

/** Gives a droplet another size: off, resize, on again if it ran. */
@Injectable()
export class ResizeDropletSaga {
  readonly definition: SagaDefinition<AcceptedResize, ResizeDropletInput>;

  constructor(
    private readonly inventory: ResourceRegistrar,
    private readonly catalogue: Catalog,
    off: PowerOffStep,
    resize: ResizeStep,
    withDisk: ResizeWithDiskStep,
    on: PowerOnStep,
    recordSize: RecordSizeStep,
  ) {
    this.definition = {
      kind: 'resize_droplet',
      input: ResizeDropletInput,
      prepare: (proposal) => this.prepare(proposal),
      plan: ({ disk }) => [off, disk ? withDisk : resize, on, recordSize].map(({ name }) => name),
      holds: holdsDroplet,
      steps: [off, resize, withDisk, on, recordSize],
    };
  }

  private async prepare({ scope, input }: StartCommand<ResizeDropletInput>): Promise<AcceptedResize> {
    const found = await this.inventory.find(scope, input.resource_id, 'droplet');
    if (!found) throw new ResourceNotFoundError(input.resource_id);
    const problems = found.region ? await this.catalogue.problemsOf({ sizeSlug: input.size_slug, region: found.region }) : undefined;
    if (problems?.length) throw new ValidationFailedError(problems.map(({ detail }) => ({ field: 'input.size_slug', message: detail })));
    const { resource_id, size_slug, disk } = input;
    return { resource_id, size_slug, ...(disk !== undefined && { disk }), droplet_id: found.provider_id };
  }
}
