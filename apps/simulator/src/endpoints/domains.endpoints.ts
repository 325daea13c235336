import { isIPv4, isIPv6 } from 'node:net';
import {
  type Answer,
  type EndpointGroup,
  integerParam,
  list,
  noContent,
  notFound,
  objectBody,
  ok,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
import { zoneFile } from '../world/derived-fields';
import type { DomainRecord, DomainRecordEntry } from '../world/records';
import type { World } from '../world/world';
import { leaveProject, placeInProject } from './projects.endpoints';

const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** Domains; their names are case-insensitive. The zone file follows a new domain, and later its records, after a delay. */
export const domainsEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/domains',
      handle: (world) =>
        list(
          'domains',
          sourceOf(world.collections.domains.all(), (domain) => domain),
        ),
    },
    {
      method: 'POST',
      path: '/v2/domains',
      handle: (world, request) => {
        const { name: sent, ip_address: ipAddress } = objectBody(request);
        if (typeof sent !== 'string' || !NAME.test(sent)) throw unprocessable('Name is not a valid domain name');
        const name = sent.toLowerCase();
        if (world.collections.domains.get(name) !== undefined) throw unprocessable(`domain '${name}': name already exists`);
        const domain = world.collections.domains.put({ name, ttl: 1800, zone_file: null });
        firstRecords(world, name, ipAddress);
        world.after('zone_file_ms', 'zone_written', name);
        placeInProject(world, `do:domain:${name}`, undefined);
        return ok({ domain }, 201);
      },
    },
    { method: 'GET', path: '/v2/domains/:name', handle: (world, request) => ok({ domain: existingDomain(world, request) }) },
    {
      method: 'DELETE',
      path: '/v2/domains/:name',
      handle: (world, request) => {
        const { name } = existingDomain(world, request);
        for (const { id } of recordsOf(world, name)) world.collections.domain_records.remove(id);
        world.collections.domains.remove(name);
        leaveProject(world, `do:domain:${name}`);
        return noContent;
      },
    },
  ],
  transitions: {
    zone_written: (world, { ref }) => {
      const domain = world.collections.domains.get(String(ref));
      if (domain !== undefined)
        world.collections.domains.put({ ...domain, zone_file: zoneFile(domain.name, recordsOf(world, domain.name)) });
    },
  },
};

function existingDomain(world: World, { params }: ProviderRequest): DomainRecord {
  const domain = world.collections.domains.get((params.name ?? '').toLowerCase());
  if (domain === undefined) throw notFound();
  return domain;
}

/** The records of a domain. Two records may have the same name, type and data. */
export const domainRecordsEndpoints: EndpointGroup = {
  routes: [
    { method: 'GET', path: '/v2/domains/:name/records', handle: listRecords },
    { method: 'POST', path: '/v2/domains/:name/records', handle: createRecord },
    {
      method: 'GET',
      path: '/v2/domains/:name/records/:id',
      handle: (world, request) => ok({ domain_record: view(existing(world, request)) }),
    },
    { method: 'PUT', path: '/v2/domains/:name/records/:id', handle: (world, request) => change(world, request, true) },
    { method: 'PATCH', path: '/v2/domains/:name/records/:id', handle: (world, request) => change(world, request, false) },
    { method: 'DELETE', path: '/v2/domains/:name/records/:id', handle: deleteRecord },
  ],
};

/** Creates the records of a new domain: SOA, name servers, and an address if one was sent. */
function firstRecords(world: World, domain: string, ipAddress: unknown): void {
  const base = { domain, name: '@', priority: null, port: null, weight: null, flags: null, tag: null, ttl: DEFAULT_TTL };
  const put = (type: string, data: string) =>
    world.collections.domain_records.put({ ...base, id: world.nextId('domain_record'), type, data });
  put('SOA', '1800');
  for (const nth of [1, 2, 3]) put('NS', `ns${nth}.digitalocean.com`);
  if (typeof ipAddress === 'string') put('A', ipAddress);
}

const recordsOf = (world: World, domain: string): DomainRecordEntry[] =>
  world.collections.domain_records.all().filter((record) => record.domain === domain);

function listRecords(world: World, request: ProviderRequest): Answer {
  const domain = existingName(world, request);
  const { name, type } = request.query;
  const listed = recordsOf(world, domain).filter(
    (record) => (name === undefined || fqdn(record) === name.toLowerCase()) && (type === undefined || record.type === type),
  );
  return list('domain_records', sourceOf(listed, view));
}

function createRecord(world: World, request: ProviderRequest): Answer {
  const domain = existingName(world, request);
  const sent = objectBody(request);
  const others = recordsOf(world, domain);
  const read = readRecord(domain, sent, undefined);
  refuseSharedCname(read, others);
  const siblings = others.filter(({ name, type }) => name === read.name && type === read.type);
  const ttl = sent.ttl === undefined || sent.ttl === null ? (siblings[0]?.ttl ?? read.ttl) : read.ttl;
  const record = world.collections.domain_records.put({ ...read, ttl, id: world.nextId('domain_record') });
  shareTtl(world, record);
  world.after('zone_file_ms', 'zone_written', domain);
  return ok({ domain_record: view(record) }, 201);
}

