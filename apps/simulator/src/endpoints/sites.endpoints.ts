import { badRequest, type EndpointGroup, ok, ProviderRefusal, unprocessable } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { anObject, flag, like, listOf, number, oneOf, text, texts, whole } from './body-fields';
import { type Call, readyLater, type Resource, routesOf } from './resource-routes';

const DAY_MS = 86_400_000;

/** Throws the provider's 403 while a load balancer or a CDN endpoint uses the certificate. */
function checkCertificateIsUnused({ id }: OpaqueRecord, { world }: Call): void {
  const rules = world.collections.load_balancers.all().flatMap(({ forwarding_rules: all }) => all);
  const isUsed = [...rules, ...world.collections.cdn_endpoints.all()].some(({ certificate_id }) => certificate_id === id);
  if (isUsed) throw new ProviderRefusal('forbidden', 'Make sure the certificate is not in use before deleting it');
}

const CERTIFICATES: Resource = {
  path: '/v2/certificates',
  stored: 'certificates',
  keys: ['certificates', 'certificate'],
  id: 'id',
  matches: (certificate, { name: wanted }) => wanted === undefined || certificate.name === wanted,
  create: {
    fields: {
      name: text,
      'type?': oneOf('custom', 'lets_encrypt'),
      'dns_names?': listOf(text, 1),
      'private_key?': text,
      'leaf_certificate?': text,
    },
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: ({ world, body }) => {
      const { name: given, type = 'custom', dns_names = [], private_key: key, leaf_certificate: leaf } = body;
      if (type === 'custom' && (key === undefined || leaf === undefined))
        throw unprocessable('private_key and leaf_certificate are required');
      if (type === 'lets_encrypt') checkZones(world, dns_names as string[]);
      const id = world.random.uuid();
      if (type === 'lets_encrypt') readyLater(world, 'certificates', id, { state: 'verified' });
      const not_after = new Date(world.nowMs + 90 * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
      const sha1_fingerprint = id.replaceAll('-', '').padEnd(40, '0');
      const state = type === 'custom' ? 'verified' : 'pending';
      return { id, name: given, not_after, sha1_fingerprint, created_at: world.now, dns_names, state, type };
    },
  },
  remove: { check: checkCertificateIsUnused },
};

/** Let's Encrypt proves names by records, so the account must have their zones. */
function checkZones(world: World, names: readonly string[]): void {
  const isKnown = (dnsName: string) =>
    world.collections.domains.all().some(({ name: zone }) => dnsName === zone || dnsName.endsWith(`.${zone}`));
  if (names.length === 0 || !names.every(isKnown)) throw unprocessable('dns_names must be in a domain of the account');
}

const cdnFields = { 'ttl?': oneOf(60, 600, 3_600, 86_400, 604_800), 'certificate_id?': text, 'custom_domain?': text };

function checkCustomDomain(world: World, { custom_domain: domain, certificate_id: id }: OpaqueRecord): void {
  if (domain !== undefined && id === undefined) throw unprocessable('certificate_id is required');
  if (id !== undefined && id !== '' && !world.collections.certificates.all().some((certificate) => certificate.id === id))
    throw unprocessable('certificate_id is invalid');
}

const CDN: Resource = {
  path: '/v2/cdn/endpoints',
  stored: 'cdn_endpoints',
  keys: ['endpoints', 'endpoint'],
  id: 'id',
  create: {
    fields: { origin: like(/^[a-z0-9.-]+\.[a-z0-9]+\.digitaloceanspaces\.com$/), ...cdnFields },
    unique: { field: 'origin', refusal: 'conflict' },
    make: ({ world, body }) => {
      checkCustomDomain(world, body);
      const endpoint = String(body.origin).replace('.digitaloceanspaces.com', '.cdn.digitaloceanspaces.com');
      return { ttl: 3_600, ...body, id: world.random.uuid(), endpoint, created_at: world.now };
    },
  },
  remove: {},
  operations: [
    {
      method: 'PUT',
      path: '',
      fields: cdnFields,
      change: (endpoint, { world, body }) => {
        checkCustomDomain(world, { ...endpoint, ...body });
        return { ...endpoint, ...body };
      },
    },
    { method: 'DELETE', path: 'cache', status: 204, fields: { files: texts } },
  ],
};

/** Throws the provider's 400 for a grant without a bucket that is no `fullaccess`, or of an unknown permission. */
function checkGrants({ grants = [] }: OpaqueRecord): void {
  for (const { bucket, permission } of grants as { bucket: string; permission: string }[]) {
    if (!['read', 'readwrite', 'fullaccess'].includes(permission)) throw badRequest('invalid permission');
    if ((bucket === '') !== (permission === 'fullaccess')) throw badRequest('a bucket is required, except for fullaccess');
  }
}

const grants = listOf((grant, world) => anObject(grant, world) && typeof (grant as OpaqueRecord).bucket === 'string');
const changeKey = (key: OpaqueRecord, { body }: Call): OpaqueRecord => {
  checkGrants(body);
  return { ...key, ...body };
};

const SPACES_KEYS: Resource = {
  path: '/v2/spaces/keys',
  stored: 'spaces_keys',
  keys: ['keys', 'key'],
  id: 'access_key',
  matches: (key, { name: wanted }) => wanted === undefined || key.name === wanted,
  create: {
    fields: { name: text, 'grants?': grants },
    make: ({ world, body }) => {
      checkGrants(body);
      const access_key = `DO00${world.random.uuid().replaceAll('-', '').slice(0, 16).toUpperCase()}`;
      return { grants: [], ...body, access_key, created_at: world.now };
    },
    answer: (key) => ok({ key: { ...key, secret_key: 'not-a-real-secret' } }, 201),
  },
  remove: {},
  operations: [
    { method: 'PUT', path: '', fields: { name: text, grants }, change: changeKey },
    { method: 'PATCH', path: '', fields: { 'name?': text, 'grants?': grants }, change: changeKey },
  ],
};

const regions = listOf(oneOf('us_east', 'us_west', 'eu_west', 'se_asia'), 1);
const notifications = {
  name: text,
  type: oneOf('latency', 'down', 'down_global', 'ssl_expiry'),
  'threshold?': whole(0),
  'comparison?': oneOf('greater_than', 'less_than'),
  notifications: anObject,
  period: oneOf('2m', '3m', '5m', '10m', '15m', '30m', '1h'),
};

const UPTIME_CHECKS: Resource = {
  path: '/v2/uptime/checks',
  stored: 'uptime_checks',
  keys: ['checks', 'check'],
  id: 'id',
  create: {
    fields: { name: text, target: text, 'type?': oneOf('ping', 'http', 'https'), 'regions?': regions, 'enabled?': flag },
    make: ({ world, body }) => ({ type: 'https', regions: ['us_east'], enabled: true, ...body, id: world.random.uuid() }),
  },
  remove: {},
  operations: [
    {
      method: 'PUT',
      path: '',
      fields: { 'name?': text, 'target?': text, 'type?': oneOf('ping', 'http', 'https'), 'regions?': regions, 'enabled?': flag },
      change: (check, { body }) => ({ ...check, ...body }),
    },
    {
      method: 'GET',
      path: 'state',
      answer: ({ regions: from }, { world }) => {
        const up = { status: 'UP', status_changed_at: world.now, thirty_day_uptime_percentage: 99.99 };
        return ok({ state: { regions: Object.fromEntries((from as string[]).map((place) => [place, up])) } });
      },
    },
  ],
  parts: [
    {
      path: 'alerts',
      stored: { field: '$alerts' },
      keys: ['alerts', 'alert'],
      id: 'id',
      create: { fields: notifications, make: ({ world, body }) => ({ ...body, id: world.random.uuid() }) },
      remove: {},
      operations: [{ method: 'PUT', path: '', fields: notifications, change: (alert, { body }) => ({ ...alert, ...body }) }],
    },
  ],
};

const policy = {
  type: like(/^v1\/(insights|dbaas)\//),
  description: text,
  compare: oneOf('GreaterThan', 'LessThan'),
  value: number,
  window: oneOf('5m', '10m', '30m', '1h'),
  entities: texts,
  tags: texts,
  alerts: anObject,
  enabled: flag,
};

const ALERT_POLICIES: Resource = {
  path: '/v2/monitoring/alerts',
  stored: 'alert_policies',
  keys: ['policies', 'policy'],
  id: 'uuid',
  create: { fields: policy, status: 200, make: ({ world, body }) => ({ ...body, uuid: world.random.uuid() }) },
  remove: {},
  operations: [{ method: 'PUT', path: '', fields: policy, change: (known, { body }) => ({ ...known, ...body }) }],
};

/** What web sites need beside machines: certificates, CDN endpoints, keys of buckets, uptime checks and alert policies. */
export const sitesEndpoints: EndpointGroup = {
  routes: routesOf([CERTIFICATES, CDN, SPACES_KEYS, UPTIME_CHECKS, ALERT_POLICIES]),
};
