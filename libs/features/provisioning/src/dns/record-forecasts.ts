import { AccountNotCheckedError } from '#libs/accounts';
import { ProviderError } from '#libs/digitalocean';
import type { Scope } from '#libs/identity';
import { InventoryReader, ResourceRegistrar } from '#libs/inventory';
import { domainError } from '#libs/kernel';
import type { Forecast, PlannedChange, PlannedPrice, PlanWarning, StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DnsRecordCalls, recordValues, type ListedRecord } from '../provider/dns-record-calls';
import { missingAsUndefined } from '../provider/droplet-calls';
import type { DnsRecordInput } from './dns-record.input';
import { decideRecord, matchingRecords, wantedRecord, type RecordDecision } from './record-decision';

/** A plan or a start does not wait longer for the records of a zone. */
const READ_LIMIT_MS = 3_000;

/** What the outlines of the steps on records need: the records of the name and type; undefined when they could not be read. */
export interface RecordFacts {
  readonly listed: readonly ListedRecord[] | undefined;
}

/** Several records have the name and type, or none the data that was named. The saga would change a record that it was not asked to change. [SAG-14] */
export class AmbiguousRecordError extends domainError('ambiguous_record', 'conflict') {}
export class PreviousRecordNotFoundError extends domainError('previous_record_not_found', 'conflict') {}

/** DNS records are free of charge. */
const FREE: PlannedPrice = {
  hourly: '0.00',
  monthly: '0.00',
  currency: 'USD',
  source: 'configured',
  as_of: '2012-01-01T00:00:00.000Z',
  note: 'free of charge',
};

/** The result of a read for a plan; undefined when the provider does not answer in time. */
async function ifReadable<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const signal = AbortSignal.timeout(READ_LIMIT_MS);
  try {
    return await read(signal);
  } catch (error) {
    if (signal.aborted || error instanceof ProviderError || error instanceof AccountNotCheckedError) return undefined;
    throw error;
  }
}

/**
 * Describes what a saga on DNS records will change. The records of a zone are not stored, so they are read at the provider: a read, and never a
 * write. A process without a token, or with a provider that does not answer in time, does not know them; the step decides then.
 */
@Injectable()
export class RecordForecasts {
  constructor(
    private readonly records: DnsRecordCalls,
    private readonly inventory: ResourceRegistrar,
  ) {}

  async ofUpsert(command: StartCommand<DnsRecordInput>): Promise<Forecast<RecordFacts>> {
    const { input } = command;
    const facts = { listed: await this.list(input) };
    if (!facts.listed) return this.unknown(command, { from: input.dns_record_previous_data ?? null, to: input.dns_record_data });
    const wanted = wantedRecord(input);
    const decision = decideRecord(facts.listed, wanted);
    const refusal = refusalOf(decision);
    if (refusal) return { facts, refusal };
    const others = 'record' in decision ? facts.listed.filter(({ id }) => id !== decision.record.id) : facts.listed;
    const warnings = ttlWarning(input, others);
    if (decision.is === 'create') {
      const created = { kind: 'dns_record', name: fullName(input), size_slug: null, region: null, price: FREE };
      const sets = recordValues({ zone: input.dns_domain, type: input.dns_record_type }, wanted);
      const changes = Object.entries(sets).map(([field, to]) => ({ field, from: null, to }));
      return { facts, creates: [created], changes: await this.changesOf(command, changes), warnings };
    }
    return {
      facts,
      changes: decision.is === 'update' ? await this.changesOf(command, updatedFields(input, decision.record)) : [],
      warnings,
    };
  }

  async ofDelete(command: StartCommand<DnsRecordInput>): Promise<Forecast<RecordFacts>> {
    const { input } = command;
    const facts = { listed: await this.list(input) };
    if (!facts.listed) return this.unknown(command, { from: input.dns_record_data, to: null });
    const found = matchingRecords(facts.listed, input);
    const others = facts.listed.length - found.length;
    const detail = `${others} other records of this name and type have other data, and stay`;
    return {
      facts,
      destroys: found.map(({ data }) => ({ resource_id: null, kind: 'dns_record', name: `${fullName(input)} ${data}`, price: FREE })),
      warnings: others > 0 ? [{ code: 'other_records', detail }] : [],
    };
  }

  private list({ dns_domain: zone, dns_record_name: name, dns_record_type: type }: DnsRecordInput) {
    return ifReadable((signal) => this.records.listByName(zone, name, type, signal));
  }

  private async unknown(
    command: StartCommand<DnsRecordInput>,
    change: { readonly from: unknown; readonly to: unknown },
  ): Promise<Forecast<RecordFacts>> {
    const detail =
      'The records of the zone could not be read now, so the plan does not know them: the saga reads them, and refuses when several could be meant';
    return {
      facts: { listed: undefined },
      changes: await this.changesOf(command, [{ field: 'data', ...change }]),
      warnings: [{ code: 'records_unknown', detail }],
    };
  }

