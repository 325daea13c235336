import { isPriced, listPrice, withBackups, type BackupPlan, type ListPrice, type RateOf, type Unpriced } from '#libs/catalog';
import { Money } from '#libs/kernel';

type Input = Readonly<Record<string, unknown>>;

/** What a saga adds to the things of a tenant. */
export type Demand =
  | { readonly adds: 'droplet'; readonly name: string; readonly size: string; readonly region: string; readonly plan: BackupPlan | null }
  | { readonly adds: 'snapshot'; readonly resourceId: string }
  /** Of a destroy with `final_snapshot`: the snapshot stays, the droplet goes. */
  | { readonly adds: 'last_snapshot'; readonly resourceId: string }
  | { readonly adds: 'size'; readonly resourceId: string; readonly size: string }
  | { readonly adds: 'volume'; readonly gib: number; readonly region: string }
  | { readonly adds: 'gib'; readonly resourceId: string; readonly gib: number }
  /** An address costs while it is assigned to no droplet. `region`: of a new one. */
  | { readonly adds: 'address'; readonly assigned: boolean; readonly region: string | null }
  | { readonly adds: 'backups'; readonly resourceId: string; readonly plan: BackupPlan | null }
  | { readonly adds: 'nothing'; readonly destroys: boolean };

/** The kinds of sagas that reserve something while they are open. */
export const RESERVING = [
  'provision_droplet',
  'snapshot_droplet',
  'resize_droplet',
  'revert_droplet',
  'destroy_droplet',
  'create_volume',
  'resize_volume',
  'reserve_ip',
  'set_droplet_backups',
  'restore_droplet',
];
/** The kinds of sagas that destroy a resource and its data for good. */
export const DESTROYING = ['destroy_droplet', 'delete_volume', 'delete_snapshot'];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a saga of this kind asks for, by its stored input, also that of an earlier release. Pure. */
export function demandOf(kind: string, input: Input): Demand {
  const resourceId = textOf(input.resource_id);
  const size = textOf(input.size_slug);
  switch (kind) {
    case 'provision_droplet':
      return {
        adds: 'droplet',
        name: textOf(input.name),
        size,
        region: textOf(input.region),
        plan: input.backups === true ? 'weekly' : null,
      };
    case 'snapshot_droplet':
      return { adds: 'snapshot', resourceId };
    case 'resize_droplet':
      return { adds: 'size', resourceId, size };
    case 'revert_droplet': {
      const resizes = Array.isArray(input.fields) && input.fields.includes('size_slug');
      return resizes ? { adds: 'size', resourceId, size } : { adds: 'nothing', destroys: false };
    }
    case 'destroy_droplet':
      return input.final_snapshot === true ? { adds: 'last_snapshot', resourceId } : { adds: 'nothing', destroys: true };
    case 'create_volume':
      return { adds: 'volume', gib: Number(input.size_gib), region: textOf(input.region) };
    case 'resize_volume':
      return { adds: 'gib', resourceId, gib: Number(input.size_gib) };
    case 'reserve_ip':
      return { adds: 'address', assigned: input.droplet_id !== undefined, region: textOf(input.region) };
    case 'unassign_ip':
      return { adds: 'address', assigned: false, region: null };
    case 'set_droplet_backups':
      return { adds: 'backups', resourceId, plan: input.enabled === true ? (input.plan === 'daily' ? 'daily' : 'weekly') : null };
    case 'restore_droplet':
      return input.skip_snapshot === true ? { adds: 'nothing', destroys: false } : { adds: 'snapshot', resourceId };
    default:
      return { adds: 'nothing', destroys: DESTROYING.includes(kind) };
  }
}

/** Whether the saga destroys a resource for good. Pure. */
export const isDestroying = (demand: Demand): boolean => demand.adds === 'last_snapshot' || (demand.adds === 'nothing' && demand.destroys);

/** What counts against limits. `monthly` is at list prices. */
export interface Amounts {
  readonly droplets: number;
  readonly vcpus: number;
  readonly volumeGib: number;
  readonly snapshots: number;
  readonly monthly: Money;
  /** The size without a list price, so that `monthly` lacks it. */
  readonly unpriced?: string;
}

export const NONE: Amounts = { droplets: 0, vcpus: 0, volumeGib: 0, snapshots: 0, monthly: Money.parse('0.00') };

export const plus = (a: Amounts, b: Amounts): Amounts => ({
  droplets: a.droplets + b.droplets,
  vcpus: a.vcpus + b.vcpus,
  volumeGib: a.volumeGib + b.volumeGib,
  snapshots: a.snapshots + b.snapshots,
  monthly: a.monthly.add(b.monthly),
});

/** A living droplet or volume that a start works on. */
export interface LiveDroplet {
  readonly size: string | null;
  readonly vcpus: number | null;
  readonly disk: number | null;
  readonly plan: BackupPlan | null;
  /** The size of a volume. */
  readonly gib?: number | null;
}

