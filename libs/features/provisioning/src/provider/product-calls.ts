import { BoundProvider } from '#libs/accounts';
import {
  idText,
  idTexts,
  optionalIdText,
  optionalRecord,
  optionalText,
  optionalWholeNumber,
  record,
  texts,
  type Fields,
} from '#libs/digitalocean';
import { canonicalJson, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { collectPages, dropletValues, missingAsUndefined, parseAction, parseActions, parseDroplet, tagField } from './droplet-calls';

const purpose = 'provisioning';

/** Where the provider keeps the objects of a kind, and under which words its responses contain one or many of them. */
const PLACES = {
  droplet: { path: '/v2/droplets', one: 'droplet', many: 'droplets' },
  /** The backup policy of a droplet, under the id of the droplet. */
  backup_policy: { path: '/v2/droplets', one: 'policy', many: 'policies' },
  volume: { path: '/v2/volumes', one: 'volume', many: 'volumes' },
  floating_ip: { path: '/v2/reserved_ips', one: 'reserved_ip', many: 'reserved_ips' },
  firewall: { path: '/v2/firewalls', one: 'firewall', many: 'firewalls' },
  snapshot: { path: '/v2/snapshots', one: 'snapshot', many: 'snapshots' },
} as const;

export type ProductKind = keyof typeof PLACES;

/** The value of a field that refers to no droplet. Null would stand for an unknown value where late writes are judged. */
export const NO_DROPLET = 'none';
export const NO_BACKUPS = 'none';

/**
 * An object at the provider. `values` are the settings that sagas change, by field: a tag is the field `tag:<name>`, the droplet of a firewall
 * the field `droplet:<id>`. `raw` is the unparsed object, which the inventory records.
 */
export interface Product {
  readonly kind: ProductKind;
  readonly id: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly projectId: string | null;
  readonly createdAt: string | null;
  readonly tags: readonly string[];
  readonly values: Fields;
  readonly raw: unknown;
}

/** One write. `isAction`: the response contains an action, and the effect is visible once that has ended. */
export interface ProductRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: Fields;
  readonly isAction?: true;
}

/** The calls about volumes, reserved IPs, firewalls and snapshots, and those about settings of droplets. */
@Injectable()
export class ProductCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** Undefined when the provider returns 404. */
  get(kind: ProductKind, id: string, signal: AbortSignal): Promise<Product | undefined> {
    const { path, one } = PLACES[kind];
    const place = kind === 'backup_policy' ? `${path}/${id}/backups/policy` : `${path}/${id}`;
    return missingAsUndefined(this.provider.get({ purpose, path: place, key: one, parse: (raw) => parseProduct(kind, raw), signal }));
  }

  list(kind: ProductKind, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Product[]> {
    const { path, many } = PLACES[kind];
    const parse = (raw: unknown) => parseProduct(kind, raw);
    return collectPages(this.provider.list({ purpose, path, query: { ...query }, key: many, parse, idOf: ({ id }) => id, signal }));
  }

  create(kind: ProductKind, body: Fields, signal: AbortSignal): Promise<Product> {
    const { path, one } = PLACES[kind];
    return this.provider.send({ purpose, method: 'POST', path, body, key: one, parse: (raw) => parseProduct(kind, raw), signal });
  }

  /** Returns the id of the action; undefined where the effect is there with the response. */
  async update({ method, path, body, isAction }: ProductRequest, signal: AbortSignal): Promise<string | undefined> {
    if (isAction) return (await this.provider.send({ purpose, method, path, body, key: 'action', parse: parseAction, signal })).id;
    await this.provider.send({ purpose, method, path, body, signal });
    return undefined;
  }

  delete(kind: ProductKind, id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `${PLACES[kind].path}/${id}`, signal });
  }

  /** Whether an action of the object is in progress. Firewalls and snapshots have no actions. */
  async isBusy(kind: ProductKind, id: string, signal: AbortSignal): Promise<boolean> {
    if (kind === 'firewall' || kind === 'snapshot') return false;
    const newest = {
      purpose,
      path: `${PLACES[kind].path}/${id}/actions`,
      query: { per_page: '200' },
      parse: parseActions,
      signal,
    } as const;
    const actions = await missingAsUndefined(this.provider.get(newest));
    return actions?.some(({ status }) => status === 'in-progress') === true;
  }
}