/** Changes a record. A PUT without a TTL resets it to the default, as the real API does. */
function change(world: World, request: ProviderRequest, whole: boolean): Answer {
  const before = existing(world, request);
  const sent = objectBody(request);
  const base = whole && before.type !== 'SOA' ? { ...before, ttl: DEFAULT_TTL } : before;
  const read = readRecord(before.domain, sent, base);
  refuseSharedCname(
    read,
    recordsOf(world, before.domain).filter(({ id }) => id !== before.id),
  );
  const record = world.collections.domain_records.put({ ...read, id: before.id });
  shareTtl(world, record);
  world.after('zone_file_ms', 'zone_written', before.domain);
  return ok({ domain_record: view(record) });
}

function deleteRecord(world: World, request: ProviderRequest): Answer {
  const record = existing(world, request);
  if (record.type === 'SOA') throw unprocessable('SOA records cannot be deleted');
  world.collections.domain_records.remove(record.id);
  world.after('zone_file_ms', 'zone_written', record.domain);
  return noContent;
}

/** Gives all records of one name and type the TTL of the last write. */
function shareTtl(world: World, { id, domain, name, type, ttl }: DomainRecordEntry): void {
  for (const sibling of recordsOf(world, domain)) {
    const same = sibling.id !== id && sibling.name === name && sibling.type === type && sibling.ttl !== ttl;
    if (same) world.collections.domain_records.put({ ...sibling, ttl });
  }
}

const fqdn = ({ name, domain }: DomainRecordEntry): string => (name === '@' ? domain : `${name}.${domain}`);

function view({ id, type, name, data, priority, port, ttl, weight, flags, tag }: DomainRecordEntry) {
  return { id, type, name, data, priority, port, ttl, weight, flags, tag };
}

function existingName(world: World, { params }: ProviderRequest): string {
  const domain = world.collections.domains.get((params.name ?? '').toLowerCase());
  if (domain === undefined) throw notFound();
  return domain.name;
}

function existing(world: World, request: ProviderRequest): DomainRecordEntry {
  const domain = existingName(world, request);
  const record = world.collections.domain_records.get(integerParam(request, 'id') ?? 0);
  if (record?.domain !== domain) throw notFound();
  return record;
}

type Fields = Record<string, unknown>;

const TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SOA', 'SRV', 'TXT'];
/** Types with a host name as data, which must be sent with a trailing dot. */
const HOST_TYPES = ['CNAME', 'MX', 'NS', 'SRV', 'CAA'];
/** The required fields of each type. */
const NEEDS: Record<string, readonly NumberField[]> = { MX: ['priority'], SRV: ['priority', 'port', 'weight'], CAA: ['flags'] };
const NUMBERS = ['priority', 'port', 'weight', 'flags'] as const;
type NumberField = (typeof NUMBERS)[number];

const HIGHEST: Record<NumberField, number> = { priority: 65_535, port: 65_535, weight: 65_535, flags: 255 };

const LEAST_TTL = 30;
const DEFAULT_TTL = 1800;

/** The stored record after a write: `before`, changed by the fields sent. Throws the provider's 422. */
function readRecord(domain: string, sent: Fields, before: DomainRecordEntry | undefined): Omit<DomainRecordEntry, 'id'> {
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
    data: readData(domain, type, merged.data, sent.data === undefined ? undefined : sent.data, tag),
    priority: readNumber('priority', merged),
    port: readNumber('port', merged),
    weight: readNumber('weight', merged),
    flags: readNumber('flags', merged),
    tag,
    ttl: readTtl(merged.ttl),
  };
}

/** Refuses a CNAME beside another record of the same name, and any record beside a CNAME. */
function refuseSharedCname(record: Omit<DomainRecordEntry, 'id'>, others: readonly DomainRecordEntry[]): void {
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

/**
 * Reads data: a host name is sent with a trailing dot, stored and returned without one; the zone itself is returned as `@`
 * (octodns#151). Unsent data keeps its stored form.
 */
function readData(domain: string, type: string, data: unknown, written: unknown, tag: string | null): string {
  if (typeof data !== 'string' || data === '') throw unprocessable("Data can't be blank");
  if (written === undefined || !HOST_TYPES.includes(type) || data === '@' || tag === 'iodef') {
    if (type === 'A' && !isIPv4(data)) throw unprocessable('Data must be a valid IPv4 address');
    if (type === 'AAAA' && !isIPv6(data)) throw unprocessable('Data must be a valid IPv6 address');
    return data;
  }
  if (!data.endsWith('.')) throw unprocessable('Data needs to end with a dot (.)');
  const host = data.slice(0, -1).toLowerCase();
  return host === domain && type !== 'CAA' ? '@' : host;
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
