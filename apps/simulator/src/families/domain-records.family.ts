import { list, noContent, ok, sourceOf, type Answer } from '../http/answer';
import { notFound, unprocessable } from '../http/provider-refusal';
import { integerParam, objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { DomainRecordEntry } from '../world/records';
import type { World } from '../world/world';
import { DEFAULT_TTL, readRecord, refuseSharedCname } from './domain-record-rules';

/** The records of a domain. Two of the same name, type and data are two records. */
export const domainRecordsFamily: Family = {
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

/** What a domain has from its first moment. */
export function firstRecords(world: World, domain: string, ipAddress: unknown): void {
  const base = { domain, name: '@', priority: null, port: null, weight: null, flags: null, tag: null, ttl: DEFAULT_TTL };
  const put = (type: string, data: string) =>
    world.collections.domain_records.put({ ...base, id: world.nextId('domain_record'), type, data });
  put('SOA', '1800');
  for (const nth of [1, 2, 3]) put('NS', `ns${nth}.digitalocean.com`);
  if (typeof ipAddress === 'string') put('A', ipAddress);
}

export const recordsOf = (world: World, domain: string): DomainRecordEntry[] =>
  world.collections.domain_records.all().filter((record) => record.domain === domain);

function listRecords(world: World, request: ProviderRequest): Answer {
  const domain = existingName(world, request);
  const { name, type } = request.query;
  const shown = recordsOf(world, domain).filter(
    (record) => (name === undefined || fqdn(record) === name.toLowerCase()) && (type === undefined || record.type === type),
  );
  return list('domain_records', sourceOf(shown, view));
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

/** A PUT that names no TTL sets it back to the usual one, as clients have found out the hard way. */
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

/** All records of one name and type have the TTL that was written last. */
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
