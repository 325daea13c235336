import { Catalog } from '#libs/catalog';
import { InventoryReader } from '#libs/inventory';
import type { StartCommand, SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { ObserveDropletStep } from '../droplets/observe-droplet.step';
import { holdsDroplet } from '../droplets/own-droplet';
import { PowerOffStep, PowerOnStep } from '../droplets/power.steps';
import { ResizeStep } from '../droplets/resize.steps';
import { isReservedTag } from '../provider/saga-tags';
import { NotRevertibleError } from '../provisioning.error';
import { DesiredStateRepository, type Spec } from '../spec/provisioned-specs';
import { CheckOrderStep } from './check-order.step';
import { RenameStep, SetBackupsStep } from './droplet-settings.steps';
import { whyNot } from './revert-judgement';
import { RevertDropletInput, type AcceptedRevert, type DropletState, type RevertibleField } from './revert-droplet.input';
import { SetTagsStep } from './set-tags.step';

/**
 * Makes a droplet again what was ordered, as far as that can be done in place; or leaves it as it was. Started by drift only. The desired state
 * stays as it is, and drift closes what it has found when a sweep has seen the end of this.
 */
@Injectable()
export class RevertDropletSaga {
  readonly definition: SagaDefinition<AcceptedRevert, RevertDropletInput>;

  constructor(
    private readonly inventory: InventoryReader,
    private readonly catalogue: Catalog,
    private readonly specs: DesiredStateRepository,
    check: CheckOrderStep,
    off: PowerOffStep,
    resize: ResizeStep,
    on: PowerOnStep,
    rename: RenameStep,
    tags: SetTagsStep,
    backups: SetBackupsStep,
    observe: ObserveDropletStep,
  ) {
    const stepsOf: Record<RevertibleField, readonly { readonly name: string }[]> = {
      size_slug: [off, resize, on],
      name: [rename],
      tags: [tags],
      backups: [backups],
    };
    this.definition = {
      kind: 'revert_droplet',
      input: RevertDropletInput,
      internal: true,
      prepare: (proposal) => this.prepare(proposal),
      plan: ({ fields }) => [check, ...fields.flatMap((field) => stepsOf[field]), observe].map(({ name }) => name),
      holds: holdsDroplet,
      steps: [check, off, resize, on, rename, tags, backups, observe],
    };
  }

  /** Throws `ResourceNotFoundError`, and `NotRevertibleError` with the reason. */
  private async prepare({ scope, input: { resource_id, fields } }: StartCommand<RevertDropletInput>): Promise<AcceptedRevert> {
    const droplet = await this.inventory.get(scope, resource_id);
    if (droplet.kind !== 'droplet') throw new NotRevertibleError(`of a ${droplet.kind} nothing can be changed in place`);
    const ordered = await this.specs.find(resource_id);
    if (!ordered || droplet.deleted_at) throw new NotRevertibleError('the droplet is gone, or nothing is ordered of it any more');
    const { disk, tags, features, backup_ids } = droplet.attrs as {
      disk?: number;
      tags?: string[];
      features?: string[];
      backup_ids?: string[];
    };
    const live: DropletState = {
      name: droplet.name ?? '',
      size_slug: droplet.size_slug ?? '',
      tags: withoutOwn(tags ?? []),
      backups: features?.includes('backups') === true,
    };
    const wanted = orderedState(ordered.spec, fields);
    for (const field of fields) {
      const orderedDiskGb = field === 'size_slug' ? (await this.catalogue.size(wanted.size_slug ?? ''))?.diskGb : undefined;
      const reason = whyNot({ field, ordered: wanted[field], diskGb: disk ?? null, orderedDiskGb, backups: backup_ids?.length ?? 0 });
      if (reason !== undefined) throw new NotRevertibleError(reason);
    }
    if (wanted.size_slug !== undefined && droplet.region) await this.checkOffer(wanted.size_slug, droplet.region);
    return { resource_id, fields, droplet_id: droplet.provider_id, spec_version: ordered.version, ...live, ...wanted };
  }

  private async checkOffer(sizeSlug: string, region: string): Promise<void> {
    const [problem] = (await this.catalogue.problemsOf({ sizeSlug, region })) ?? [];
    if (problem) throw new NotRevertibleError(problem.detail);
  }
}

const withoutOwn = (tags: readonly string[]): string[] => tags.filter((tag) => !isReservedTag(tag));

/** The ordered values of the fields, in the provider's notation where they stand in another. What they are like is judged afterwards. */
function orderedState(spec: Spec, fields: readonly RevertibleField[]): Partial<DropletState> {
  const plain = (field: RevertibleField): unknown => {
    const value = spec[field];
    if (field === 'tags' && Array.isArray(value)) return withoutOwn(value.map(String));
    if (field === 'backups') return value === 'true' ? true : value === 'false' ? false : value;
    return typeof value === 'string' ? value.replace(/\.$/, '') : value;
  };
  return Object.fromEntries(fields.map((field) => [field, plain(field)]));
}
