import type { PriceSubject } from '#libs/catalog';
import { InventoryReader, type ResourceView } from '#libs/inventory';
import { NO_DOWNTIME, type Forecast, type PlannedChange, type PlanWarning, type StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { AddressInDnsError, ZoneReferences } from '../dns/record-forecasts';
import { DropletForecasts, placeOf, subjectOf, tenantOf } from '../droplets/droplet-forecasts';
import type { WithDroplet } from '../droplets/droplet.input';
import { NO_BACKUPS, NO_DROPLET, productValues } from '../provider/product-calls';
import type { AcceptedProduct } from './product.input';

type Values = Readonly<Record<string, unknown>>;
type Command = StartCommand<AcceptedProduct>;

/** What the outlines of the steps need: the present settings of the object, by field. A new object has none. */
export interface ProductFacts {
  readonly values: Values;
}

const NEW: ProductFacts = { values: {} };

/** Most droplets are set back to a backup within this time; the provider gives none. */
const RESTORE_SECONDS = 300;

/** Describes what sagas on volumes, addresses, firewalls, snapshots and settings of droplets will change and cost, from stored data. [TNT-4] */
@Injectable()
export class ProductForecasts {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly droplets: DropletForecasts,
    private readonly zones: ZoneReferences,
  ) {}

  async ofCreateVolume({ scope, input: { name = '', region, size_gib, project_id } }: Command): Promise<Forecast<ProductFacts>> {
    const { price, warnings } = await this.droplets.price(
      { kind: 'volume', gib: size_gib ?? null },
      { name, tenant_id: tenantOf(scope), region, project_id },
    );
    const created = { kind: 'volume', name, size_slug: null, region: region ?? null, price };
    return { facts: NEW, creates: [created], prices: { before: [], after: [price] }, downtime: NO_DOWNTIME, warnings };
  }

  /** An address costs only while it is assigned to no droplet. */
  async ofReserve({ scope, input: { region, droplet_id } }: Command): Promise<Forecast<ProductFacts>> {
    const subject = { kind: 'floating_ip', assigned: droplet_id !== undefined };
    const { price, warnings } = await this.droplets.price(subject, { name: 'the address', tenant_id: tenantOf(scope), region });
    const created = { kind: 'floating_ip', name: 'a new address', size_slug: null, region: region ?? null, price };
    return { facts: NEW, creates: [created], prices: { before: [], after: [price] }, downtime: NO_DOWNTIME, warnings };
  }

  async ofCreateFirewall({ scope, input: { name = '', droplet_ids = [], inbound_rules = [] } }: Command): Promise<Forecast<ProductFacts>> {
    const { price, warnings } = await this.droplets.price({ kind: 'firewall' }, { name, tenant_id: tenantOf(scope) });
    const created = { kind: 'firewall', name, size_slug: null, region: null, price };
    const protects = droplet_ids.length > 0 ? closedWarning(inbound_rules) : [];
    return {
      facts: NEW,
      creates: [created],
      downtime: NO_DOWNTIME,
      warnings: [...warnings.filter(({ code }) => code !== 'unpriced'), ...protects],
    };
  }

  async ofAttach(command: Command): Promise<Forecast<ProductFacts>> {
    return this.ofChange(command, { droplet_id: command.input.droplet_id ?? null });
  }

  async ofDetach(command: Command): Promise<Forecast<ProductFacts>> {
    const forecast = await this.ofChange(command, { droplet_id: NO_DROPLET });
    const detail = 'Unmount the file system first: a volume that is detached while it is mounted may lose data';
    const isAttached = forecast.facts.values.droplet_id !== NO_DROPLET;
    return { ...forecast, warnings: [...(forecast.warnings ?? []), ...(isAttached ? [{ code: 'unmount_first', detail }] : [])] };
  }

  async ofResizeVolume(command: Command): Promise<Forecast<ProductFacts>> {
    const { size_gib = 0 } = command.input;
    const detail = 'The volume grows, and cannot shrink again; its file system must be grown on the droplet afterwards';
    const forecast = await this.ofChange(command, { size_gigabytes: size_gib }, { gib: size_gib });
    return { ...forecast, warnings: [...(forecast.warnings ?? []), { code: 'volume_cannot_shrink', detail }] };
  }

  /** The droplet that has the address now loses it. */
  async ofAssign(command: Command): Promise<Forecast<ProductFacts>> {
    const { droplet_id } = command.input;
    const forecast = await this.ofChange(command, { droplet_id: droplet_id ?? null }, { assigned: true });
    const from = forecast.facts.values.droplet_id;
    return from === NO_DROPLET || from === droplet_id ? forecast : { ...forecast, downtime: LOSES_ADDRESS };
  }

  async ofUnassign(command: Command): Promise<Forecast<ProductFacts>> {
    const forecast = await this.ofChange(command, { droplet_id: NO_DROPLET }, { assigned: false });
    return forecast.facts.values.droplet_id === NO_DROPLET ? forecast : { ...forecast, downtime: LOSES_ADDRESS };
  }

  /** Refused while DNS records of the owner point at the address, unless the release is forced. */
  async ofRelease(command: Command): Promise<Forecast<ProductFacts>> {
    const { scope, input } = command;
    const forecast = await this.ofDelete(command);
    const isAssigned = forecast.facts.values.droplet_id !== NO_DROPLET;
    const rest = isAssigned ? { downtime: LOSES_ADDRESS } : {};
    if (input.force === true) return { ...forecast, ...rest };
    const owner = (await this.row(command)).tenant_id;
    const zones = scope.kind === 'platform' && owner !== null ? ({ kind: 'tenant', tenantId: owner } as const) : scope;
    const records = await this.zones.ifReadable(zones, input.provider_id ?? '');
    if (records === undefined) {
      const detail = 'The DNS records could not be read now: the saga reads them, and refuses while one points at the address';
      return { ...forecast, ...rest, warnings: [...(forecast.warnings ?? []), { code: 'records_unknown', detail }] };
    }
    const refusal = records.length > 0 ? new AddressInDnsError(input.provider_id ?? '', records) : undefined;
    return { ...forecast, ...rest, ...(refusal && { refusal }) };
  }

  async ofDelete(command: Command): Promise<Forecast<ProductFacts>> {
    const row = await this.row(command);
    const { price, warnings } = await this.priceOf(row);
    const { id: resource_id, kind, name } = row;
    return {
      facts: factsOf(row),
      destroys: [{ resource_id, kind, name, price }],
      prices: { before: [price], after: [] },
      downtime: NO_DOWNTIME,
      warnings: [...warnings, ...unlistedWarning(row)],
    };
  }

  async ofRules(command: Command): Promise<Forecast<ProductFacts>> {
    const { inbound_rules = [], outbound_rules = [] } = command.input;
    const forecast = await this.ofChange(command, { inbound_rules, outbound_rules });
    return { ...forecast, warnings: [...(forecast.warnings ?? []), ...closedWarning(inbound_rules)] };
  }

  async ofAttachFirewall(command: Command): Promise<Forecast<ProductFacts>> {
    const row = await this.row(command);
    const { values } = factsOf(row);
    const present = Object.keys(values).flatMap((field) => (field.startsWith('droplet:') ? [field.slice('droplet:'.length)] : []));
    const after = [...new Set([...present, ...(command.input.droplet_ids ?? [])])];
    const change = { resource_id: row.id, name: row.name, field: 'droplet_ids', from: present, to: after };
    const { inbound_rules } = values;
    const warnings = [...unlistedWarning(row), ...closedWarning(Array.isArray(inbound_rules) ? (inbound_rules as unknown[]) : [])];
    return { facts: { values }, changes: after.length > present.length ? [change] : [], downtime: NO_DOWNTIME, warnings };
  }

  async ofTags(command: Command): Promise<Forecast<ProductFacts>> {
    const row = await this.row(command);
    const { tags } = row.attrs as { tags?: string[] };
    const change = { resource_id: row.id, name: row.name, field: 'tags', from: tags ?? [], to: command.input.tags ?? [] };
    return { facts: factsOf(row), changes: [change], downtime: NO_DOWNTIME, warnings: unlistedWarning(row) };
  }

  async ofRename(command: Command): Promise<Forecast<ProductFacts>> {
    return this.ofChange(command, { name: command.input.name ?? null });
  }

  /** DigitalOcean's pages leave open whether existing backups survive the end of the policy (docs/digitalocean-facts.md 6.5). */
  async ofBackups(command: Command): Promise<Forecast<ProductFacts>> {
    const row = await this.row(command);
    const now = subjectOf(row);
    const { enabled, plan } = command.input;
    const to = enabled === true ? (plan ?? now.backups ?? 'weekly') : null;
    const before = await this.droplets.price(now, placeOf(row));
    const after = await this.droplets.price({ ...now, backups: to }, placeOf(row));
    const { backup_ids: kept } = row.attrs as { backup_ids?: string[] };
    const detail = `DigitalOcean may delete the ${kept?.length ?? 0} existing backups: keep the wanted ones as snapshots first`;
    const values = { backups: now.backups ?? NO_BACKUPS };
    const changed = values.backups !== (to ?? NO_BACKUPS);
    return {
      facts: { values },
      changes: changed ? [{ resource_id: row.id, name: row.name, field: 'backups', from: values.backups, to: to ?? NO_BACKUPS }] : [],
      prices: { before: [before.price], after: [after.price] },
      downtime: NO_DOWNTIME,
      warnings: [...before.warnings, ...(to === null && (kept?.length ?? 0) > 0 ? [{ code: 'backups_may_be_lost', detail }] : [])],
    };
  }

  async ofRestore(command: StartCommand<WithDroplet<AcceptedProduct>>): Promise<Forecast<ProductFacts>> {
    const { scope, input } = command;
    const row = await this.row(command);
    const first = input.skip_snapshot === true ? undefined : await this.droplets.ofSnapshot({ scope, input });
    const { image } = row.attrs as { image?: string };
    const change = { resource_id: row.id, name: row.name, field: 'image', from: image ?? null, to: input.image };
    const lost = first
      ? 'The data on the disk is replaced by that of the image; the snapshot keeps it'
      : 'The data on the disk is lost: no snapshot is taken first';
    return {
      facts: factsOf(row),
      changes: [change],
      ...(first?.creates && { creates: first.creates }),
      ...(first?.prices && { prices: first.prices }),
      downtime: { expected: true, why: 'the droplet is built again from the image', typical_seconds: RESTORE_SECONDS },
      warnings: [...(first?.warnings ?? unlistedWarning(row)), { code: 'disk_is_replaced', detail: lost }],
    };
  }

  /** One object that gets other values, and what it costs then. */
  private async ofChange(command: Command, sets: Values, then: Partial<PriceSubject> = {}): Promise<Forecast<ProductFacts>> {
    const row = await this.row(command);
    const { values } = factsOf(row);
    const { id: resource_id, name } = row;
    const changes = Object.entries(sets).flatMap(([field, to]): PlannedChange[] =>
      JSON.stringify(values[field] ?? null) === JSON.stringify(to) ? [] : [{ resource_id, name, field, from: values[field] ?? null, to }],
    );
    const isPricedKind = row.kind === 'volume' || row.kind === 'floating_ip';
    const before = isPricedKind ? await this.priceOf(row) : undefined;
    const after = before && (await this.droplets.price({ ...priceSubject(row), ...then }, placeOf(row)));
    return {
      facts: { values },
      changes,
      ...(before && after && { prices: { before: [before.price], after: [after.price] } }),
      downtime: NO_DOWNTIME,
      warnings: [...(before?.warnings ?? []), ...unlistedWarning(row)],
    };
  }

  private row({ scope, input }: Command): Promise<ResourceView> {
    return this.inventory.get(scope, input.resource_id ?? '');
  }

  private priceOf(row: ResourceView) {
    return this.droplets.price(priceSubject(row), placeOf(row));
  }
}

