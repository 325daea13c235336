import { done, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { ProductCalls, dropletField, NO_BACKUPS, NO_DROPLET, type ProductKind } from '../provider/product-calls';
import { isReservedTag } from '../provider/tag-calls';
import { tagField } from '../provider/droplet-calls';
import { CREATE_FIREWALL, CREATE_VOLUME } from './create-product.steps';
import type { AcceptedProduct } from './product.input';
import type { ProductFacts } from './product-forecasts';
import { hasValues, PRODUCT_NAMES, productMissing, ProductRunner, type ChangeIntent, type ProductGoal } from './product-runner';
import { RESERVE_IP } from './reserve-ip.step';

type Values = Readonly<Record<string, unknown>>;
/** The changed values, and those before the change. */
type ChangedProduct = { readonly from: Values; readonly to: Values };
type Ctx = StepContext<AcceptedProduct, ChangeIntent, ChangedProduct>;

/** The calls of one change: the object before it and after it, its actions, and the write itself. */
const CHANGE_CALLS = { min: 3, typical: 6 };

/** Base of the steps that change settings of one object. The compensation restores the values from before the change. */
@Injectable()
abstract class ChangeProductStep implements StepDefinition<AcceptedProduct, ChangeIntent, ChangedProduct> {
  abstract readonly name: string;
  readonly policy = { tries: 4, waitLimitMs: 1_800_000 };

  constructor(
    private readonly runner: ProductRunner,
    private readonly products: ProductCalls,
  ) {}

  protected abstract kindOf(input: AcceptedProduct): ProductKind;
  /** The values that the object gets. */
  protected abstract wanted(input: AcceptedProduct, values: Values): Values;
  protected abstract describe(input: AcceptedProduct, values: Values): { readonly does: string; readonly undo?: string };
  /** The provider's id of the object. */
  protected idOf({ input }: Ctx): string {
    return input.provider_id ?? '';
  }
  /** The droplet that takes part in the change, and may be busy. */
  protected dropletOf(input: AcceptedProduct): string | undefined {
    return input.droplet_id;
  }

  readonly outline = (input: AcceptedProduct, { values }: ProductFacts) => {
    if (hasValues(values, this.wanted(input, values))) return { skipped: `the ${PRODUCT_NAMES[this.kindOf(input)]} is as wanted already` };
    return { ...this.describe(input, values), calls: CHANGE_CALLS };
  };

  readonly execute = async (ctx: Ctx): Promise<StepAnswer<ChangedProduct>> => {
    const kind = this.kindOf(ctx.input);
    const id = this.idOf(ctx);
    const live = ctx.intent?.sets ? undefined : await this.products.get(kind, id, ctx.signal);
    if (!live && !ctx.intent?.sets) return productMissing(kind, id);
    const values = live?.values ?? {};
    const sets = ctx.intent?.sets ?? this.wanted(ctx.input, values);
    const before = ctx.intent?.before ?? Object.fromEntries(Object.keys(sets).map((field) => [field, values[field] ?? false]));
    const answer = await this.runner.ensure(ctx, { ...this.goal(ctx), sets, ...(live && { live }) }, { sets, before });
    return answer.is === 'done' ? { ...answer, output: { from: before, to: sets } } : answer;
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<ChangedProduct>> => {
    const { before, sets } = ctx.intent ?? {};
    if (!before || !sets) return done();
    const live = await this.products.get(this.kindOf(ctx.input), this.idOf(ctx), ctx.signal);
    if (!live) return done();
    return this.runner.ensure(ctx, { ...this.goal(ctx), sets: before, live, undoing: true }, { sets, before });
  };

  private goal(ctx: Ctx): Pick<ProductGoal, 'kind' | 'id' | 'dropletId'> {
    const dropletId = this.dropletOf(ctx.input);
    return { kind: this.kindOf(ctx.input), id: this.idOf(ctx), ...(dropletId !== undefined && { dropletId }) };
  }
}

/** Attaches a volume to a droplet: a new volume, or the one that the input names. */
@Injectable()
export class AttachVolumeStep extends ChangeProductStep {
  readonly name = 'attach_volume';
  /** The volume stays without a droplet, and can be attached later. */
  readonly skippable = 'freely';

  protected kindOf() {
    return 'volume' as const;
  }
  protected override idOf(ctx: Ctx): string {
    return ctx.findOutputOf(CREATE_VOLUME)?.provider_id ?? super.idOf(ctx);
  }
  protected wanted({ droplet_id }: AcceptedProduct): Values {
    return { droplet_id };
  }
  protected describe() {
    return { does: 'Attaches the volume to the droplet', undo: 'Detaches it' };
  }
}

/** Detaches a volume from its droplet. */
@Injectable()
export class DetachVolumeStep extends ChangeProductStep {
  readonly name = 'detach_volume';

  protected kindOf() {
    return 'volume' as const;
  }
  protected wanted(): Values {
    return { droplet_id: NO_DROPLET };
  }
  protected describe() {
    return { does: 'Detaches the volume from its droplet', undo: 'Attaches it again' };
  }
}

/** Detaches a volume from any droplet but the one that should have it. */
@Injectable()
export class DetachFromOtherStep extends ChangeProductStep {
  readonly name = 'detach_from_other';

  protected kindOf() {
    return 'volume' as const;
  }
  protected wanted({ droplet_id: owner }: AcceptedProduct, { droplet_id: now }: Values): Values {
    return { droplet_id: now === owner ? owner : NO_DROPLET };
  }
  protected describe() {
    return { does: 'Detaches the volume from the droplet that has it now', undo: 'Attaches it there again' };
  }
}

/** Grows a volume. The step is a pivot, because a volume cannot shrink. */
@Injectable()
export class ResizeVolumeStep extends ChangeProductStep {
  readonly name = 'resize_volume';
  readonly pivot = true;

  protected kindOf() {
    return 'volume' as const;
  }
  protected wanted({ size_gib }: AcceptedProduct, { size_gigabytes: now }: Values): Values {
    return { size_gigabytes: typeof now === 'number' && now > (size_gib ?? 0) ? now : size_gib };
  }
  protected describe({ size_gib }: AcceptedProduct) {
    return { does: `Grows the volume to ${size_gib} GiB` };
  }
}

/** Assigns a reserved IP to a droplet: a new one, or the one that the input names. */
@Injectable()
export class AssignIpStep extends ChangeProductStep {
  readonly name = 'assign_ip';
  /** The address stays without a droplet, and can be assigned later. */
  readonly skippable = 'freely';

  protected kindOf() {
    return 'floating_ip' as const;
  }
  protected override idOf(ctx: Ctx): string {
    return ctx.findOutputOf(RESERVE_IP)?.provider_id ?? super.idOf(ctx);
  }
  protected wanted({ droplet_id }: AcceptedProduct): Values {
    return { droplet_id };
  }
  protected describe(_input: AcceptedProduct, { droplet_id: now }: Values) {
    const undo = now === undefined || now === NO_DROPLET ? 'Takes it from the droplet again' : 'Assigns it to its previous droplet';
    return { does: 'Assigns the address to the droplet', undo };
  }
}

/** Takes a reserved IP from its droplet. */
@Injectable()
export class UnassignIpStep extends ChangeProductStep {
  readonly name = 'unassign_ip';

  protected kindOf() {
    return 'floating_ip' as const;
  }
  protected wanted(): Values {
    return { droplet_id: NO_DROPLET };
  }
  protected describe() {
    return { does: 'Takes the address from its droplet', undo: 'Assigns it again' };
  }
}

/** Gives a new firewall its name. Until then it is named by its saga, which is how a firewall without a recorded id is found. */
@Injectable()
export class NameFirewallStep extends ChangeProductStep {
  readonly name = 'name_firewall';

  protected kindOf() {
    return 'firewall' as const;
  }
  protected override idOf(ctx: Ctx): string {
    return ctx.findOutputOf(CREATE_FIREWALL)?.provider_id ?? super.idOf(ctx);
  }
  protected wanted({ name }: AcceptedProduct): Values {
    return { name };
  }
  protected describe({ name }: AcceptedProduct) {
    return { does: `Names the firewall ${name}` };
  }
}

/** Replaces all rules of a firewall. */
@Injectable()
export class SetRulesStep extends ChangeProductStep {
  readonly name = 'set_rules';

  protected kindOf() {
    return 'firewall' as const;
  }
  protected wanted({ inbound_rules, outbound_rules }: AcceptedProduct): Values {
    return { ...(inbound_rules && { inbound_rules }), ...(outbound_rules && { outbound_rules }) };
  }
  protected describe({ inbound_rules: inbound, outbound_rules: outbound }: AcceptedProduct) {
    const which = inbound && outbound ? 'all' : `all ${inbound ? 'inbound' : 'outbound'}`;
    return { does: `Replaces ${which} rules of the firewall`, undo: 'Restores the previous rules' };
  }
}

/** Puts droplets under a firewall, beside those that it has. */
@Injectable()
export class AttachFirewallStep extends ChangeProductStep {
  readonly name = 'attach_firewall';
  /** The firewall stays as it was, and can be attached later. */
  readonly skippable = 'freely';

  protected kindOf() {
    return 'firewall' as const;
  }
  protected wanted({ droplet_ids = [] }: AcceptedProduct): Values {
    return Object.fromEntries(droplet_ids.map((id) => [dropletField(id), true]));
  }
  protected describe({ droplet_ids = [] }: AcceptedProduct) {
    const many = droplet_ids.length === 1 ? 'a droplet' : `${droplet_ids.length} droplets`;
    return { does: `Puts ${many} under the firewall`, undo: 'Takes them out again' };
  }
}

/** Gives a droplet or a volume exactly the wanted tags. Reserved tags stay as they are. */
@Injectable()
export class SetTagsOfResourceStep extends ChangeProductStep {
  readonly name = 'set_tags';

  protected kindOf({ kind }: AcceptedProduct) {
    return kind ?? 'droplet';
  }
  protected wanted({ tags = [] }: AcceptedProduct, values: Values): Values {
    const present = Object.keys(values).filter((field) => field.startsWith('tag:') && !isReservedTag(field.slice('tag:'.length)));
    return Object.fromEntries([...present.map((field) => [field, false]), ...tags.map((tag) => [tagField(tag), true])]) as Values;
  }
  protected describe({ tags = [] }: AcceptedProduct) {
    return { does: tags.length === 0 ? 'Removes all tags' : `Sets the tags ${tags.join(', ')}`, undo: 'Restores the previous tags' };
  }
}

/** Renames a droplet. */
@Injectable()
export class RenameDropletStep extends ChangeProductStep {
  readonly name = 'rename';

  protected kindOf() {
    return 'droplet' as const;
  }
  protected wanted({ name }: AcceptedProduct): Values {
    return { name };
  }
  protected describe({ name }: AcceptedProduct) {
    return { does: `Renames the droplet to ${name}`, undo: 'Restores the previous name' };
  }
}

/** Switches the backups of a droplet on or off, or changes how often they are made. Weekly is the provider's default. */
@Injectable()
export class SetBackupPolicyStep extends ChangeProductStep {
  readonly name = 'set_backups';

  protected kindOf() {
    return 'backup_policy' as const;
  }
  protected wanted({ enabled, plan }: AcceptedProduct, { backups: now }: Values): Values {
    if (enabled !== true) return { backups: NO_BACKUPS };
    return { backups: plan ?? (now === undefined || now === NO_BACKUPS ? 'weekly' : now) };
  }
  protected describe(input: AcceptedProduct, values: Values) {
    const { backups } = this.wanted(input, values);
    if (backups === NO_BACKUPS) return { does: 'Switches the backups off', undo: 'Switches them on again' };
    const undo = values.backups === NO_BACKUPS ? 'Switches them off again' : 'Restores the previous plan';
    return { does: `Makes the provider take ${String(backups)} backups`, undo };
  }
}