function parseProduct(kind: ProductKind, raw: unknown): Product {
  const one = record(raw, kind);
  const region = optionalRecord(one.region, 'region');
  const fields = {
    kind,
    name: optionalText(one, 'name'),
    region: region && optionalText(region, 'slug'),
    projectId: optionalIdText(one, 'project_id'),
    createdAt: optionalText(one, 'created_at'),
    tags: texts(one, 'tags'),
    raw,
  };
  switch (kind) {
    case 'droplet':
      return { ...fields, id: idText(one, 'id'), values: dropletValues(parseDroplet(raw)) };
    case 'backup_policy': {
      const policy = optionalRecord(one.backup_policy, 'backup_policy');
      const plan = one.backup_enabled === true ? ((policy && optionalText(policy, 'plan')) ?? 'weekly') : NO_BACKUPS;
      return { ...fields, id: idText(one, 'droplet_id'), values: { backups: plan } };
    }
    case 'floating_ip': {
      const droplet = optionalRecord(one.droplet, 'droplet');
      const dropletId = droplet && optionalIdText(droplet, 'id');
      return { ...fields, id: idText(one, 'ip'), values: productValues('floating_ip', { name: null, attrs: { droplet_id: dropletId } }) };
    }
    case 'volume': {
      const attrs = { ...one, droplet_ids: idTexts(one, 'droplet_ids'), size_gigabytes: optionalWholeNumber(one, 'size_gigabytes') };
      return { ...fields, id: idText(one, 'id'), values: productValues('volume', { name: fields.name, attrs }) };
    }
    default: {
      const attrs = { ...one, droplet_ids: idTexts(one, 'droplet_ids') };
      return { ...fields, id: idText(one, 'id'), values: productValues(kind, { name: fields.name, attrs }) };
    }
  }
}

/** The settings of an object by the fields of the inventory. Pure. */
export function productValues(kind: ProductKind, { name, attrs }: { readonly name: string | null; readonly attrs: Fields }): Fields {
  const list = (field: string): unknown[] => (Array.isArray(attrs[field]) ? (attrs[field] as unknown[]) : []);
  const textsOf = (field: string): string[] => list(field).map(String);
  const tags = Object.fromEntries(textsOf('tags').map((tag) => [tagField(tag), true]));
  const [dropletId = NO_DROPLET] = textsOf('droplet_ids');
  switch (kind) {
    case 'droplet':
      return { name, ...tags };
    case 'volume':
      return { size_gigabytes: attrs.size_gigabytes, droplet_id: dropletId, ...tags };
    case 'floating_ip':
      return { droplet_id: typeof attrs.droplet_id === 'string' ? attrs.droplet_id : NO_DROPLET };
    case 'firewall': {
      const rules = { inbound_rules: canonicalRules(list('inbound_rules')), outbound_rules: canonicalRules(list('outbound_rules')) };
      return { name, ...rules, ...Object.fromEntries(textsOf('droplet_ids').map((id) => [dropletField(id), true])) };
    }
    default:
      return {};
  }
}

export const dropletField = (id: string): string => `droplet:${id}`;

/**
 * Firewall rules in the one form in which equal sets of rules are equal, which the provider accepts too. It writes `0` for all ports, and always
 * for ICMP. Pure.
 */
