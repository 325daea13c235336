import { KINDS } from '#libs/inventory';
import { looselyEqual } from '#libs/kernel';
import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { ProductCalls, type ProductKind } from '../provider/product-calls';
import { isReservedTag } from '../provider/tag-calls';
import { productMissing } from '../products/product-runner';

interface Based {
  readonly resource_id: string;
  /** The version of the desired state that the revert is based on. */
  readonly spec_version: number;
  readonly fields: readonly string[];
  /** The value of each field that the operator saw. A revert that was started by an earlier release has none. */
  readonly seen_values?: Readonly<Record<string, unknown>> | undefined;
  /** A droplet, unless it is given. */
  readonly kind?: Exclude<ProductKind, 'backup_policy'>;
  /** The provider's id: of a droplet in a field of its own. */
  readonly provider_id?: string;
  readonly droplet_id?: string;
}

/**
 * Fails when the desired state has changed since the revert was requested, or the provider has another value by now than the operator saw. An
 * accept of the same drift may have committed just before, or may still be running, so the version is read with a lock.
 */
@Injectable()
export class CheckOrderStep implements StepDefinition<Based> {
  readonly name = 'check_order';

  constructor(
    private readonly desiredStates: DesiredStateRepository,
    private readonly products: ProductCalls,
  ) {}

  readonly outline = () => ({
    does: 'Checks that the desired state and the value at the provider are still the same',
    calls: { min: 1, typical: 1 },
  });

  readonly execute = async ({ input, signal }: StepContext<Based>): Promise<StepAnswer> => {
    const { resource_id, spec_version, fields, seen_values } = input;
    if ((await this.desiredStates.lockVersion(resource_id)) !== spec_version)
      return fail({ code: 'order_changed', detail: 'The desired state has changed since the revert was requested' }, 'none');
    if (!seen_values) return done();
    const kind = input.provider_id === undefined ? 'droplet' : (input.kind ?? 'volume');
    const id = input.provider_id ?? input.droplet_id ?? '';
    const product = await this.products.get(kind, id, signal);
    if (!product) return productMissing(kind, id);
    const desired = (await this.desiredStates.find(resource_id))?.spec ?? {};
    const moved = fields.find((field) => {
      const present = presentValue(kind, product.raw, field);
      return ![seen_values[field], desired[field]].some((value) => looselyEqual(comparable(field, value), comparable(field, present)));
    });
    if (moved === undefined) return done();
    const detail = `The ${moved} has changed at the provider since the drift was found: sweep the ${kind}s, and decide about the new value`;
    return fail({ code: 'value_changed', detail }, 'none');
  };
}

/** The value of a field of the desired state, as the inventory would record it. */
function presentValue(kind: string, raw: unknown, field: string): unknown {
  const seen = KINDS.find((one) => one.kind === kind)?.observe(raw);
  const { features } = (seen?.attrs ?? {}) as { features?: string[] };
  const columns: Readonly<Record<string, unknown>> = {
    name: seen?.name,
    size_slug: seen?.sizeSlug,
    power: seen?.status === 'active' ? 'on' : seen?.status,
    backups: features?.includes('backups') === true,
  };
  return field in columns ? columns[field] : seen?.attrs[field];
}

/** Tags without our own and in one letter case, which the provider ignores; other values unchanged. */
const comparable = (field: string, value: unknown): unknown =>
  field === 'tags' && Array.isArray(value)
    ? value.flatMap((tag) => (isReservedTag(String(tag)) ? [] : [String(tag).toLowerCase()])).sort()
    : value;
