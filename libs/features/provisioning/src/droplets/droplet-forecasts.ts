import { Catalog, isPriced, ListPrices, SellPrices, soldAt, withBackups, type BackupPlan, type PriceSubject } from '#libs/catalog';
import type { Scope } from '#libs/identity';
import {
  InventoryReader,
  ResourceRegistrar,
  soldThing,
  type DropletCompanion,
  type ResourceView,
  type SoldResource,
} from '#libs/inventory';
import type { Forecast, PlannedChange, PlannedPrice, PlanWarning, StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { snapshotName } from '../provider/tag-calls';
import { hasSizeAlready, powerAfter, type AcceptedDestroy, type AcceptedResize, type PowerDropletInput } from './droplet.input';
import type { ProvisionDropletInput, WithDroplet } from './droplet.input';

/** What the outlines of the steps on a droplet need. */
export interface DropletFacts {
  readonly status: string;
  /** `on` or `off`; another word while it is neither. */
  readonly power: string;
  /** The droplet has the wanted size already, so nothing is powered off. */
  readonly sized: boolean;
  /** The inventory and the desired state have the wanted size or power too. */
  readonly recorded: boolean;
  /** The present values of the settings that can be restored. */
  readonly live: Readonly<Record<string, unknown>>;
}

/** The setting and the values between which it changes. */
export interface SettingChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The provider gives no time for a resize; moving a large disk to another machine takes longest (docs/digitalocean-facts.md 4.7). */
const RESIZE_SECONDS = 120;
/** Most systems start within this time; the provider gives none. */
const REBOOT_SECONDS = 60;
const UNPRICED: Readonly<Record<string, string>> = {
  unknown_size: 'the size is not in the stored catalog',
  no_rate: 'no price is configured for it',
  kind_without_details: 'nothing is known of it but its id',
};

const WHY_LEFT: Readonly<Record<string, string>> = {
  snapshot: 'snapshots survive their droplet',
  volume: 'volumes survive their droplet, and keep their data',
  floating_ip: 'reserved IPs survive their droplet, and cost while they are not assigned',
};

/** Describes what sagas on droplets will change and cost, from stored data alone. [TNT-4] */
@Injectable()
export class DropletForecasts {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly registrar: ResourceRegistrar,
    private readonly catalog: Catalog,
    private readonly prices: ListPrices,
    private readonly sells: SellPrices,
    private readonly desiredStates: DesiredStateRepository,
  ) {}

  async ofProvision({ scope, input }: StartCommand<ProvisionDropletInput>): Promise<Forecast> {
    const { name, size_slug, region, backups, project_id } = input;
    const subject = { kind: 'droplet', sizeSlug: size_slug, backups: backups ? 'weekly' : null } as const;
    const { price, warnings } = await this.price(subject, { name, tenant_id: tenantOf(scope), region, project_id });
    return {
      facts: undefined,
      creates: [{ kind: 'droplet', name, size_slug, region, price }],
      prices: { before: [], after: [price] },
      warnings,
    };
  }

  /** The addresses of the droplet cost money from then on; its backups may be deleted with it. */
  async ofDestroy({ scope, input }: StartCommand<AcceptedDestroy>): Promise<Forecast> {
    const droplet = await this.inventory.get(scope, input.resource_id);
    const { price, warnings } = await this.price(subjectOf(droplet), placeOf(droplet));
    const companions = await this.registrar.findCompanions(scope, input.droplet_id);
    const left = companions.filter(({ kind }) => kind !== 'droplet_backup');
    const leaves = await Promise.all(left.map((one) => this.leave(one, droplet)));
    const addresses = left.flatMap((one, nr) => (one.kind === 'floating_ip' ? [{ one, price: leaves[nr]?.price ?? null }] : []));
    const backups = companions.length - left.length;
    const last = input.final_snapshot === true ? await this.snapshot(droplet, input) : undefined;
    return {
      facts: factsOf(droplet),
      creates: last ? [last.created] : [],
      destroys: [{ resource_id: droplet.id, kind: 'droplet', name: droplet.name, price }],
      changes: addresses.map(({ one }) => ({
        resource_id: one.id,
        name: one.name,
        field: 'droplet_id',
        from: input.droplet_id,
        to: null,
      })),
      leaves,
      prices: { before: [price], after: [...addresses.map((address) => address.price), ...(last ? [last.created.price] : [])] },
      downtime: { expected: true, why: whyDestroyed(input), typical_seconds: null },
      warnings: [...warnings, ...(last?.warnings ?? []), ...unlistedWarning(droplet), ...backupsWarning(backups)],
    };
  }

  async ofSnapshot({ scope, input }: StartCommand<WithDroplet>): Promise<Forecast> {
    const droplet = await this.inventory.get(scope, input.resource_id);
    const { created, warnings } = await this.snapshot(droplet, input);
    return {
      facts: factsOf(droplet),
      creates: [created],
      prices: { before: [], after: [created.price] },
      warnings: [...warnings, ...unlistedWarning(droplet)],
    };
  }

  /** A droplet that is off costs what it costs when it is on. */
  async ofPower({ scope, input: { resource_id, action } }: StartCommand<WithDroplet<PowerDropletInput>>): Promise<Forecast<DropletFacts>> {
    const droplet = await this.inventory.get(scope, resource_id);
    const known = factsOf(droplet);
    if (action === 'reboot') {
      const { warnings = [], ...forecast } = await this.ofChanges(droplet, [], known);
      const downtime = { expected: true, why: 'the droplet is restarted', typical_seconds: REBOOT_SECONDS };
      return { ...forecast, downtime, warnings: [...warnings, ...offWarning(known)] };
    }
    const to = powerAfter(action);
    const desired = await this.desiredStates.find(resource_id);
    const isDesired = !desired || desired.spec.power === to;
    const switched = known.power === to ? [] : [{ field: 'power', from: known.power, to }];
    const ordered = isDesired ? [] : [{ field: 'desired_state.power', from: desired.spec.power ?? null, to }];
    return this.ofChanges(droplet, [...switched, ...ordered], { ...known, recorded: known.power === to && isDesired });
  }

  /** The size of a snapshot is known only once it is taken. It is never larger than the disk. */
  private async snapshot(droplet: ResourceView, { droplet_id: id }: WithDroplet) {
    const name = snapshotName(id, '<saga id>');
    const { tenant_id, region, project_id } = droplet;
    const { price, warnings } = await this.price({ kind: 'snapshot', gib: diskOf(droplet) }, { name, tenant_id, region, project_id });
    const most = price && {
      ...price,
      note: `at most, for the whole disk of ${diskOf(droplet)} GiB${price.note === null ? '' : `; ${price.note}`}`,
    };
    const bound = {
      code: 'price_is_a_bound',
      detail: 'The price is that of a snapshot as large as the disk; the size of the snapshot is known once it is taken',
    };
    const created = { kind: 'snapshot', name, size_slug: null, region: droplet.region, price: most };
    return { created, warnings: [...warnings, ...(most ? [bound] : [])] };
  }

  async ofResize({ scope, input: { resource_id, size_slug, disk } }: StartCommand<AcceptedResize>): Promise<Forecast<DropletFacts>> {
    const droplet = await this.inventory.get(scope, resource_id);
    const newDiskGb = (await this.catalog.size(size_slug))?.diskGb;
    const diskGb = diskOf(droplet);
    const sized = hasSizeAlready({ size_slug, disk }, { sizeSlug: droplet.size_slug, diskGb }, newDiskGb);
    const desired = await this.desiredStates.find(resource_id);
    const desiredSize = desired?.spec.size_slug ?? size_slug;
    const facts = { ...factsOf(droplet), sized, recorded: sized && desiredSize === size_slug };
    const resized = sized ? [] : [{ field: 'size_slug', from: droplet.size_slug, to: size_slug }];
    const grown = disk === true && !sized ? [{ field: 'disk', from: diskGb, to: newDiskGb ?? null }] : [];
    const ordered = sized && !facts.recorded ? [{ field: 'desired_state.size_slug', from: desiredSize, to: size_slug }] : [];
    return this.ofChanges(droplet, [...resized, ...grown, ...ordered], facts);
  }

  /** The forecast of changed settings of a droplet: what they cost, and whether it is off meanwhile. */
  async ofChanges(droplet: ResourceView, settings: readonly SettingChange[], facts: DropletFacts): Promise<Forecast<DropletFacts>> {
    const { id: resource_id, name } = droplet;
    const changes = settings.map((setting): PlannedChange => ({ resource_id, name, ...setting }));
    const valueOf = (field: string) => settings.find((setting) => setting.field === field)?.to;
    const now = subjectOf(droplet);
    const size = valueOf('size_slug');
    const backups = valueOf('backups');
    const then: PriceSubject = {
      ...now,
      ...(typeof size === 'string' && { sizeSlug: size }),
      ...(typeof backups === 'boolean' && { backups: backups ? ('weekly' satisfies BackupPlan) : null }),
    };
    const before = await this.price(now, placeOf(droplet));
    const after = await this.price(then, placeOf(droplet));
    const off = droplet.status === 'off';
    return {
      facts,
      changes,
      prices: { before: [before.price], after: [after.price] },
      downtime: downtimeOf(off, size !== undefined, valueOf('power')),
      warnings: [
        ...new Map([...before.warnings, ...after.warnings].map((warning) => [warning.detail, warning])).values(),
        ...unlistedWarning(droplet),
        ...(off && size !== undefined ? [{ code: 'stays_off', detail: 'The droplet is off now, and stays off' }] : []),
        ...(valueOf('disk') === undefined ? [] : [{ code: 'disk_cannot_shrink', detail: GROWN }]),
      ],
    };
  }

  private async leave({ kind, name, attrs }: DropletCompanion, { tenant_id, region, project_id }: ResourceView) {
    const gib = sizeOf(attrs);
    const subject = { kind, ...(gib !== undefined && { gib }), assigned: false };
    const { price } = await this.price(subject, { name, tenant_id, region, project_id });
    return { kind, name, price, why: WHY_LEFT[kind] ?? 'it is an object of its own' };
  }

  /** What its tenant pays for it, with the backups that it carries; the list price for what is no tenant's. Without a price a warning has the reason. */
  async price(
    subject: PriceSubject,
    { name, tenant_id, ...place }: PricedPlace,
  ): Promise<{ readonly price: PlannedPrice | null; readonly warnings: PlanWarning[] }> {
    const rates = await this.sells.ratesOf(tenant_id);
    const { kind, sizeSlug: size_slug = null } = subject;
    const found = soldAt(rates, await this.prices.of(subject), () => soldThing({ ...place, kind, size_slug }));
    if (isPriced(found)) {
      const { currency, source, as_of, note, backups } = found;
      const carried = backups && `with ${backups.plan} backups`;
      return {
        price: { ...withBackups(found), currency, source, as_of, note: [carried, note].filter(Boolean).join('; ') || null },
        warnings: [],
      };
    }
    const detail = `The price of ${name ?? subject.kind} is not known: ${UNPRICED[found.unpriced] ?? found.unpriced}`;
    return { price: null, warnings: [{ code: 'unpriced', detail }] };
  }
}

