import { CONFIG, type Config } from '#libs/config';
import { InventoryReader, ResourceRegistrar } from '#libs/inventory';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { ASSIGN_PROJECT, AssignProjectStep } from '../droplets/assign-project.step';
import { desiredFields, type Spec } from '../entities/desired-state.entity';
import { ProductCalls, type ProductKind } from '../provider/product-calls';
import { isReservedTag } from '../provider/tag-calls';
import { CREATE_FIREWALL, CREATE_VOLUME } from './create-product.steps';
import type { AcceptedProduct } from './product.input';
import { PRODUCT_NAMES, productMissing } from './product-runner';
import { RESERVE_IP } from './reserve-ip.step';

type Registered = { readonly resource_id: string };
type RegisterCtx = StepContext<AcceptedProduct, never, Registered>;

/** Moves a new volume into its project. */
@Injectable()
export class AssignVolumeStep extends AssignProjectStep {
  protected override get subject(): string {
    return 'volume';
  }
  protected override madeBy(ctx: Parameters<AssignProjectStep['madeBy']>[0]) {
    return { kind: 'volume', id: ctx.outputOf(CREATE_VOLUME).provider_id };
  }
}

/** Base of the steps that record a new object in the inventory at once, and the order as its desired state. */
@Injectable()
abstract class RegisterProductStep implements StepDefinition<AcceptedProduct, never, Registered> {
  abstract readonly name: string;
  /** The next sweep lists the object; without a desired state it is unmanaged, and can be adopted. */
  readonly skippable = 'freely';
  protected abstract readonly kind: ProductKind;

  constructor(
    private readonly products: ProductCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly reader: InventoryReader,
    private readonly desiredStates: DesiredStateRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  protected abstract idOf(ctx: RegisterCtx): string;

  readonly outline = () => ({
    does: `Records the ${PRODUCT_NAMES[this.kind]} in the inventory, and the order as its desired state`,
    undo: 'Ends the desired state',
    calls: { min: 1, typical: 1 },
  });

  readonly execute = async (ctx: RegisterCtx): Promise<StepAnswer<Registered>> => {
    const id = this.idOf(ctx);
    const projectUuid = ctx.findOutputOf(ASSIGN_PROJECT)?.project_uuid;
    const requestedAtMs = performance.now();
    const product = await this.products.get(this.kind, id, ctx.signal);
    if (!product) return wait(this.config.saga.pollMs, `waiting for ${PRODUCT_NAMES[this.kind]} ${id} to become readable`);
    await ctx.guard();
    const { resourceId } = await this.inventory.observe({
      kind: this.kind,
      raw: product.raw,
      requestedAtMs,
      projectUuid,
      sagaId: ctx.sagaId,
    });
    const row = await this.reader.get({ kind: 'platform' }, resourceId);
    await this.desiredStates.record(resourceId, specOf(row, desiredFields(this.kind)), ctx.sagaId);
    return done({ resource_id: resourceId });
  };

  readonly compensate = async (ctx: RegisterCtx): Promise<StepAnswer<Registered>> => {
    const known = await this.inventory.findByProviderId(this.kind, this.idOf(ctx));
    if (known) await this.desiredStates.end(known.id);
    return done();
  };
}

@Injectable()
export class RegisterVolumeStep extends RegisterProductStep {
  readonly name = 'register_volume';
  protected readonly kind = 'volume';

  protected idOf(ctx: RegisterCtx): string {
    return ctx.outputOf(CREATE_VOLUME).provider_id;
  }
}

@Injectable()
export class RegisterIpStep extends RegisterProductStep {
  readonly name = 'register_ip';
  protected readonly kind = 'floating_ip';

  protected idOf(ctx: RegisterCtx): string {
    return ctx.outputOf(RESERVE_IP).provider_id;
  }
}

@Injectable()
export class RegisterFirewallStep extends RegisterProductStep {
  readonly name = 'register_firewall';
  protected readonly kind = 'firewall';

