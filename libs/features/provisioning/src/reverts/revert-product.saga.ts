import { InventoryReader, ResourceRegistrar, type ResourceView } from '#libs/inventory';
import { NO_DOWNTIME, type Forecast, type PlannedChange, type SagaDefinition, type StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn, IsObject, IsOptional } from 'class-validator';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { OwnDropletInput, TAG } from '../droplets/droplet.input';
import type { Spec } from '../entities/desired-state.entity';
import {
  AttachVolumeStep,
  DetachFromOtherStep,
  DetachVolumeStep,
  NameFirewallStep,
  SetRulesStep,
  SetTagsOfResourceStep,
} from '../products/change-product.steps';
import type { AcceptedProduct } from '../products/product.input';
import type { ProductFacts } from '../products/product-forecasts';
import { productHold } from '../products/product-runner';
import { RecordChangeStep } from '../products/record-product.steps';
import { canonicalRules, NO_DROPLET, productValues } from '../provider/product-calls';
import { isReservedTag } from '../provider/tag-calls';
import { NotRevertibleError } from '../provisioning.errors';
import { CheckOrderStep } from './check-order.step';

/** The fields of each kind that the provider can change in place without losing data. */
export const REVERTIBLE_OF_PRODUCTS: Readonly<Record<string, readonly string[]>> = {
  volume: ['tags', 'droplet_ids'],
  firewall: ['name', 'inbound_rules', 'outbound_rules'],
};
const ALL_FIELDS = Object.values(REVERTIBLE_OF_PRODUCTS).flat();

/** The volume or firewall to revert, and the fields that get their desired value again. */
export class RevertProductInput extends OwnDropletInput {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(ALL_FIELDS.length)
  @IsIn(ALL_FIELDS, { each: true })
  readonly fields: string[];

  /** The value of each field that the operator saw: the provider may have no other one to overwrite. */
  @IsOptional()
  @IsObject()
  readonly seen_values?: Readonly<Record<string, unknown>>;
}

/** `other_droplet_id`: the droplet that has the volume instead of the desired one. */
type AcceptedProductRevert = AcceptedProduct & {
  readonly resource_id: string;
  readonly provider_id: string;
  readonly fields: readonly string[];
  readonly seen_values?: Readonly<Record<string, unknown>> | undefined;
  readonly spec_version: number;
  readonly other_droplet_id?: string;
};

type Wanted = Pick<AcceptedProduct, 'name' | 'tags' | 'inbound_rules' | 'outbound_rules' | 'droplet_id' | 'droplet_resource_id'>;

/** Restores the desired state of a volume or firewall as far as that is possible in place. Only drift starts it. The desired state does not change. */
@Injectable()
export class RevertProductSaga {
  readonly definition: SagaDefinition<AcceptedProductRevert, RevertProductInput>;

  constructor(
    private readonly inventory: InventoryReader,
    private readonly registrar: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
    check: CheckOrderStep,
    detach: DetachVolumeStep,
    detachFromOther: DetachFromOtherStep,
    attach: AttachVolumeStep,
    tags: SetTagsOfResourceStep,
    name: NameFirewallStep,
    rules: SetRulesStep,
    record: RecordChangeStep,
  ) {
    const stepsFor = ({ fields, droplet_id }: AcceptedProductRevert) => [
      ...(fields.includes('droplet_ids') ? (droplet_id === undefined ? [detach] : [detachFromOther, attach]) : []),
      ...(fields.includes('tags') ? [tags] : []),
      ...(fields.includes('name') ? [name] : []),
      ...(fields.some((field) => field.endsWith('_rules')) ? [rules] : []),
    ];
    this.definition = {
      kind: 'revert_product',
      input: RevertProductInput,
      internal: true,
      prepare: (command) => this.prepare(command),
      foresee: (command) => this.foresee(command),
      plan: (input) => [check, ...stepsFor(input), record].map((step) => step.name),
      holds: ({ kind = 'volume', provider_id, droplet_id, other_droplet_id }) => [
        productHold(kind, provider_id),
        ...[droplet_id, other_droplet_id].flatMap((id) => (id === undefined ? [] : [productHold('droplet', id)])),
      ],
      steps: [check, detach, detachFromOther, attach, tags, name, rules, record],
    };
  }