export function canonicalRules(rules: readonly unknown[]): Fields[] {
  const inOrder = (values: readonly unknown[]) => [...values].sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  const peers = (given: unknown): Fields =>
    Object.fromEntries(
      Object.entries((given ?? {}) as Fields).flatMap(([field, values]) =>
        Array.isArray(values) && values.length > 0 ? [[field, inOrder(field === 'droplet_ids' ? values.map(Number) : values)]] : [],
      ),
    );
  const all = rules.map((rule) => {
    const { protocol, ports, sources, destinations } = rule as Fields;
    const number = protocol === 'icmp' || ports === undefined || ports === null || ports === 'all' ? '0' : `${ports as string | number}`;
    return {
      protocol,
      ports: number,
      ...(sources !== undefined && { sources: peers(sources) }),
      ...(destinations !== undefined && { destinations: peers(destinations) }),
    };
  });
  return inOrder(all) as Fields[];
}

/** The resource type under which the provider's tags know a kind. */
const TAGGED_AS: Partial<Record<ProductKind, string>> = { droplet: 'droplet', volume: 'volume' };

/** The writes that give an object these values. Several are sent one after the other. Pure. */
export function requestsFor(live: Product, sets: Fields): ProductRequest[] {
  const { kind, id } = live;
  const actions = `${PLACES[kind].path}/${id}/actions`;
  const act = (body: Fields): ProductRequest => ({ method: 'POST', path: actions, body, isAction: true });
  return Object.entries(sets)
    .filter(([field, value]) => canonicalJson((live.values[field] ?? false) as Json) !== canonicalJson(value as Json))
    .flatMap(([field, value], nth): ProductRequest[] => {
      const [word = '', rest = ''] = field.split(/:(.*)/s);
      if (word === 'tag') return tagRequests(TAGGED_AS[kind] ?? kind, id, rest, value === true);
      if (word === 'droplet')
        return [
          { method: value === true ? 'POST' : 'DELETE', path: `/v2/firewalls/${id}/droplets`, body: { droplet_ids: [Number(rest)] } },
        ];
      if (kind === 'firewall') return nth === 0 ? [firewallRequest(live, sets)] : [];
      if (field === 'size_gigabytes') return [act({ type: 'resize', size_gigabytes: value, region: live.region })];
      if (kind === 'backup_policy') return [act(backupAction(live.values.backups, value))];
      if (field === 'name') return [act({ type: 'rename', name: value })];
      if (kind === 'volume') {
        const detach = value === NO_DROPLET;
        return [
          act({ type: detach ? 'detach' : 'attach', droplet_id: Number(detach ? live.values.droplet_id : value), region: live.region }),
        ];
      }
      return [act(value === NO_DROPLET ? { type: 'unassign' } : { type: 'assign', droplet_id: Number(value) })];
    });
}

function backupAction(before: unknown, plan: unknown): Fields {
  if (plan === NO_BACKUPS) return { type: 'disable_backups' };
  return { type: before === NO_BACKUPS ? 'enable_backups' : 'change_backup_policy', backup_policy: { plan } };
}

/** A PUT resets what it does not send, so it sends everything that the firewall has (docs/digitalocean-facts.md 8.1). */
function firewallRequest({ id, name, tags, values }: Product, sets: Fields): ProductRequest {
  const dropletIds = Object.keys(values).flatMap((field) => (field.startsWith('droplet:') ? [Number(field.slice('droplet:'.length))] : []));
  const { inbound_rules, outbound_rules } = values;
  const rules = { inbound_rules: sets.inbound_rules ?? inbound_rules, outbound_rules: sets.outbound_rules ?? outbound_rules };
  const body = { name: sets.name ?? name, ...rules, droplet_ids: dropletIds, tags };
  return { method: 'PUT', path: `/v2/firewalls/${id}`, body };
}

/** A tag must exist before a resource can carry it. Creating it is idempotent. */
function tagRequests(type: string, id: string, tag: string, add: boolean): ProductRequest[] {
  const path = `/v2/tags/${encodeURIComponent(tag)}/resources`;
  const body = { resources: [{ resource_id: id, resource_type: type }] };
  if (!add) return [{ method: 'DELETE', path, body }];
  return [
    { method: 'POST', path: '/v2/tags', body: { name: tag } },
    { method: 'POST', path, body },
  ];
}