  protected idOf(ctx: RegisterCtx): string {
    return ctx.outputOf(CREATE_FIREWALL).provider_id;
  }
}

type Recorded = { readonly previous?: Spec; readonly recorded?: Spec };
type RecordCtx = StepContext<AcceptedProduct, never, Recorded>;

/** The kinds that the inventory lists. A backup policy is part of its droplet. */
type Observed = Exclude<ProductKind, 'backup_policy'>;

/**
 * Reads the changed object and records it in the inventory and, where it has one, in its desired state, as far as the saga has changed it: what
 * was asked for is no drift.
 */
@Injectable()
export class RecordChangeStep implements StepDefinition<AcceptedProduct, never, Recorded> {
  readonly name = 'record_change';
  /** The next sweep reads the object; what the desired state lacks is a drift, which can be accepted. */
  readonly skippable = 'freely';

  constructor(
    private readonly products: ProductCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly reader: InventoryReader,
    private readonly desiredStates: DesiredStateRepository,
  ) {}

  readonly outline = ({ kind = 'volume', changes = [] }: AcceptedProduct) => ({
    does: `Reads the ${PRODUCT_NAMES[kind]}, and records it in the inventory${changes.length > 0 ? ' and in its desired state' : ''}`,
    ...(changes.length > 0 && { undo: 'Restores the desired state' }),
    calls: { min: 1, typical: 1 },
  });

  readonly execute = async (ctx: RecordCtx): Promise<StepAnswer<Recorded>> => {
    const { resource_id: resourceId = '', provider_id: id = '' } = ctx.input;
    const kind = ctx.input.kind as Observed;
    const requestedAtMs = performance.now();
    const product = await this.products.get(kind, id, ctx.signal);
    if (!product) return productMissing(kind, id);
    await ctx.guard();
    await this.inventory.observe({ kind, raw: product.raw, requestedAtMs, sagaId: ctx.sagaId });
    const desired = await this.desiredStates.find(resourceId);
    // The desired states of earlier releases do not say where a volume is attached, and a rollback could not take it out again.
    const changes = (ctx.input.changes ?? []).filter((field) => field !== 'droplet_ids' || field in (desired?.spec ?? {}));
    if (!desired || changes.length === 0) return done();
    const recorded = specOf(await this.reader.get({ kind: 'platform' }, resourceId), changes);
    // An earlier try of this step has recorded them, and what was there before is not known any more.
    const previous =
      desired.lastSagaId === ctx.sagaId ? undefined : Object.fromEntries(changes.map((field) => [field, desired.spec[field]]));
    await this.desiredStates.record(resourceId, recorded, ctx.sagaId);
    return done({ recorded, ...(previous && { previous }) });
  };

  readonly compensate = async (ctx: RecordCtx): Promise<StepAnswer<Recorded>> => {
    const { previous } = ctx.output ?? {};
    await ctx.guard();
    if (previous) await this.desiredStates.record(ctx.input.resource_id ?? '', previous, ctx.sagaId);
    return done();
  };
}

/** The fields of a desired state as a resource has them now: a column of the row, or one of its attributes. Pure. */
function specOf(row: Awaited<ReturnType<InventoryReader['get']>>, fields: readonly string[]): Spec {
  const { name, region, status, attrs } = row;
  const { features } = attrs as { features?: string[] };
  const columns: Spec = { name, region, power: status === 'off' ? 'off' : 'on', backups: features?.includes('backups') === true };
  const valueOf = (field: string): unknown => {
    const value = columns[field] ?? attrs[field];
    return field === 'tags' && Array.isArray(value) ? value.filter((tag) => !isReservedTag(String(tag))) : (value ?? null);
  };
  return Object.fromEntries(fields.flatMap((field) => (valueOf(field) === null ? [] : [[field, valueOf(field)]])));
}
