import { sameRecord, type ListedRecord, type RecordFields } from './dns-record';

/** What a zone should answer for a name and type. Fields that were not asked for are null and stay as they are. */
export interface WantedRecord extends RecordFields {
  readonly type: string;
  /** Names one of several by the data that it has now. */
  readonly previousData: string | null;
}

export type RecordDecision =
  | { readonly is: 'noop'; readonly record: ListedRecord }
  | { readonly is: 'create' }
  | { readonly is: 'update'; readonly record: ListedRecord }
  | { readonly is: 'refuse'; readonly code: 'ambiguous_record' | 'previous_record_not_found'; readonly detail: string };

/**
 * What has to be done so that one record has the wanted data, given all records of its name and type. Pure. Of several, none is rewritten that
 * was not named: one is as likely as another to be a stranger's (docs/digitalocean-facts.md 5.6).
 */
export function decideRecord(listed: readonly ListedRecord[], wanted: WantedRecord): RecordDecision {
  const equal = listed.find((record) => sameRecord(wanted.type, record, wanted));
  if (equal) return differs(equal, wanted) ? { is: 'update', record: equal } : { is: 'noop', record: equal };
  if (wanted.previousData !== null) {
    const named = listed.find((record) => sameRecord(wanted.type, record, { ...wanted, data: wanted.previousData ?? '' }));
    if (named) return { is: 'update', record: named };
    return { is: 'refuse', code: 'previous_record_not_found', detail: 'No record has the data that dns_record_previous_data names' };
  }
  const [only, ...others] = listed;
  if (!only) return { is: 'create' };
  if (others.length === 0) return { is: 'update', record: only };
  const detail = `${listed.length} records have this name and type, and none this data: dns_record_previous_data must name one`;
  return { is: 'refuse', code: 'ambiguous_record', detail };
}

const COMPARED = ['ttl', 'priority', 'port', 'weight', 'flags', 'tag'] as const;

/** Whether something that was asked for is otherwise now. */
export function differs(record: RecordFields, wanted: RecordFields): boolean {
  return COMPARED.some((field) => wanted[field] !== null && wanted[field] !== record[field]);
}
