import { sameRecord, type ListedRecord, type RecordFields } from '../provider/dns-record-calls';
import type { DnsRecordInput } from './dns-record.input';

/** The record that a zone should have for a name and type. Fields that the input does not set are null and keep their live value. */
export interface WantedRecord extends RecordFields {
  readonly zone: string;
  readonly type: string;
  /** Selects one of several records by its current data. */
  readonly previousData: string | null;
}

export type RecordDecision =
  | { readonly is: 'noop'; readonly record: ListedRecord }
  | { readonly is: 'create' }
  | { readonly is: 'update'; readonly record: ListedRecord }
  | { readonly is: 'refuse'; readonly code: 'ambiguous_record' | 'previous_record_not_found'; readonly detail: string };

/**
 * Decides how one record gets the wanted data, given all records of its name and type. Pure. Of several records it only updates the one
 * that the input selects, because any other record may have another owner (docs/digitalocean-facts.md 5.6).
 */
export function decideRecord(listed: readonly ListedRecord[], wanted: WantedRecord): RecordDecision {
  const equal = listed.find((record) => sameRecord(wanted, record, wanted));
  if (equal) return differs(equal, wanted) ? { is: 'update', record: equal } : { is: 'noop', record: equal };
  if (wanted.previousData !== null) {
    const selected = listed.find((record) => sameRecord(wanted, record, { ...wanted, data: wanted.previousData ?? '' }));
    if (selected) return { is: 'update', record: selected };
    return { is: 'refuse', code: 'previous_record_not_found', detail: 'No record has the data that dns_record_previous_data names' };
  }
  const [only, ...others] = listed;
  if (!only) return { is: 'create' };
  if (others.length === 0) return { is: 'update', record: only };
  const detail = `${listed.length} records have this name and type, and none this data: dns_record_previous_data must name one`;
  return { is: 'refuse', code: 'ambiguous_record', detail };
}

const COMPARED = ['ttl', 'priority', 'port', 'weight', 'flags', 'tag'] as const;

/** Whether a field that the input sets has another value in the record. */
export function differs(record: RecordFields, wanted: RecordFields): boolean {
  return COMPARED.some((field) => wanted[field] !== null && wanted[field] !== record[field]);
}

/** The records that the input selects: with this data, and with every field that the input sets. Pure. */
export function matchingRecords(listed: readonly ListedRecord[], input: DnsRecordInput): ListedRecord[] {
  const wanted = wantedRecord(input);
  return listed.filter((record) => sameRecord(wanted, record, wanted) && !differs(record, wanted));
}

export function wantedRecord(input: DnsRecordInput): WantedRecord {
  return {
    zone: input.dns_domain,
    type: input.dns_record_type,
    data: input.dns_record_data,
    ttl: input.dns_record_ttl ?? null,
    priority: input.dns_record_priority ?? null,
    port: input.dns_record_port ?? null,
    weight: input.dns_record_weight ?? null,
    flags: input.dns_record_flags ?? null,
    tag: input.dns_record_tag ?? null,
    previousData: input.dns_record_previous_data ?? null,
  };
}