/** What the stored catalog and inventory say about the things that demands name. */
export interface Facts {
  readonly vcpusOf: (size: string) => number | undefined;
  readonly rateOf: RateOf;
  /** By our id of the resource. */
  readonly droplet: (resourceId: string) => LiveDroplet | undefined;
}

/**
 * What a demand adds. A resize adds the difference, which is negative for a smaller size. The size of a snapshot is known when it is taken:
 * until then it counts with the whole disk. Pure.
 */
export function amountsOf(demand: Demand, { vcpusOf, rateOf, droplet }: Facts): Amounts {
  switch (demand.adds) {
    case 'droplet': {
      const { monthly, unpriced } = monthlyOf(demand.size, demand.plan, rateOf);
      return { ...NONE, droplets: 1, vcpus: vcpusOf(demand.size) ?? 0, monthly, unpriced };
    }
    case 'size': {
      const live = droplet(demand.resourceId);
      const after = monthlyOf(demand.size, live?.plan ?? null, rateOf);
      const before = live?.size ? monthlyOf(live.size, live.plan, rateOf).monthly : NONE.monthly;
      const vcpus = (vcpusOf(demand.size) ?? 0) - (live?.vcpus ?? vcpusOf(live?.size ?? '') ?? 0);
      return { ...NONE, vcpus, monthly: after.monthly.subtract(before), unpriced: after.unpriced };
    }
    case 'volume':
      return { ...NONE, volumeGib: demand.gib, monthly: totalOf(listPrice({ kind: 'volume', gib: demand.gib }, rateOf)) };
    case 'gib': {
      const now = droplet(demand.resourceId)?.gib ?? 0;
      const costs = (gib: number) => totalOf(listPrice({ kind: 'volume', gib }, rateOf));
      return { ...NONE, volumeGib: demand.gib - now, monthly: costs(demand.gib).subtract(costs(now)) };
    }
    case 'address':
      return { ...NONE, monthly: totalOf(listPrice({ kind: 'floating_ip', assigned: demand.assigned }, rateOf)) };
    case 'backups': {
      const live = droplet(demand.resourceId);
      if (!live?.size) return NONE;
      const after = monthlyOf(live.size, demand.plan, rateOf).monthly;
      return { ...NONE, monthly: after.subtract(monthlyOf(live.size, live.plan, rateOf).monthly) };
    }
    case 'snapshot': {
      const price = listPrice({ kind: 'snapshot', gib: droplet(demand.resourceId)?.disk ?? 0 }, rateOf);
      return { ...NONE, snapshots: 1, monthly: totalOf(price) };
    }
    case 'last_snapshot': {
      const taken = amountsOf({ adds: 'snapshot', resourceId: demand.resourceId }, { vcpusOf, rateOf, droplet });
      const live = droplet(demand.resourceId);
      return live?.size ? { ...taken, monthly: taken.monthly.subtract(monthlyOf(live.size, live.plan, rateOf).monthly) } : taken;
    }
    default:
      return NONE;
  }
}

/** What an open saga still adds to what exists. A smaller size is counted when the droplet has it. Pure. */
export function reservedBy(demand: Demand, facts: Facts): Amounts {
  const { vcpus, monthly, ...rest } = amountsOf(demand, facts);
  return { ...rest, vcpus: Math.max(0, vcpus), monthly: monthly.compare(NONE.monthly) > 0 ? monthly : NONE.monthly };
}

/** Resources of one shape. */
export interface OwnedGroup {
  readonly kind: string;
  readonly size: string | null;
  readonly plan: BackupPlan | null;
  readonly gib: string | null;
  readonly nodes: number | null;
  readonly assigned: boolean;
  readonly count: number;
  /** Of all droplets of the group together, where the provider has told them. */
  readonly vcpus: number | null;
}

/** What living resources count. Those without a list price count nothing in `monthly`. Pure. */
export function amountsOwned(groups: readonly OwnedGroup[], { vcpusOf, rateOf }: Facts): Amounts {
  return groups.reduce((sum, { kind, size, plan, gib, nodes, assigned, count, vcpus }) => {
    const subject = { kind, sizeSlug: size, gib, nodes, assigned, backups: plan };
    const amounts = {
      droplets: kind === 'droplet' ? count : 0,
      vcpus: kind === 'droplet' ? (vcpus ?? (vcpusOf(size ?? '') ?? 0) * count) : 0,
      volumeGib: kind === 'volume' ? Number(gib ?? 0) * count : 0,
      snapshots: kind === 'snapshot' ? count : 0,
      monthly: totalOf(listPrice(subject, rateOf)).multiply(String(count)),
    };
    return plus(sum, amounts);
  }, NONE);
}

function monthlyOf(size: string, plan: BackupPlan | null, rateOf: RateOf): Pick<Amounts, 'monthly' | 'unpriced'> {
  const price = listPrice({ kind: 'droplet', sizeSlug: size, backups: plan }, rateOf);
  return { monthly: totalOf(price), ...(!isPriced(price) && { unpriced: size }) };
}

const totalOf = (price: ListPrice | Unpriced): Money => (isPriced(price) ? Money.parse(withBackups(price).monthly) : NONE.monthly);
