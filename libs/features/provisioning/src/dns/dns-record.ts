import { idText, optionalText, optionalWholeNumber, record, text } from '#libs/digitalocean';

export const RECORD_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SRV', 'TXT'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** The fields of a record besides its name and type; null where the type has none. */
export interface RecordFields {
  /** As it is read: host names without the dot at their end. */
  readonly data: string;
  readonly ttl: number | null;
  readonly priority: number | null;
  readonly port: number | null;
  readonly weight: number | null;
  readonly flags: number | null;
  readonly tag: string | null;
}

/** A record as the provider lists it. Its name is relative to the zone, `@` at the apex. */
export interface ListedRecord extends RecordFields {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

export function parseRecord(raw: unknown): ListedRecord {
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

/** Two ways of writing the same data give the same text: dots at the end, letter case of host names, forms of an IPv6 address. */
export function comparable(type: string, data: string): string {
  if (HOST_TYPES.includes(type)) return data.replace(/\.$/, '').toLowerCase();
  if (type !== 'AAAA') return data;
  try {
    return new URL(`http://[${data}]`).hostname;
  } catch {
    return data.toLowerCase();
  }
}

type Identity = Pick<RecordFields, 'data' | 'port' | 'tag'>;

/**
 * Whether two records of one name and type say the same: what else they have can be changed. A CAA is told by its tag too, a SRV by its port: of one
 * target there may be several.
 */
export function sameRecord(type: string, a: Identity, b: Identity): boolean {
  if (comparable(type, a.data) !== comparable(type, b.data)) return false;
  if (type === 'CAA') return a.tag === b.tag;
  return type !== 'SRV' || a.port === b.port;
}

/**
 * The form in which the provider accepts data: names of hosts with a dot at their end, which it takes away again when they are read. Not `@`, and not
 * the URL of a CAA `iodef` (docs/digitalocean-facts.md 1.8).
 */
export function writable(type: string, { data, tag }: Pick<RecordFields, 'data' | 'tag'>): string {
  const asIs = !HOST_TYPES.includes(type) || data === '@' || tag === 'iodef' || data.endsWith('.');
  return asIs ? data : `${data}.`;
}

/** What a write sends: every field that the record has, in the form that is accepted. */
export function bodyOf(type: string, name: string, fields: Partial<RecordFields> & Pick<RecordFields, 'data'>): Record<string, unknown> {
  const { data, tag = null, ...rest } = fields;
  const given = Object.entries({ ...rest, tag }).filter(([, value]) => value !== null && value !== undefined);
  return { type, name, data: writable(type, { data, tag }), ...Object.fromEntries(given) };
}
