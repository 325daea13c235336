import { Catalog } from '#libs/catalog';
import { InventoryReader } from '#libs/inventory';
import type { SagaDefinition, StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { dropletHolds } from '../droplets/droplet-access';
import { DropletForecasts, factsOf, type DropletFacts } from '../droplets/droplet-forecasts';
import { PowerOffStep, PowerOnStep } from '../droplets/power.steps';
import { ObserveDropletStep } from '../droplets/record-size.step';
import { ResizeStep } from '../droplets/resize.step';
import type { Spec } from '../entities/desired-state.entity';
import { isReservedTag } from '../provider/tag-calls';
import { NotRevertibleError } from '../provisioning.errors';
import { CheckOrderStep } from './check-order.step';
import { RenameStep, SetBackupsStep, SetPowerStep } from './droplet-setting.step';
import {
  findRevertObstacle,
  RevertDropletInput,
  type AcceptedRevert,
  type DropletState,
  type RevertibleField,
} from './revert-droplet.input';
import { SetTagsStep } from './set-tags.step';

/**
 * Restores the desired state of a droplet as far as that is possible in place. Only drift starts it. The desired state does not change;
 * drift closes its finding when a sweep has seen the result.
 */
@Injectable()
export class RevertDropletSaga {
  readonly definition: SagaDefinition<AcceptedRevert, RevertDropletInput>;

  constructor(
    private readonly inventory: InventoryReader,
    private readonly catalog: Catalog,
    private readonly desiredStates: DesiredStateRepository,
    private readonly forecasts: DropletForecasts,
    check: CheckOrderStep,
    off: PowerOffStep,
    resize: ResizeStep,
    on: PowerOnStep,
    rename: RenameStep,
    tags: SetTagsStep,
    backups: SetBackupsStep,
    power: SetPowerStep,
    observe: ObserveDropletStep,
  ) {
    const stepsOf: Record<RevertibleField, readonly { readonly name: string }[]> = {
      size_slug: [off, resize, on],
      name: [rename],
      tags: [tags],
      backups: [backups],
      power: [power],
    };
    this.definition = {
      kind: 'revert_droplet',
      input: RevertDropletInput,
      internal: true,
      prepare: (command) => this.prepare(command),
      foresee: (command) => this.foresee(command),
      hashedInput: ({ resource_id, fields, seen_values, ...values }) => ({
        resource_id,
        fields,
        seen_values,
        wanted: fields.map((field) => values[field]),
      }),
      plan: ({ fields }) => [check, ...fields.flatMap((field) => stepsOf[field]), observe].map(({ name }) => name),
      holds: dropletHolds,
      steps: [check, off, resize, on, rename, tags, backups, power, observe],
    };
  }

  /** Throws `ResourceNotFoundError`, and `NotRevertibleError` with the reason. */
  private async prepare({ scope, input: { resource_id, fields, seen_values } }: StartCommand<RevertDropletInput>): Promise<AcceptedRevert> {
    const droplet = await this.inventory.get(scope, resource_id);
    if (droplet.kind !== 'droplet') throw new NotRevertibleError(`nothing of a ${droplet.kind} can be changed in place`);
    const desired = await this.desiredStates.find(resource_id);
    if (!desired || droplet.deleted_at) throw new NotRevertibleError('the droplet was deleted, or has no desired state any more');
    const { disk, tags, features, backup_ids } = droplet.attrs as {
      disk?: number;
      tags?: string[];
      features?: string[];
      backup_ids?: string[];
    };
    const live: DropletState = {
      name: droplet.name ?? '',
      size_slug: droplet.size_slug ?? '',
      tags: withoutReserved(tags ?? []),
      backups: features?.includes('backups') === true,
      power: droplet.status === 'active' ? 'on' : droplet.status,
    };
    const wanted = desiredValues(desired.spec, fields);
    for (const field of fields) {
      const orderedDiskGb = field === 'size_slug' ? (await this.catalog.size(wanted.size_slug ?? ''))?.diskGb : undefined;
      const backups = backup_ids?.length ?? 0;
      const obstacle = findRevertObstacle({ field, ordered: wanted[field], diskGb: disk ?? null, orderedDiskGb, backups });
      if (obstacle !== undefined) throw new NotRevertibleError(obstacle);
    }
    if (wanted.size_slug !== undefined && droplet.region) await this.checkOffer(wanted.size_slug, droplet.region);
    return { resource_id, fields, droplet_id: droplet.provider_id, spec_version: desired.version, seen_values, ...live, ...wanted };
  }

  private async foresee({ scope, input }: StartCommand<AcceptedRevert>) {
    const droplet = await this.inventory.get(scope, input.resource_id);
    const known = factsOf(droplet);
    const { tags } = droplet.attrs as { tags?: string[] };
    const live: DropletFacts['live'] = { ...known.live, tags: withoutReserved(tags ?? []) };
    const facts = { ...known, live, sized: droplet.size_slug === input.size_slug };
    const settings = input.fields.map((field) => ({ field, from: live[field] ?? null, to: input[field] }));
    return this.forecasts.ofChanges(droplet, settings, facts);
  }

  private async checkOffer(sizeSlug: string, region: string): Promise<void> {
    const [problem] = (await this.catalog.problemsOf({ sizeSlug, region })) ?? [];
    if (problem) throw new NotRevertibleError(problem.detail);
  }
}

const withoutReserved = (tags: readonly string[]): string[] => tags.filter((tag) => !isReservedTag(tag));

/**
 * The desired values of the fields, converted to the provider's notation. `findRevertObstacle` checks afterwards whether they are valid.
 */
function desiredValues(spec: Spec, fields: readonly RevertibleField[]): Partial<DropletState> {
  const convert = (field: RevertibleField): unknown => {
    const value = spec[field];
    if (field === 'tags' && Array.isArray(value)) return withoutReserved(value.map(String));
    if (field === 'backups') return value === 'true' ? true : value === 'false' ? false : value;
    return typeof value === 'string' ? value.replace(/\.$/, '') : value;
  };
  return Object.fromEntries(fields.map((field) => [field, convert(field)]));
}