  /** Throws `ResourceNotFoundError`, and `NotRevertibleError` with the reason. */
  private async prepare({
    scope,
    input: { resource_id, fields, seen_values },
  }: StartCommand<RevertProductInput>): Promise<AcceptedProductRevert> {
    const row = await this.inventory.get(scope, resource_id);
    if (row.kind !== 'volume' && row.kind !== 'firewall') throw new NotRevertibleError(`nothing of a ${row.kind} can be changed in place`);
    const other = fields.find((field) => REVERTIBLE_OF_PRODUCTS[row.kind]?.includes(field) !== true);
    if (other !== undefined) throw new NotRevertibleError(`the provider cannot change ${other} of a ${row.kind} in place`);
    const desired = await this.desiredStates.find(resource_id);
    if (!desired || row.deleted_at) throw new NotRevertibleError(`the ${row.kind} was deleted, or has no desired state any more`);
    const wanted: Wanted[] = [];
    for (const field of fields) wanted.push(await this.wantedBy(field, desired.spec, row));
    const attached = fields.includes('droplet_ids') ? liveValues(row).droplet_id : NO_DROPLET;
    const values: Wanted = Object.assign({}, ...wanted) as Wanted;
    return {
      kind: row.kind,
      resource_id,
      provider_id: row.provider_id,
      fields,
      spec_version: desired.version,
      seen_values,
      ...values,
      ...(typeof attached === 'string' && attached !== NO_DROPLET && attached !== values.droplet_id && { other_droplet_id: attached }),
    };
  }

  /** The part of the input for one field. Throws `NotRevertibleError` for a value that the provider would not take. */
  private async wantedBy(field: string, spec: Spec, row: ResourceView): Promise<Wanted> {
    const value = spec[field];
    if (field === 'name') return { name: String(value) };
    if (!Array.isArray(value)) throw new NotRevertibleError(`the provider takes no such ${field}`);
    const list = value as readonly unknown[];
    if (field === 'inbound_rules') return { inbound_rules: canonicalRules(list) };
    if (field === 'outbound_rules') return { outbound_rules: canonicalRules(list) };
    if (field === 'tags') {
      const tags = list.map(String).filter((tag) => !isReservedTag(tag));
      if (!tags.every((tag) => TAG.test(tag))) throw new NotRevertibleError('the provider takes no such tags');
      return { tags };
    }
    const [dropletId, ...more] = list.map(String);
    if (dropletId === undefined) return {};
    const droplet = more.length === 0 ? await this.registrar.findByProviderId('droplet', dropletId) : undefined;
    if (!droplet)
      throw new NotRevertibleError('the droplet to which the volume was attached does not exist any more: attach it to another one');
    if (droplet.region !== row.region) throw new NotRevertibleError('the volume and the droplet are in different regions');
    return { droplet_id: dropletId, droplet_resource_id: droplet.id };
  }

  private async foresee({ scope, input }: StartCommand<AcceptedProductRevert>): Promise<Forecast<ProductFacts>> {
    const row = await this.inventory.get(scope, input.resource_id);
    const attrs = row.attrs as Readonly<Record<string, unknown>>;
    const changes = input.fields.map((field): PlannedChange => {
      const to = field === 'droplet_ids' ? (input.droplet_id === undefined ? [] : [input.droplet_id]) : input[field as keyof Wanted];
      return { resource_id: row.id, name: row.name, field, from: field === 'name' ? row.name : (attrs[field] ?? null), to };
    });
    const detail = 'Unmount the file system first: a volume that is detached while it is mounted may lose data';
    const warnings = input.other_droplet_id === undefined ? [] : [{ code: 'unmount_first', detail }];
    return { facts: { values: liveValues(row) }, changes, downtime: NO_DOWNTIME, warnings };
  }
}

const liveValues = ({ kind, name, attrs }: ResourceView) => productValues(kind === 'firewall' ? 'firewall' : 'volume', { name, attrs });