/** The tenant and the place of a thing, and its name in warnings. */
export type PricedPlace = Omit<SoldResource, 'kind' | 'size_slug'> & { readonly name: string | null; readonly tenant_id: string | null };

/** Of what an admin orders no tenant is known yet. */
export const tenantOf = (scope: Scope): string | null => (scope.kind === 'tenant' ? scope.tenantId : null);

/** Pure. */
export function placeOf({ id, name, tenant_id, region, project_id, attrs }: ResourceView): PricedPlace {
  const { tags, resource_type } = attrs as { tags?: string[]; resource_type?: string };
  return { id, name, tenant_id, region, project_id, tags: tags ?? [], resource_type: resource_type ?? null };
}

const GROWN = 'The disk grows, and cannot shrink again: the old size cannot be restored';

/** The present state of a droplet, as the inventory has it. Pure. */
export function factsOf({ status, size_slug, name, attrs }: ResourceView): DropletFacts {
  const { tags, features } = attrs as { tags?: string[]; features?: string[] };
  const power = status === 'active' ? 'on' : status;
  const live = { power, size_slug, name, tags: tags ?? [], backups: features?.includes('backups') === true };
  return { status, power, sized: false, recorded: false, live };
}

/** The provider makes weekly backups unless another policy was read. */
export function subjectOf({ size_slug: sizeSlug, attrs, price }: ResourceView): PriceSubject {
  const { features } = attrs as { features?: string[] };
  const plan = (price && isPriced(price) ? price.backups?.plan : undefined) ?? 'weekly';
  return { kind: 'droplet', sizeSlug, backups: features?.includes('backups') === true ? plan : null };
}

