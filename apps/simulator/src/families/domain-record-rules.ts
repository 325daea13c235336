import { isIPv4, isIPv6 } from 'node:net';
import { unprocessable } from '../http/provider-refusal';
import type { DomainRecordEntry } from '../world/records';

type Fields = Record<string, unknown>;

const TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SOA', 'SRV', 'TXT'];
/** Their data names a host and must be written with a dot at its end. */
const HOST_TYPES = ['CNAME', 'MX', 'NS', 'SRV', 'CAA'];
/** Fields that a type cannot do without. */
const NEEDS: Record<string, readonly NumberField[]> = { MX: ['priority'], SRV: ['priority', 'port', 'weight'], CAA: ['flags'] };
const NUMBERS = ['priority', 'port', 'weight', 'flags'] as const;
type NumberField = (typeof NUMBERS)[number];

const HIGHEST: Record<NumberField, number> = { priority: 65_535, port: 65_535, weight: 65_535, flags: 255 };

const LEAST_TTL = 30;
export const DEFAULT_TTL = 1800;

/** A record as it is stored after a write: `before` with what was sent. Throws the provider's 422. */
export function readRecord(domain: string, sent: Fields, before: DomainRecordEntry | undefined): Omit<DomainRecordEntry, 'id'> {
  const type = before?.type ?? sent.type;
  if (typeof type !== 'string' || !TYPES.includes(type)) throw unprocessable('Type is invalid');
  if (type === 'SOA' && before === undefined) throw unprocessable('SOA records cannot be created');
  const merged: Fields = { ...before, ...onlyGiven(sent), type };
  if (type === 'SOA' && before && (merged.name !== before.name || merged.data !== before.data))
    throw unprocessable('Only the TTL of a SOA record may change');
  for (const field of NEEDS[type] ?? [])
    if (merged[field] === null || merged[field] === undefined) throw unprocessable(`${label(field)} can't be blank`);
  const tag = type === 'CAA' ? readTag(merged.tag) : null;
  return {
    domain,
    type,
    name: readName(domain, merged.name),
    data: readData(type, merged.data, sent.data === undefined ? undefined : sent.data, tag),
    priority: readNumber('priority', merged),
    port: readNumber('port', merged),
    weight: readNumber('weight', merged),
    flags: readNumber('flags', merged),
    tag,
    ttl: readTtl(merged.ttl),
  };
}

/** A name that a CNAME holds is held by nothing else. */
export function refuseSharedCname(record: Omit<DomainRecordEntry, 'id'>, others: readonly DomainRecordEntry[]): void {
  const sameName = others.filter(({ name }) => name === record.name);
  if (sameName.some(({ type }) => type === 'CNAME') || (record.type === 'CNAME' && sameName.length > 0)) {
    throw unprocessable('CNAME records cannot share a name with other records');
  }
}

function onlyGiven(sent: Fields): Fields {
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined && value !== null));
}

function readName(domain: string, name: unknown): string {
  if (typeof name !== 'string' || name === '') throw unprocessable("Name can't be blank");
  const lower = name.toLowerCase();
  if (lower === '@' || lower === `${domain}.`) return '@';
  return lower.endsWith(`.${domain}.`) ? lower.slice(0, -domain.length - 2) : lower;
}

/** Written with a dot at the end, kept and read without. What was stored before is not written again. */
function readData(type: string, data: unknown, written: unknown, tag: string | null): string {
  if (typeof data !== 'string' || data === '') throw unprocessable("Data can't be blank");
  if (written === undefined || !HOST_TYPES.includes(type) || data === '@' || tag === 'iodef') {
    if (type === 'A' && !isIPv4(data)) throw unprocessable('Data must be a valid IPv4 address');
    if (type === 'AAAA' && !isIPv6(data)) throw unprocessable('Data must be a valid IPv6 address');
    return data;
  }
  if (!data.endsWith('.')) throw unprocessable('Data needs to end with a dot (.)');
  return data.slice(0, -1).toLowerCase();
}

function readTag(tag: unknown): string {
  if (tag === 'issue' || tag === 'issuewild' || tag === 'iodef') return tag;
  throw unprocessable('Tag must be one of issue, issuewild, iodef');
}

function readNumber(field: NumberField, { [field]: value }: Fields): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > HIGHEST[field])
    throw unprocessable(`${label(field)} is not a number`);
  return value;
}

function readTtl(ttl: unknown): number {
  if (ttl === undefined || ttl === null) return DEFAULT_TTL;
  if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < LEAST_TTL)
    throw unprocessable(`TTL must be greater than or equal to ${LEAST_TTL}`);
  return ttl;
}

const label = (field: string): string => field.charAt(0).toUpperCase() + field.slice(1);