  private async changesOf(
    { scope, input }: StartCommand<DnsRecordInput>,
    fields: readonly Pick<PlannedChange, 'field' | 'from' | 'to'>[],
  ): Promise<PlannedChange[]> {
    const zone = await this.inventory.findByName(scope, 'dns_zone', input.dns_domain);
    return fields.map((field) => ({ resource_id: zone?.id ?? null, name: fullName(input), ...field }));
  }
}

function refusalOf(decision: RecordDecision) {
  if (decision.is !== 'refuse') return undefined;
  return decision.code === 'ambiguous_record'
    ? new AmbiguousRecordError(decision.detail)
    : new PreviousRecordNotFoundError(decision.detail);
}

/** `A www.shop.example`; of the zone itself `A shop.example`. Pure. */
const fullName = ({ dns_domain: zone, dns_record_name: name, dns_record_type: type }: DnsRecordInput): string =>
  `${type} ${name === '@' ? zone : `${name}.${zone}`}`;

/** The fields that the input sets to another value than the record has. Pure. */
function updatedFields(input: DnsRecordInput, record: ListedRecord): Pick<PlannedChange, 'field' | 'from' | 'to'>[] {
  const place = { zone: input.dns_domain, type: input.dns_record_type };
  const before = recordValues(place, record);
  const wanted = Object.entries(recordValues(place, wantedRecord(input)));
  return wanted.flatMap(([field, to]) => (before[field] === to ? [] : [{ field, from: before[field] ?? null, to }]));
}

/** All records of one name and type share one TTL (docs/digitalocean-facts.md 5.4). */
function ttlWarning({ dns_record_ttl: ttl }: DnsRecordInput, others: readonly ListedRecord[]): PlanWarning[] {
  if (ttl === undefined || others.every((other) => other.ttl === ttl)) return [];
  const detail = `All records of one name and type share one TTL: that of ${others.length} other records becomes ${ttl} s too`;
  return [{ code: 'shared_ttl', detail }];
}

const ZONES_PER_PAGE = 200;
/** Zones that are read at the same time. */
const ZONES_AT_ONCE = 10;
/** More records are not named. */
const MOST_NAMED = 5;

/** DNS records point at the address that is to be released. */
export class AddressInDnsError extends domainError(
  'address_in_dns',
  'conflict',
  (ip: string, names: readonly string[]) =>
    `${names.length} DNS ${names.length === 1 ? 'record points' : 'records point'} at ${ip}: ${names.slice(0, MOST_NAMED).join(', ')}. Change them first, or send "force": true`,
) {}

/** Some zones that were read. */
export interface ReadZones {
  /** The full names of their records that point at the address. */
  readonly records: readonly string[];
  /** The name of the last zone. All zones before it, in the order of their names, are read too. */
  readonly readTo: string;
  /** The number of zones that remain. */
  readonly left: number;
}

/** Finds the DNS records that point at an address, in all zones of its owner. The records are not stored, so they are read at the provider. */
@Injectable()
export class ZoneReferences {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly records: DnsRecordCalls,
  ) {}

  /** Reads the zones in the order of their names, a few at a time. `after`: the last zone that was read before. */
  async *read(scope: Scope, ip: string, signal: AbortSignal, after = ''): AsyncGenerator<ReadZones> {
    const zones = (await this.zonesOf(scope)).filter((zone) => zone > after).sort();
    for (let from = 0; from < zones.length; from += ZONES_AT_ONCE) {
      const some = zones.slice(from, from + ZONES_AT_ONCE);
      const records = (await Promise.all(some.map((zone) => this.pointingAt(zone, ip, signal)))).flat();
      yield { records, readTo: some.at(-1) ?? after, left: zones.length - from - some.length };
    }
  }

  /** For a plan: the full names of the records, undefined when they cannot be read in time. The step reads them again. */
  ifReadable(scope: Scope, ip: string): Promise<string[] | undefined> {
    return ifReadable(async (signal) => {
      const found: string[] = [];
      for await (const { records } of this.read(scope, ip, signal)) found.push(...records);
      return found;
    });
  }

  private async zonesOf(scope: Scope): Promise<string[]> {
    const zones: string[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: ZONES_PER_PAGE, ...(cursor !== undefined && { cursor }) };
      const listed = await this.inventory.list(scope, { kind: 'dns_zone' }, page);
      zones.push(...listed.data.flatMap(({ name }) => name ?? []));
      cursor = listed.page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return zones;
  }

  /** None in a zone that was deleted since the last sweep. */
  private async pointingAt(zone: string, ip: string, signal: AbortSignal): Promise<string[]> {
    const listed = (await missingAsUndefined(this.records.listByType(zone, 'A', signal))) ?? [];
    return listed.filter(({ data }) => data === ip).map(({ name }) => (name === '@' ? zone : `${name}.${zone}`));
  }
}