function downtimeOf(off: boolean, resized: boolean, power: unknown): NonNullable<Forecast['downtime']> {
  if (power === 'off') return { expected: true, why: 'the droplet is switched off until it is switched on again', typical_seconds: null };
  if (resized && !off) return { expected: true, why: 'a resize needs the droplet off', typical_seconds: RESIZE_SECONDS };
  return { expected: false, why: null, typical_seconds: 0 };
}

function diskOf({ attrs }: ResourceView): number | null {
  return typeof attrs.disk === 'number' ? attrs.disk : null;
}

function sizeOf({ size_gigabytes: gib }: Readonly<Record<string, unknown>>): string | number | undefined {
  return typeof gib === 'string' || typeof gib === 'number' ? gib : undefined;
}

function unlistedWarning({ stale_strike_count: strikes }: ResourceView): PlanWarning[] {
  const detail = 'The last complete sweep did not list this droplet: it has probably been deleted';
  return strikes > 0 ? [{ code: 'not_listed', detail }] : [];
}

function offWarning({ power }: DropletFacts): PlanWarning[] {
  const detail = 'The droplet was off when it was last read, and a droplet that is off cannot be restarted: use the action on';
  return power === 'off' ? [{ code: 'droplet_is_off', detail }] : [];
}

function whyDestroyed({ after_hours: hours }: AcceptedDestroy): string {
  const destroyed = 'destroyed with the data on its disk';
  return hours ? `the droplet is off for ${hours} hours, and then ${destroyed}` : `the droplet is ${destroyed}`;
}

/** DigitalOcean's pages leave open whether backups survive their droplet. */
function backupsWarning(backups: number): PlanWarning[] {
  const detail = `DigitalOcean may delete the ${backups} backups with the droplet: keep the wanted ones as snapshots first`;
  return backups > 0 ? [{ code: 'backups_may_be_lost', detail }] : [];
}
