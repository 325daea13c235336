import { BoundProvider } from '#libs/accounts';
import { idText, optionalText, optionalWholeNumber, record, text } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { collectPages } from './droplet-calls';

const purpose = 'provisioning';

export const RECORD_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SRV', 'TXT'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** The fields of a DNS record besides its name and type. A field is null where the type does not have it. */
export interface RecordFields {
  /** In the form that reads return: host names have no dot at their end. */
  readonly data: string;
  readonly ttl: number | null;
  readonly priority: number | null;
  readonly port: number | null;
  readonly weight: number | null;
  readonly flags: number | null;
  readonly tag: string | null;
}

/** A DNS record in the provider's list. Its name is relative to the zone, `@` at the apex. */
export interface ListedRecord extends RecordFields {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

/** The calls about DNS records that sagas make. */
@Injectable()
export class DnsRecordCalls {
  constructor(private readonly provider: BoundProvider) {}

  /**
   * Lists all records of one name and type. `name` is relative; the provider's filter takes the full name (docs/digitalocean-facts.md 5.2).
   */
  listByName(zone: string, name: string, type: string, signal: AbortSignal): Promise<ListedRecord[]> {
    return this.list(zone, { name: name === '@' ? zone : `${name}.${zone}`, type }, signal);
  }

  listByType(zone: string, type: RecordType, signal: AbortSignal): Promise<ListedRecord[]> {
    return this.list(zone, { type }, signal);
  }

  private list(zone: string, query: Record<string, string>, signal: AbortSignal): Promise<ListedRecord[]> {
    const path = recordsPath(zone);
    const idOf = ({ id }: ListedRecord) => id;
    return collectPages(this.provider.list({ purpose, path, query, key: 'domain_records', parse: parseRecord, idOf, signal }));
  }

  create(zone: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ListedRecord> {
    return this.provider.send({ purpose, method: 'POST', path: recordsPath(zone), body, key: 'domain_record', parse: parseRecord, signal });
  }

  /** Sends PATCH, because PUT resets the TTL where none is sent. */
  update(zone: string, id: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ListedRecord> {
    const path = `${recordsPath(zone)}/${id}`;
    return this.provider.send({ purpose, method: 'PATCH', path, body, key: 'domain_record', parse: parseRecord, signal });
  }

  delete(zone: string, id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `${recordsPath(zone)}/${id}`, signal });
  }
}

const recordsPath = (zone: string): string => `/v2/domains/${encodeURIComponent(zone)}/records`;

function parseRecord(raw: unknown): ListedRecord {
  const one = record(raw, 'domain_record');
  return {
    id: idText(one, 'id'),
    type: text(one, 'type'),
    name: text(one, 'name'),
    data: text(one, 'data'),
    ttl: optionalWholeNumber(one, 'ttl'),
    priority: optionalWholeNumber(one, 'priority'),
    port: optionalWholeNumber(one, 'port'),
    weight: optionalWholeNumber(one, 'weight'),
    flags: optionalWholeNumber(one, 'flags'),
    tag: optionalText(one, 'tag'),
  };
}

const HOST_TYPES: readonly string[] = ['CNAME', 'MX', 'NS', 'SRV', 'CAA'];

/** A place for records: a zone and a type. */
export interface RecordPlace {
  readonly zone: string;
  readonly type: string;
}

/**
 * The one form of data in which equal data is equal. Host names have no dot at the end and no capitals, and the zone itself is `@`, as the
 * provider reads it back (docs/digitalocean-facts.md 1.8). An IPv6 address has its short form.
 */
export function canonicalData({ zone, type }: RecordPlace, data: string): string {
  if (HOST_TYPES.includes(type)) {
    const host = data.replace(/\.$/, '').toLowerCase();
    return host === zone.replace(/\.$/, '').toLowerCase() ? '@' : host;
  }
  if (type !== 'AAAA') return data;
  try {
    return new URL(`http://[${data}]`).hostname;
  } catch {
    return data.toLowerCase();
  }
}

type Identity = Pick<RecordFields, 'data' | 'port' | 'tag'>;

/**
 * Whether two records of one name and type have the same identity; all their other fields can be changed. The tag belongs to the identity
 * of a CAA and the port to that of a SRV, because there may be several with one target.
 */
export function sameRecord(place: RecordPlace, a: Identity, b: Identity): boolean {
  if (canonicalData(place, a.data) !== canonicalData(place, b.data)) return false;
  if (place.type === 'CAA') return a.tag === b.tag;
  return place.type !== 'SRV' || a.port === b.port;
}

/**
 * The form in which the provider accepts data. It requires a dot after host names, which reads return without it. `@` and the URL of a
 * CAA `iodef` take no dot (docs/digitalocean-facts.md 1.8).
 */
export function writable(type: string, { data, tag }: Pick<RecordFields, 'data' | 'tag'>): string {
  const unchanged = !HOST_TYPES.includes(type) || data === '@' || tag === 'iodef' || data.endsWith('.');
  return unchanged ? data : `${data}.`;
}

/** The values of a record that a write sets, in canonical form: those that are given. */
export function recordValues(place: RecordPlace, fields: Partial<RecordFields>): Record<string, unknown> {
  const { data, ttl, priority, port, weight, flags, tag } = fields;
  const given = { data: data === undefined ? null : canonicalData(place, data), ttl, priority, port, weight, flags, tag };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
}

/** The body of a write: every field that the record has, in the form that the provider accepts. */
export function bodyOf(type: string, name: string, fields: Partial<RecordFields> & Pick<RecordFields, 'data'>): Record<string, unknown> {
  const { data, tag = null, ttl, priority, port, weight, flags } = fields;
  const given = Object.entries({ ttl, priority, port, weight, flags, tag }).filter(([, value]) => value !== null && value !== undefined);
  return { type, name, data: writable(type, { data, tag }), ...Object.fromEntries(given) };
}