const LOSES_ADDRESS = { expected: true, why: 'a droplet loses the address', typical_seconds: null };

function priceSubject({ kind, status, attrs }: ResourceView): PriceSubject {
  const { size_gigabytes: gib } = attrs as { size_gigabytes?: number | string };
  return { kind, ...(gib !== undefined && { gib }), ...(kind === 'floating_ip' && { assigned: status === 'assigned' }) };
}

/** The present settings of an object, as the inventory has them. Pure. */
function factsOf({ kind, name, attrs }: ResourceView): ProductFacts {
  const known = kind === 'volume' || kind === 'floating_ip' || kind === 'firewall' || kind === 'snapshot' ? kind : 'droplet';
  return { values: productValues(known, { name, attrs }) };
}

/** Without inbound rules nobody reaches the droplets any more, not even their owner. */
function closedWarning(inboundRules: readonly unknown[]): PlanWarning[] {
  const detail = 'There is no inbound rule, so nothing reaches the droplets of the firewall from outside';
  return inboundRules.length === 0 ? [{ code: 'nothing_inbound', detail }] : [];
}

function unlistedWarning({ kind, stale_strike_count: strikes }: ResourceView): PlanWarning[] {
  const detail = `The last complete sweep did not list this ${kind}: it has probably been deleted`;
  return strikes > 0 ? [{ code: 'not_listed', detail }] : [];
}
