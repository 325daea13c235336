import type { Resource } from '../../client/client';

/** The types that can be set. SOA is kept by the provider. */
export const RECORD_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SRV', 'TXT'] as const;

/** A record as its form has it. */
export interface RecordFields {
  readonly type: string;
  readonly name: string;
  readonly data: string;
  readonly ttl: number | null;
  readonly priority: number | null;
  readonly port: number | null;
  readonly weight: number | null;
  readonly flags: number | null;
  readonly tag: string | null;
}

export type NumberField = 'ttl' | 'priority' | 'port' | 'weight' | 'flags';

/** The fields that a type has besides name, data and TTL. */
export const EXTRA: Readonly<Record<string, readonly (NumberField | 'tag')[]>> = {
  MX: ['priority'],
  SRV: ['priority', 'port', 'weight'],
  CAA: ['flags', 'tag'],
};

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function fieldsOf({ name, attrs }: Pick<Resource, 'name' | 'attrs'>): RecordFields {
  return {
    type: textOf(attrs.type),
    name: name ?? '@',
    data: textOf(attrs.data),
    ttl: numberOf(attrs.ttl),
    priority: numberOf(attrs.priority),
    port: numberOf(attrs.port),
    weight: numberOf(attrs.weight),
    flags: numberOf(attrs.flags),
    tag: typeof attrs.tag === 'string' ? attrs.tag : null,
  };
}

export const NEW_RECORD: RecordFields = {
  type: 'A',
  name: '',
  data: '',
  ttl: null,
  priority: null,
  port: null,
  weight: null,
  flags: null,
  tag: null,
};

/** The input of a saga that sets or deletes the record. The previous data names which of several records is meant. Pure. */
export function inputOf(zone: string, record: RecordFields, previousData?: string): Record<string, unknown> {
  const extra = (EXTRA[record.type] ?? []).flatMap((field) =>
    record[field] === null ? [] : [[`dns_record_${field}`, record[field]] as const],
  );
  return {
    dns_domain: zone,
    dns_record_type: record.type,
    dns_record_name: record.name.trim(),
    dns_record_data: record.data.trim(),
    ...(record.ttl !== null && { dns_record_ttl: record.ttl }),
    ...Object.fromEntries(extra),
    ...(previousData !== undefined && { dns_record_previous_data: previousData }),
  };
}

/** "www.acme.com": the whole name of a record. */
export function wholeName(zone: string, name: string): string {
  if (name === '@' || name === '') return zone;
  return name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
}
